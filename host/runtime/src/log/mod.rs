//! What plugins write to the host's log: cut, rate-limited, counted, and marked with the plugin's name.

mod bucket;

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::PluginLimits;
use crate::failure::clean;
use crate::totals::Totals;
use bucket::Bucket;

/// The longest line; the rest is cut.
pub(crate) const LINE_BYTES_MAX: usize = 1 << 10;
/// How much of a plugin's own words in an answer is shown.
const WORDS_BYTES_MAX: usize = 400;

/// How important a line is, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the levels everyone knows")]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// Takes the lines plugins write. Must not block for long: the plugin's deadline does not interrupt it.
pub trait LogSink: Send + Sync {
    /// One line of at most 1 KiB without control characters.
    fn line(&self, plugin: &str, level: LogLevel, message: &str);
}

/// Hands lines to `tracing`, with the target `plugin` and a field `plugin` that names the plugin.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingSink;

impl LogSink for TracingSink {
    fn line(&self, plugin: &str, level: LogLevel, message: &str) {
        match level {
            LogLevel::Trace => tracing::trace!(target: "plugin", plugin, "{message}"),
            LogLevel::Debug => tracing::debug!(target: "plugin", plugin, "{message}"),
            LogLevel::Info => tracing::info!(target: "plugin", plugin, "{message}"),
            LogLevel::Warn => tracing::warn!(target: "plugin", plugin, "{message}"),
            LogLevel::Error => tracing::error!(target: "plugin", plugin, "{message}"),
        }
    }
}

/// The log of one plugin; outlives its instances, so that a plugin gains no new allowance by trapping.
pub(crate) struct PluginLog {
    plugin: Arc<str>,
    sink: Arc<dyn LogSink>,
    clock_ticks: Arc<AtomicU64>,
    bucket: Mutex<Bucket>,
    dropped: AtomicU64,
    /// What must not be told.
    secrets: Arc<[String]>,
    /// Of the plugin's name, once that is known.
    totals: OnceLock<Arc<Totals>>,
}

impl PluginLog {
    pub(crate) fn new(
        plugin: Arc<str>,
        sink: Arc<dyn LogSink>,
        clock_ticks: Arc<AtomicU64>,
        limits: &PluginLimits,
        secrets: Arc<[String]>,
    ) -> Self {
        let bucket = Mutex::new(Bucket::full(limits.log_lines_per_sec, limits.log_burst_lines));
        let (dropped, totals) = (AtomicU64::new(0), OnceLock::new());
        Self { plugin, sink, clock_ticks, bucket, dropped, secrets, totals }
    }

    /// The text with its secrets masked. That keeps a plugin from telling one by mistake, not from telling it on purpose.
    pub(crate) fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut masked = Cow::Borrowed(text);
        for secret in self.secrets.iter().filter(|secret| text.contains(secret.as_str())) {
            masked = Cow::Owned(masked.replace(secret.as_str(), "***"));
        }
        masked
    }

    /// What a plugin says in an answer, such as why it failed: masked, without control characters, at most 400 bytes.
    pub(crate) fn words(&self, text: &str) -> String {
        clean(&self.mask(text), WORDS_BYTES_MAX)
    }

    /// Passes a line on or counts it as dropped. Returns the line as it was passed on.
    pub(crate) fn line(&self, level: LogLevel, message: &str) -> Option<String> {
        let now_ticks = self.clock_ticks.load(Ordering::Relaxed);
        let admitted = self.bucket.lock().unwrap_or_else(PoisonError::into_inner).take(now_ticks);
        if !admitted {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            if let Some(totals) = self.totals.get() {
                totals.dropped(1);
            }
            return None;
        }
        let line = clean(&self.mask(message), LINE_BYTES_MAX);
        self.sink.line(&self.plugin, level, &line);
        Some(line)
    }

    /// Counts what is dropped there, too, and what was dropped before. Called once, before the plugin serves.
    pub(crate) fn count_with(&self, totals: &Arc<Totals>) {
        if self.totals.set(totals.clone()).is_ok() {
            totals.dropped(self.dropped());
        }
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for PluginLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PluginLog").field("plugin", &self.plugin).finish_non_exhaustive()
    }
}
