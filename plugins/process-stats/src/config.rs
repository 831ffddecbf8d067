//! Which processes are observed, and how they are named.

use serde::Deserialize;
use wasmeter_guest::Pattern;

use crate::process::Process;

/// Which processes are observed: those that `commands`, `command_lines` or `pids` name.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "process-stats"))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Patterns (`?`, `*`) of the names of executables, of which Linux keeps 15 bytes; left out: none.
    pub(crate) commands: Vec<Pattern>,
    /// Patterns of whole command lines, with spaces between the arguments; left out: none.
    pub(crate) command_lines: Vec<Pattern>,
    /// Numbers of processes; left out: none.
    pub(crate) pids: Vec<u32>,
    /// What the grant calls the host's `/proc`: an absolute path.
    #[cfg_attr(test, schemars(regex(pattern = "^/")))]
    pub(crate) proc: String,
    /// The most processes; those with the highest numbers are left out.
    pub(crate) processes_max: u32,
    /// Whether each process is a resource of its own, as the semantic conventions have it, and not attributes of its points.
    pub(crate) as_resource: bool,
    /// Whether the whole command line is said as `process.command_line`. It may hold secrets.
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
        let fits = |patterns: &[Pattern], text: &str| patterns.iter().any(|pattern| pattern.matches(text));
        self.pids.contains(&process.pid)
            || fits(&self.commands, &process.command)
            || (!self.command_lines.is_empty() && fits(&self.command_lines, &command_line()))
    }
}
