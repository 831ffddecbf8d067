//! The test language: runs a script of `tests/scripts` against the engine and compares what every command says with what the
//! script expects. `tests/scripts/README.md` is its reference. Uses the engine's public face only.

mod callbacks;
mod diff;
mod file;
mod frames;
mod instruments;
mod measured;
mod points;
mod print;
mod readers;
mod values;
mod views;
mod words;
mod world;

use std::path::Path;

use file::Script;
use world::World;

/// What is wrong with a line of a script, in words for its author.
type Fault = String;

/// Where the scripts are, one folder for each area.
pub(crate) fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scripts"))
}

/// Runs one script; with `BLESS=1` in the environment its expectations are rewritten instead of compared.
#[track_caller]
pub(crate) fn check(area: &str, idea: &str) {
    let path = folder().join(area).join(idea).with_extension("metrics");
    let shown = format!("tests/scripts/{area}/{idea}.metrics");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{shown}: {error}"));
    let is_blessing = std::env::var_os("BLESS").is_some_and(|value| value == "1");
    match run(&shown, &text) {
        Ok(ran) if is_blessing => {
            let blessed = ran.script.blessed(&ran.said);
            if blessed != text {
                std::fs::write(&path, blessed).unwrap_or_else(|error| panic!("{shown}: {error}"));
            }
        }
        Ok(ran) => {
            let report = ran.differences(&shown);
            assert!(report.is_empty(), "{report}");
        }
        Err(fault) => panic!("{fault}"),
    }
}

/// A script that ran to its end.
struct Ran {
    script: Script,
    /// What each command said.
    said: Vec<String>,
}

fn run(shown: &str, text: &str) -> Result<Ran, Fault> {
    let script = Script::parse(text).map_err(|(line, fault)| format!("{shown}:{line}: {fault}"))?;
    let mut world = World::default();
    let mut said = Vec::new();
    for command in &script.commands {
        let words = world.run(command).map_err(|fault| format!("{shown}:{}: {fault}", command.line))?;
        said.push(words);
    }
    if said.iter().all(String::is_empty) {
        return Err(format!("{shown}: the script expects nothing; end it with a command such as `collect`"));
    }
    Ok(Ran { script, said })
}

impl Ran {
    /// Every command that said something else than expected, with the lines that differ; empty if there is none.
    fn differences(&self, shown: &str) -> String {
        let mut report = String::new();
        for (command, said) in self.script.commands.iter().zip(&self.said) {
            let expected = command.expected.join("\n");
            if expected == *said {
                continue;
            }
            let line = command.line;
            report.push_str(&format!(
                "\n{shown}:{line}: `{}` (- expected, + found)\n{}",
                command.text,
                diff::lines(&expected, said)
            ));
        }
        if !report.is_empty() {
            report.push_str(
                "\nif what was found is right by the specification: BLESS=1 rewrites what is expected\n",
            );
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::run;

    fn fault(text: &str) -> String {
        match run("x", text) {
            Ok(ran) => ran.differences("x"),
            Err(fault) => fault,
        }
    }

    const SCRIPT: &str = "# An idea.\nreader r\ncounter c int\nrecord c 5 a=1\nat 10s\ncollect r\n----\nc sum cumulative monotonic\n  {a=1} [0s..10s] 5\n";

    #[test]
    fn a_script_that_holds_says_nothing() {
        assert_eq!(fault(SCRIPT), "");
    }

    #[test]
    fn a_difference_names_its_line_and_shows_both_sides() {
        let report = fault(&SCRIPT.replace("] 5\n", "] 6\n"));
        let expected = "\nx:6: `collect r` (- expected, + found)\n  c sum cumulative monotonic\n-   {a=1} [0s..10s] 6\n+   {a=1} [0s..10s] 5\n";
        assert!(report.starts_with(expected), "{report}");
        // Nothing expected where something is said, and the other way round.
        let silent = SCRIPT.split("----").next().unwrap();
        assert!(fault(silent).contains("+   {a=1} [0s..10s] 5"));
        let chatty = SCRIPT.replace("at 10s\n", "at 10s\n----\ntwelve\n\n");
        assert!(fault(&chatty).contains("x:5: `at 10s` (- expected, + found)\n- twelve\n"));
    }

    #[test]
    fn mistakes_say_what_was_found_and_expected() {
        for (line, said) in [
            ("jump 1", "x:2: `jump` is no command"),
            ("at noon", "x:2: `noon` is no time, expected for example `10s`, `1.5s`, `-2s`, `5m`, `1h`"),
            ("record c 1", "x:2: there is no instrument `c`"),
            ("counter c", "x:2: expected `int` or `double`, found the end of the line"),
            ("counter c int size=3", "x:2: `size` is not known here"),
            ("counter c int\n  what is this", "x:2: no lines may be indented below `counter`"),
        ] {
            let text = format!("# An idea.\n{line}\n");
            assert!(fault(&text).starts_with(said), "{}", fault(&text));
        }
        assert!(fault("reader r\n").starts_with("x:1: expected the idea"));
        assert!(fault("# An idea.\nreader r\n").starts_with("x: the script expects nothing"));
    }

    #[test]
    fn blessing_rewrites_expectations_and_nothing_else() {
        let stale = "# An idea.\nreader r\n\n# Why.\ncounter c int\nat 10s\n----\nold\n\ncollect r\n\nrecord c 5\ncollect r\n----\n";
        let ran = run("x", stale).unwrap();
        let fresh = "# An idea.\nreader r\n\n# Why.\ncounter c int\nat 10s\n\ncollect r\n----\n(nothing)\n\nrecord c 5\ncollect r\n----\nc sum cumulative monotonic\n  {} [10s..10s] 5\n";
        assert_eq!(ran.script.blessed(&ran.said), fresh);
        assert_eq!(fault(fresh), "");
    }
}
