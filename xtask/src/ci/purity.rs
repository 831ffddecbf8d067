//! The model and the engine read no clock, do no I/O and leave no thread behind: time and data are arguments, so that every
//! behaviour is tested deterministically.

use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::workspace;

const PURE: [&str; 2] = ["host/model/src", "host/engine/src"];

/// What a pure crate has no use for.
const IMPURE: [&str; 7] =
    ["Instant::now", "SystemTime", "std::fs", "std::net", "std::env", "thread::spawn", "thread::Builder"];

/// Where one of these words is in place, whatever for.
const EXCEPTED: [(&str, &str); 1] = [
    // Threads of a scope: they end before the collection that starts them, and what it collects is the same on any number of them.
    ("host/engine/src/engine/collect/spans.rs", "thread::Builder"),
];

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            rust_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

/// The line numbers on which code, not a comment, says the word.
fn lines_with(text: &str, word: &str) -> Vec<usize> {
    let code = |line: &str| line.split("//").next().unwrap_or_default().contains(word);
    text.lines().enumerate().filter(|(_, line)| code(line)).map(|(number, _)| number + 1).collect()
}

/// Checks every file and prints a line for each crate and word.
pub(super) fn check() -> anyhow::Result<()> {
    let mut failed = 0_usize;
    for dir in PURE {
        let mut files = Vec::new();
        rust_files(&workspace::root().join(dir), &mut files)?;
        for word in IMPURE {
            let mut places = Vec::new();
            for file in &files {
                let file = file.strip_prefix(workspace::root()).unwrap_or(file);
                if EXCEPTED.iter().any(|excepted| (Path::new(excepted.0), excepted.1) == (file, word)) {
                    continue;
                }
                let lines = lines_with(&std::fs::read_to_string(workspace::root().join(file))?, word);
                places.extend(lines.into_iter().map(|line| format!("{}:{line}", file.display())));
            }
            println!(
                "{}  {dir} does not use {word} {}",
                if places.is_empty() { "ok  " } else { "FAIL" },
                places.join(" ")
            );
            failed += places.len();
        }
    }
    if failed > 0 {
        bail!("{failed} uses that must not be; take the value as an argument");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn comments_may_speak_of_clocks() {
        let text = "//! Never SystemTime.\nlet now = SystemTime::now();\nlet a = 1; // SystemTime\n";
        assert_eq!(super::lines_with(text, "SystemTime"), [2]);
    }
}
