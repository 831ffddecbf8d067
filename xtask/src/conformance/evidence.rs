//! The tests that name rows: run, and read from what the test harness prints.

use std::path::{Path, PathBuf};

use anyhow::bail;

use super::rows::Id;
use crate::shell;

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    Failed,
    Ignored,
}

/// A test that names at least one row.
#[derive(Debug)]
pub(super) struct Test {
    /// The crate it is in: a folder below `host`.
    pub(super) owner: String,
    /// Its path.
    pub(super) name: String,
    pub(super) rows: Vec<Id>,
    pub(super) outcome: Outcome,
}

/// A program of tests and the crate it belongs to.
struct Program {
    owner: String,
    /// The crate's folder, where its tests expect to run.
    folder: PathBuf,
    executable: PathBuf,
}

/// Runs the tests of these crates, with the variables they need, and picks those that name rows.
///
/// All are built as `cargo xtask test` builds them, so that one run's builds serve the other: a crate by itself would be built
/// with other features of what it shares with the rest.
pub(super) fn of(owners: &[&str], variables: &[(&'static str, PathBuf)]) -> anyhow::Result<Vec<Test>> {
    let build = ["test", "--workspace", "--locked", "--no-run", "--message-format", "json"];
    let printed = shell::cargo().args(build).text_of_any_end()?;
    let programs: Vec<Program> = printed.lines().filter_map(program).collect();
    let mut tests = Vec::new();
    for owner in owners {
        let mut has_run = false;
        for program in programs.iter().filter(|program| program.owner == *owner) {
            let mut command = shell::program(&program.executable).dir(&program.folder);
            for (variable, path) in variables {
                command = command.env(variable, path);
            }
            let printed = command.args(["--color", "never"]).text_of_any_end()?;
            for (name, outcome) in printed.lines().filter_map(result) {
                has_run = true;
                let (owner, name, rows) = (program.owner.clone(), name.to_owned(), rows_of(name));
                tests.push(Test { owner, name, rows, outcome });
            }
        }
        if !has_run {
            bail!("no test of `host/{owner}` ran; does it compile?");
        }
    }
    tests.retain(|test| !test.rows.is_empty());
    Ok(tests)
}

/// The program of tests that one of Cargo's messages is about.
fn program(message: &str) -> Option<Program> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    if message["profile"]["test"] != true {
        return None;
    }
    let executable = message["executable"].as_str()?.into();
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?.to_path_buf();
    let is_host = folder.parent()?.file_name()? == "host";
    let owner = folder.file_name()?.to_str()?.to_owned();
    is_host.then_some(Program { owner, folder, executable })
}

/// The name and the outcome of a line such as `test rows::d4_something ... ok`.
fn result(line: &str) -> Option<(&str, Outcome)> {
    let (name, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let outcome = match outcome.split([',', ' ']).next()? {
        "ok" => Outcome::Passed,
        "FAILED" => Outcome::Failed,
        "ignored" => Outcome::Ignored,
        _ => return None,
    };
    let name = name.strip_suffix(" - should panic").unwrap_or(name);
    Some((name, outcome))
}

/// The rows that a test's name begins with.
fn rows_of(name: &str) -> Vec<Id> {
    let function = name.rsplit("::").next().unwrap_or(name);
    function.split('_').map_while(|word| word.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Outcome, program, result, rows_of};

    #[test]
    fn lines_of_the_harness_are_read() {
        assert_eq!(result("test a::d2_x ... ok"), Some(("a::d2_x", Outcome::Passed)));
        assert_eq!(result("test a::d2_x ... FAILED"), Some(("a::d2_x", Outcome::Failed)));
        assert_eq!(result("test d2_x - should panic ... ok"), Some(("d2_x", Outcome::Passed)));
        assert_eq!(result("test d2_x ... ignored, too slow"), Some(("d2_x", Outcome::Ignored)));
        for line in
            ["running 3 tests", "test result: ok. 3 passed; 0 failed", "", "test d2_x ... bench: 3 ns"]
        {
            assert_eq!(result(line), None, "{line}");
        }
    }

    #[test]
    fn programs_of_tests_are_told_from_other_artefacts() {
        let message = r#"{"reason":"compiler-artifact","manifest_path":"/x/host/engine/Cargo.toml","profile":{"test":true},
            "executable":"/x/target/debug/deps/it-1"}"#;
        assert_eq!(program(message).map(|program| program.owner), Some("engine".to_owned()));
        assert!(program(&message.replace("true", "false")).is_none());
        assert!(program(&message.replace("/host/", "/plugins/")).is_none());
        assert!(program(r#"{"reason":"build-finished","success":true}"#).is_none());
    }

    #[test]
    fn a_name_begins_with_its_rows() {
        let rows = |name| rows_of(name).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(rows("rows::h_exponential::h3_h7_the_scale"), "H3 H7");
        assert_eq!(rows("d2::j10_x_f1"), "J10");
        assert_eq!(rows("the_scale_d2"), "");
    }
}
