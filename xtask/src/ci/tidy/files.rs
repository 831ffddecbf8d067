//! Source files: short, without leftovers, saying what they are.

use std::path::{Path, PathBuf};

use super::Findings;
use crate::workspace;

/// Longer files hold more than one idea.
const LINES_MAX: usize = 500;

/// What is read by people; other files are data.
const TEXTS: [&str; 12] = ["rs", "toml", "md", "wit", "yaml", "yml", "py", "js", "mjs", "ts", "sh", "json"];

/// Words of unfinished work, in halves so that this file has none.
const LEFTOVERS: [(&str, &str); 3] = [("TO", "DO"), ("FIX", "ME"), ("XX", "X")];

/// Made by a program and said so, or fetched from elsewhere.
fn is_foreign(path: &Path, text: &str) -> bool {
    let generated = text.lines().take(5).any(|line| line.contains("@generated"));
    let lock = path.file_name().is_some_and(|name| name == "package-lock.json");
    generated
        || lock
        || path
            .components()
            .any(|part| ["gen", "corpus", "snapshots"].iter().any(|dir| part.as_os_str() == *dir))
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|found| found == word)
}

fn check_text(path: &Path, text: &str, findings: &mut Findings) {
    let place = |line: usize| format!("{}:{}", path.display(), line + 1);
    for (number, line) in text.lines().enumerate() {
        // Two spaces at the end of a line mean something in Markdown, but nobody sees them there either.
        if line.ends_with([' ', '\t']) {
            findings.push(format!("{}: white space at the end of the line", place(number)));
        }
        for (head, tail) in LEFTOVERS {
            if has_word(line, &format!("{head}{tail}")) {
                findings.push(format!("{}: found `{head}{tail}`; do it, or open an issue", place(number)));
            }
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        findings.push(format!("{}: no line break at the end", path.display()));
    }
}

fn check_rust(path: &Path, text: &str, findings: &mut Findings) {
    let lines = text.lines().count();
    if lines > LINES_MAX {
        findings.push(format!("{}: {lines} lines, expected at most {LINES_MAX}; split it", path.display()));
    }
    if !text.starts_with("//!") {
        findings.push(format!("{}:1: expected `//!` and what lives here", path.display()));
    }
}

/// Checks every text.
pub(super) fn check(files: &[PathBuf], findings: &mut Findings) -> anyhow::Result<()> {
    for path in files {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        if !TEXTS.contains(&extension.as_ref()) {
            continue;
        }
        let bytes = std::fs::read(workspace::root().join(path))?;
        let Ok(text) = String::from_utf8(bytes) else {
            findings.push(format!("{}: not UTF-8", path.display()));
            continue;
        };
        if is_foreign(path, &text) {
            continue;
        }
        check_text(path, &text, findings);
        if extension == "rs" {
            check_rust(path, &text, findings);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{check_rust, check_text};

    #[test]
    fn what_is_untidy_is_found_with_its_place() {
        let mut findings = Vec::new();
        let leftover = format!("//! Fine.\nlet a = 1; \n// {}{}: later\nlast", "TO", "DO");
        check_text(Path::new("a.rs"), &leftover, &mut findings);
        let places: Vec<&str> = findings.iter().map(|finding| finding.split(": ").next().unwrap()).collect();
        assert_eq!(places, ["a.rs:2", "a.rs:3", "a.rs"]);
    }

    #[test]
    fn rust_says_what_it_is_and_is_short() {
        let mut findings = Vec::new();
        check_rust(Path::new("a.rs"), "//! Fine.\n", &mut findings);
        assert!(findings.is_empty());
        check_rust(Path::new("b.rs"), &"fn f() {}\n".repeat(501), &mut findings);
        assert_eq!(findings.len(), 2);
    }
}
