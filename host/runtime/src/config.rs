//! What the runtime is told at its start: limits and where log lines go.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::PluginLimits;
use crate::log::{LogSink, TracingSink};
use crate::plugin::RestartPolicy;
use crate::trust::TrustedKey;

/// The length of one tick of the epoch clock, the unit in which deadlines are kept.
pub const TICK: Duration = Duration::from_millis(10);

/// Settings of a [`crate::Runtime`].
#[derive(Clone)]
pub struct RuntimeConfig {
    /// What each plugin may use, unless its `NAME.toml` says otherwise.
    pub limits: PluginLimits,
    /// The largest component file, in bytes; 32 MiB.
    pub component_bytes_max: u64,
    /// Whose components are loaded: with any key here, only those with a signature by one of them, `FILE.wasm.minisig`
    /// beside `FILE.wasm`. None by default, and then signatures are not looked at.
    pub trusted_keys: Vec<TrustedKey>,
    /// Where machine code is kept between starts; `None`, the default, for nowhere. The directory is made with mode 700, and
    /// one that others may enter is refused.
    pub cache_directory: Option<PathBuf>,
    /// How much of an instrument or attribute set a plugin is shown, in bytes; 256 KiB. What a sender sends may be
    /// larger; asking a plugin about it would let the sender, and not the plugin, exhaust the plugin's limits.
    pub question_bytes_max: usize,
    /// What a plugin may answer.
    pub answer: AnswerLimits,
    /// How many questions a new plugin may leave unanswered before the one before it returns; 3.
    pub traps_max: u32,
    /// How a plugin is started again.
    pub restart: RestartPolicy,
    /// Where plugins' log lines go; `tracing` with the target `plugin` by default.
    pub log: Arc<dyn LogSink>,
}

/// What the parts of an answer may be; how large the whole may be is among the [`PluginLimits`]. Larger answers are refused
/// whole, never cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerLimits {
    /// Streams per instrument; 64.
    pub streams_max: usize,
    /// Attribute rules per stream, of points and resources each; 64.
    pub rules_max: usize,
    /// Patterns per rule; 1024.
    pub patterns_max: usize,
    /// Attributes per set; 1024.
    pub attributes_max: usize,
    /// An attribute's key or a pattern, in bytes; 1 KiB.
    pub key_bytes_max: usize,
    /// A stream's description, in bytes; 16 KiB.
    pub description_bytes_max: usize,
}

impl Default for RuntimeConfig {
    fn default() -> Self {
        Self {
            limits: PluginLimits::default(),
            component_bytes_max: 32 << 20,
            trusted_keys: Vec::new(),
            cache_directory: None,
            question_bytes_max: 256 << 10,
            answer: AnswerLimits::default(),
            traps_max: 3,
            restart: RestartPolicy::default(),
            log: Arc::new(TracingSink),
        }
    }
}

impl Default for AnswerLimits {
    fn default() -> Self {
        Self {
            streams_max: 64,
            rules_max: 64,
            patterns_max: 1024,
            attributes_max: 1024,
            key_bytes_max: 1 << 10,
            description_bytes_max: 16 << 10,
        }
    }
}

impl fmt::Debug for RuntimeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuntimeConfig")
            .field("limits", &self.limits)
            .field("component_bytes_max", &self.component_bytes_max)
            .field("trusted_keys", &self.trusted_keys)
            .field("cache_directory", &self.cache_directory)
            .field("question_bytes_max", &self.question_bytes_max)
            .field("answer", &self.answer)
            .field("traps_max", &self.traps_max)
            .field("restart", &self.restart)
            .finish_non_exhaustive()
    }
}

/// How many ticks from now a call that may take `deadline` is interrupted: rounded up, and one more because the tick
/// in progress is partly over. Never 0, which would trap at once.
pub(crate) fn ticks(deadline: Duration) -> u64 {
    let ticks = deadline.as_nanos().div_ceil(TICK.as_nanos());
    u64::try_from(ticks).unwrap_or(u64::MAX / 2).saturating_add(1)
}
