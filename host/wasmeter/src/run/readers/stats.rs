//! What the readers counted, for the program's own metrics.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What became of points that were to be exported.
#[derive(Debug, Default)]
pub(crate) struct ExportStats {
    points: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    finished: Mutex<BTreeMap<(&'static str, Option<&'static str>), u64>>,
}

impl ExportStats {
    /// Counts points by exporter and outcome.
    pub(super) fn add(&self, exporter: &'static str, outcome: &'static str, points: u64) {
        *lock(&self.points).entry((exporter, outcome)).or_default() += points;
    }

    /// Counts points whose export is over, by exporter and, if it failed, by why: a later attempt is another export.
    pub(super) fn finished(&self, exporter: &'static str, error: Option<&'static str>, points: u64) {
        if points > 0 {
            *lock(&self.finished).entry((exporter, error)).or_default() += points;
        }
    }

    /// Exporter, outcome, points.
    pub(crate) fn snapshot(&self) -> Vec<(&'static str, &'static str, u64)> {
        lock(&self.points)
            .iter()
            .map(|((exporter, outcome), points)| (*exporter, *outcome, *points))
            .collect()
    }

    /// Exporter, why the export failed if it did, points.
    pub(crate) fn finished_snapshot(&self) -> Vec<(&'static str, Option<&'static str>, u64)> {
        lock(&self.finished).iter().map(|((exporter, error), points)| (*exporter, *error, *points)).collect()
    }
}

fn lock<T>(counts: &Mutex<T>) -> MutexGuard<'_, T> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}
