//! What is said of the machine.

use serde::Deserialize;
use wasmeter_guest::Pattern;

/// What is said of the machine.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "host-stats"))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// What is said; left out: all.
    pub(crate) groups: Vec<Group>,
    /// Whether each logical CPU has series of its own.
    pub(crate) per_cpu: bool,
    /// Patterns (`?`, `*`) of the names of disks and partitions; left out: all.
    pub(crate) disks: Vec<Pattern>,
    /// Patterns of those of them that are left out; left out: `loop*` and `ram*`.
    pub(crate) disks_excluded: Vec<Pattern>,
    /// Patterns of the names of network interfaces; left out: all.
    pub(crate) interfaces: Vec<Pattern>,
    /// Patterns of those of them that are left out; left out: none.
    pub(crate) interfaces_excluded: Vec<Pattern>,
    /// What the grant calls the host's `/proc`: an absolute path.
    #[cfg_attr(test, schemars(regex(pattern = "^/")))]
    pub(crate) proc: String,
}

/// What belongs together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Group {
    /// How long the machine has been up, and how many processes there have been.
    System,
    /// The time of the logical CPUs.
    Cpu,
    /// The memory.
    Memory,
    /// Swap space and page faults.
    Paging,
    /// The disks and partitions.
    Disk,
    /// The network interfaces.
    Network,
}

impl Default for Config {
    fn default() -> Self {
        let patterns = |patterns: &[&str]| patterns.iter().map(|pattern| Pattern::new(*pattern)).collect();
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

fn has(wanted: &[Pattern], excluded: &[Pattern], name: &str) -> bool {
    let fits = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(name));
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
