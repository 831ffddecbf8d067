//! What the runtime is told at its start: limits and where log lines go.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::log::{LogSink, TracingSink};
use crate::trust::TrustedKey;

/// The length of one tick of the epoch clock, the unit in which deadlines are kept.
pub const TICK: Duration = Duration::from_millis(10);

/// Settings of a [`crate::Runtime`].
#[derive(Clone)]
pub struct RuntimeConfig {
    /// What each plugin may use, unless its `NAME.toml` says otherwise.
    pub limits: PluginLimits,
    /// How long a plugin may take to be instantiated, to say who it is and to take its configuration, each; 5 s.
    pub setup_deadline: Duration,
    /// The largest component file, in bytes; 32 MiB.
    pub component_bytes_max: u64,
    /// Whose components are loaded: with any key here, only those with a signature by one of them, `FILE.wasm.minisig`
    /// beside `FILE.wasm`. None by default, and then signatures are not looked at.
    pub trusted_keys: Vec<TrustedKey>,
    /// How much of an instrument or attribute set a plugin is shown, in bytes; 256 KiB. What a sender sends may be
    /// larger; asking a plugin about it would let the sender, and not the plugin, exhaust the plugin's limits.
    pub question_bytes_max: usize,
    /// What a plugin may answer.
    pub answer: AnswerLimits,
    /// How many traps a plugin may have in one generation before it is left stopped; 3.
    pub traps_max: u32,
    /// Where plugins' log lines go; `tracing` with the target `plugin` by default.
    pub log: Arc<dyn LogSink>,
}

/// What one plugin may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PluginLimits {
    /// All its linear memories together, in bytes; 64 MiB.
    pub memory_limit_bytes: usize,
    /// How long one question may take; 1 s. Kept in ticks of [`TICK`], so a call ends at most two ticks late.
    pub call_deadline: Duration,
}

/// What a plugin may answer to one question. Larger answers are refused whole, never cut.
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
    /// Everything the answer holds together, in bytes; 1 MiB.
    pub total_bytes_max: usize,
}

impl Default for RuntimeConfig {
    fn default() -> Self {
        Self {
            limits: PluginLimits::default(),
            setup_deadline: Duration::from_secs(5),
            component_bytes_max: 32 << 20,
            trusted_keys: Vec::new(),
            question_bytes_max: 256 << 10,
            answer: AnswerLimits::default(),
            traps_max: 3,
            log: Arc::new(TracingSink),
        }
    }
}

impl Default for PluginLimits {
    fn default() -> Self {
        Self { memory_limit_bytes: 64 << 20, call_deadline: Duration::from_secs(1) }
    }
}

impl PluginLimits {
    /// Each limit under the name it has in a settings file, durations in milliseconds.
    pub fn by_name(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let millis = u64::try_from(self.call_deadline.as_millis()).unwrap_or(u64::MAX);
        [("memory_limit_bytes", self.memory_limit_bytes as u64), ("call_deadline_ms", millis)].into_iter()
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
            total_bytes_max: 1 << 20,
        }
    }
}

impl fmt::Debug for RuntimeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuntimeConfig")
            .field("limits", &self.limits)
            .field("setup_deadline", &self.setup_deadline)
            .field("component_bytes_max", &self.component_bytes_max)
            .field("trusted_keys", &self.trusted_keys)
            .field("question_bytes_max", &self.question_bytes_max)
            .field("answer", &self.answer)
            .field("traps_max", &self.traps_max)
            .finish_non_exhaustive()
    }
}

/// How many ticks from now a call that may take `deadline` is interrupted: rounded up, and one more because the tick
/// in progress is partly over. Never 0, which would trap at once.
pub(crate) fn ticks(deadline: Duration) -> u64 {
    let ticks = deadline.as_nanos().div_ceil(TICK.as_nanos());
    u64::try_from(ticks).unwrap_or(u64::MAX / 2).saturating_add(1)
}
