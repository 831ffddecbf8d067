//! A script as text: commands, the lines indented below them, and what is expected of them.

use super::Fault;

/// Between a command and what it is expected to say.
const SEPARATOR: &str = "----";

/// A script, in the order of its lines.
pub(super) struct Script {
    pub(super) commands: Vec<Command>,
    /// Every line of the text.
    lines: Vec<String>,
}

/// A command with the lines below it.
pub(super) struct Command {
    /// The number of its first line, from 1.
    pub(super) line: usize,
    /// Its first line.
    pub(super) text: String,
    /// The lines that are indented below, trimmed, without comments.
    pub(super) body: Vec<String>,
    /// What it should say; no lines if nothing.
    pub(super) expected: Vec<String>,
    /// The lines of `Script::lines` behind the body, up to the end of what is expected.
    expectation: std::ops::Range<usize>,
}

impl Script {
    /// Takes a text apart. A fault comes with the number of its line.
    pub(super) fn parse(text: &str) -> Result<Self, (usize, Fault)> {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if !text.starts_with("# ") {
            return Err((
                1,
                "expected the idea of the script as a comment, such as `# What is so, by which section.`"
                    .to_owned(),
            ));
        }
        let mut commands = Vec::new();
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            let first = at;
            at += 1;
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if line.starts_with([' ', '\t']) || line == SEPARATOR {
                return Err((first + 1, format!("`{}` belongs to no command", line.trim())));
            }
            let below = lines[at..].iter().take_while(|line| line.starts_with([' ', '\t'])).count();
            let body = lines[at..at + below].iter().map(|line| line.trim());
            let body =
                body.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect();
            at += below;
            let start = at;
            let mut expected = Vec::new();
            if lines.get(at).is_some_and(|line| line == SEPARATOR) {
                at += 1;
                expected.extend(lines[at..].iter().take_while(|line| !line.is_empty()).cloned());
                at += expected.len();
            }
            commands.push(Command {
                line: first + 1,
                text: line.clone(),
                body,
                expected,
                expectation: start..at,
            });
        }
        Ok(Self { commands, lines })
    }

    /// The text with what the commands `said` in place of what was expected of them.
    pub(super) fn blessed(&self, said: &[String]) -> String {
        let mut blessed: Vec<&str> = Vec::new();
        let mut at = 0;
        for (command, said) in self.commands.iter().zip(said) {
            blessed.extend(self.lines[at..command.expectation.start].iter().map(String::as_str));
            at = command.expectation.end;
            if said.is_empty() {
                continue;
            }
            blessed.push(SEPARATOR);
            blessed.extend(said.lines());
            // An empty line ends the expectation.
            if self.lines.get(at).is_some_and(|line| !line.is_empty()) {
                blessed.push("");
            }
        }
        blessed.extend(self.lines[at..].iter().map(String::as_str));
        blessed.join("\n") + "\n"
    }
}
