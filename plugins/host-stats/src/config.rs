//! What is said of the machine.

use serde::Deserialize;
use wasmeter_guest::Pattern;

/// The configuration; the README has a table.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) groups: Vec<Group>,
    /// Whether each logical CPU has series of its own.
    pub(crate) per_cpu: bool,
    /// Patterns of the names of disks, and of those of them that are left out.
    pub(crate) disks: Vec<String>,
    pub(crate) disks_excluded: Vec<String>,
    /// The same of network interfaces.
    pub(crate) interfaces: Vec<String>,
    pub(crate) interfaces_excluded: Vec<String>,
    /// Where `/proc` is, as the grant calls it.
    pub(crate) proc: String,
}

/// What belongs together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Group {
    System,
    Cpu,
    Memory,
    Paging,
    Disk,
    Network,
}

impl Default for Config {
    fn default() -> Self {
        let patterns = |patterns: &[&str]| patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        Self {
            groups: vec![
                Group::System,
                Group::Cpu,
                Group::Memory,
                Group::Paging,
                Group::Disk,
                Group::Network,
            ],
            per_cpu: false,
            disks: patterns(&["*"]),
            disks_excluded: patterns(&["loop*", "ram*"]),
            interfaces: patterns(&["*"]),
            interfaces_excluded: Vec::new(),
            proc: "/proc".to_owned(),
        }
    }
}

fn has(wanted: &[String], excluded: &[String], name: &str) -> bool {
    let fits =
        |patterns: &[String]| patterns.iter().any(|pattern| Pattern::new(pattern.as_str()).matches(name));
    fits(wanted) && !fits(excluded)
}

impl Config {
    pub(crate) fn check(self) -> Result<Self, String> {
        if !self.proc.starts_with('/') {
            return Err(format!("found `proc` = `{}`, expected an absolute path such as `/proc`", self.proc));
        }
        Ok(self)
    }

    pub(crate) fn has_disk(&self, name: &str) -> bool {
        has(&self.disks, &self.disks_excluded, name)
    }

    pub(crate) fn has_interface(&self, name: &str) -> bool {
        has(&self.interfaces, &self.interfaces_excluded, name)
    }
}
