//! What a provider counts about itself.

use std::sync::atomic::{AtomicU64, Ordering};

use wasmeter_model::Number;

use crate::instrument::Measured;

/// Counts since the provider was built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// What the engine counts: measurements taken and refused by reason, faults of Views, instruments, series.
    pub engine: wasmeter_engine::Counts,
    /// Values above `i64::MAX`, recorded as `i64::MAX`: integers are signed, here as in OTLP.
    pub saturated: u64,
    /// Instruments that could not be had, as the engine's limit was reached or they had no name. They are silent.
    pub instruments_refused: u64,
    /// Runs of callbacks that ended in a panic. Nothing they had observed counts.
    pub callback_panics: u64,
    /// Runs of callbacks that had not returned when their time was over. Nothing they observed counts.
    pub callbacks_late: u64,
    /// Runs of callbacks that did not begin: the one before had been late and still had not returned, or the time was over
    /// before they had their turn.
    pub callbacks_skipped: u64,
    /// Observations of instruments that their callback was not registered with. They do not count.
    pub observations_undeclared: u64,
    /// Times that a producer had nothing, and reasons for which one had only a part.
    pub producer_failures: u64,
    /// Frames that an exporter took.
    pub exports_succeeded: u64,
    /// Frames that an exporter did not take, or panicked over. They are not exported again.
    pub exports_failed: u64,
    /// Points that a processor of the plugin directory dropped, and those dropped as one failed (`on_failure = "drop"`).
    pub points_dropped: u64,
    /// Points that could not be processed and were kept back, each time they were: delta points come with the next collection,
    /// cumulative ones are made good by it.
    pub points_kept_back: u64,
    /// Points that were kept, as they could not be processed or no exporter of the plugin directory delivered them, and are lost:
    /// for newer ones, or with the end.
    pub points_lost: u64,
    /// Points that an exporter of the plugin directory, or its receiver, refused for good.
    pub points_refused: u64,
    /// Times the plugin directory put other plugins into service.
    pub plugin_swaps: u64,
    /// Times plugins were refused for service, or taken out of it within their probation; what served before serves on.
    pub plugin_swaps_refused: u64,
    /// Failures of plugins of any sort: files that could not be loaded, traps, calls beyond their deadline, refused swaps.
    pub plugin_failures: u64,
    /// Diagnostics that were not told: too many different ones had been, or their handler panicked.
    pub diagnostics_dropped: u64,
}

/// The atomics behind [`Counts`].
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) saturated: Tallied,
    pub(crate) instruments_refused: Tallied,
    pub(crate) callback_panics: Tallied,
    pub(crate) callbacks_late: Tallied,
    pub(crate) callbacks_skipped: Tallied,
    pub(crate) observations_undeclared: Tallied,
    pub(crate) producer_failures: Tallied,
    pub(crate) exports_succeeded: Tallied,
    pub(crate) exports_failed: Tallied,
    pub(crate) points_dropped: Tallied,
    pub(crate) points_kept_back: Tallied,
    pub(crate) points_lost: Tallied,
    pub(crate) points_refused: Tallied,
    pub(crate) plugin_swaps: Tallied,
    pub(crate) plugin_swaps_refused: Tallied,
}

impl Tally {
    /// A value as the engine takes it.
    pub(crate) fn number<N: Measured>(&self, value: N) -> Number {
        let (number, is_saturated) = value.number();
        if is_saturated {
            self.saturated.add();
        }
        number
    }
}

/// One count.
#[derive(Debug, Default)]
pub(crate) struct Tallied(AtomicU64);

impl Tallied {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    #[cfg(feature = "plugins")]
    pub(crate) fn add_many(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
