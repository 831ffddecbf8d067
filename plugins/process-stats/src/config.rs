//! Which processes are observed, and how they are named.

use serde::Deserialize;
use wasmeter_guest::Pattern;

use crate::process::Process;

/// The configuration; the README has a table.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Patterns of the names of executables.
    pub(crate) commands: Vec<String>,
    /// Patterns of whole command lines.
    pub(crate) command_lines: Vec<String>,
    pub(crate) pids: Vec<u32>,
    /// Where `/proc` is, as the grant calls it.
    pub(crate) proc: String,
    pub(crate) processes_max: usize,
    /// Whether a process is a resource of its own, and not attributes of each point.
    pub(crate) as_resource: bool,
    /// Whether the command line is said, too.
    pub(crate) command_line: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            commands: Vec::new(),
            command_lines: Vec::new(),
            pids: Vec::new(),
            proc: "/proc".to_owned(),
            processes_max: 1000,
            as_resource: false,
            command_line: false,
        }
    }
}

impl Config {
    pub(crate) fn check(self) -> Result<Self, String> {
        if self.commands.is_empty() && self.command_lines.is_empty() && self.pids.is_empty() {
            return Err("found none of `commands`, `command_lines` and `pids`, expected one: say which processes to observe, \
                        `commands = [\"*\"]` for all"
                .to_owned());
        }
        if !self.proc.starts_with('/') {
            return Err(format!("found `proc` = `{}`, expected an absolute path such as `/proc`", self.proc));
        }
        Ok(self)
    }

    /// Whether a process is to be observed. The command line is read only if it matters.
    pub(crate) fn chooses(&self, process: &Process, command_line: impl Fn() -> String) -> bool {
        let fits = |patterns: &[String], text: &str| {
            patterns.iter().any(|pattern| Pattern::new(pattern.as_str()).matches(text))
        };
        self.pids.contains(&process.pid)
            || fits(&self.commands, &process.command)
            || (!self.command_lines.is_empty() && fits(&self.command_lines, &command_line()))
    }
}
