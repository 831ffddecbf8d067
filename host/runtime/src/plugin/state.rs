//! What a status page shows of a plugin.

use std::path::PathBuf;
use std::sync::Arc;

use crate::world::World;

/// Who a plugin is and how it does, at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginInfo {
    /// The plugin's own name.
    pub name: Arc<str>,
    /// What the host counts for it under: its file's name without the extension, which no plugin can choose.
    pub counted_as: Arc<str>,
    /// What it is for.
    pub world: World,
    /// The plugin's own version.
    pub version: Arc<str>,
    /// One sentence for people; may be empty.
    pub description: Arc<str>,
    /// The JSON Schema of its configuration; empty if it takes none.
    pub config_schema: Arc<str>,
    /// The component's digest, as `sha256:` and 64 hexadecimal digits; fit for the `digest` setting.
    pub digest: Arc<str>,
    /// The component's file.
    pub file: PathBuf,
    /// How long it took to compile, or to take from the compile cache, in milliseconds.
    pub compile_ms: f64,
    /// Whether its machine code came from the compile cache.
    pub is_cached: bool,
    /// Its linear memories together after the last question, in bytes; 0 while it has no instance.
    pub memory_bytes: usize,
    /// What these may at most be, in bytes.
    pub memory_limit_bytes: usize,
    /// The generation of the directory it serves in; 0 for a plugin of no directory.
    pub generation: u64,
    /// How it does.
    pub state: PluginState,
    /// What it did so far.
    pub stats: PluginStats,
}

/// How a plugin does. Before `Probing` there is no plugin yet, but [`crate::Loading`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginState {
    /// It has been loaded and answers, and does not serve yet.
    Probing,
    /// It serves.
    Active,
    /// Its instance was lost; after a wait, the next question gets a fresh one.
    Backoff {
        /// Why the instance was lost.
        reason: String,
    },
    /// It failed too often in a row. This build with these settings is not asked any more, nor loaded from another file.
    Quarantined {
        /// The last failure.
        reason: String,
    },
    /// It serves no more, and its last question is in progress.
    Draining,
    /// It serves no more.
    Retired,
}

impl PluginState {
    /// The stable name, fit for a metric label.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Probing => "probing",
            Self::Active => "active",
            Self::Backoff { .. } => "backoff",
            Self::Quarantined { .. } => "quarantined",
            Self::Draining => "draining",
            Self::Retired => "retired",
        }
    }
}

/// What a plugin did since it was loaded. Only ever grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PluginStats {
    /// Questions it was asked.
    pub questions: u64,
    /// Questions that got no valid answer, whoever is to blame.
    pub faults: u64,
    /// Lines of its log that were dropped because it wrote too many.
    pub log_lines_dropped: u64,
}
