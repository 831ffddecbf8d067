//! The tests that name rows: run, and read from what the test harness prints.

use std::path::PathBuf;

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

/// Runs all tests of a package, with the variables they need, and picks those that name rows.
pub(super) fn of(
    owner: &str,
    package: &str,
    variables: Vec<(&'static str, PathBuf)>,
) -> anyhow::Result<Vec<Test>> {
    let mut command = shell::cargo().args(["test", "--locked", "--no-fail-fast", "-p", package]);
    for (variable, path) in variables {
        command = command.env(variable, path);
    }
    let printed = command.args(["--", "--color", "never"]).text_of_any_end()?;
    let results: Vec<(&str, Outcome)> = printed.lines().filter_map(result).collect();
    if results.is_empty() {
        bail!("no test of `{package}` ran; does it compile?");
    }
    let tests = results.into_iter().map(|(name, outcome)| Test {
        owner: owner.to_owned(),
        name: name.to_owned(),
        rows: rows_of(name),
        outcome,
    });
    Ok(tests.filter(|test| !test.rows.is_empty()).collect())
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
    use super::{Outcome, result, rows_of};

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
    fn a_name_begins_with_its_rows() {
        let rows = |name| rows_of(name).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(rows("rows::h_exponential::h3_h7_the_scale"), "H3 H7");
        assert_eq!(rows("d2::j10_x_f1"), "J10");
        assert_eq!(rows("the_scale_d2"), "");
    }
}
