//! What the readers counted, for the program's own metrics.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What became of points that were to be exported.
#[derive(Debug, Default)]
pub(crate) struct ExportStats {
    points: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
}

impl ExportStats {
    /// Counts points by exporter and outcome.
    pub(super) fn add(&self, exporter: &'static str, outcome: &'static str, points: u64) {
        *self.lock().entry((exporter, outcome)).or_default() += points;
    }

    /// Exporter, outcome, points.
    pub(crate) fn snapshot(&self) -> Vec<(&'static str, &'static str, u64)> {
        self.lock().iter().map(|((exporter, outcome), points)| (*exporter, *outcome, *points)).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<(&'static str, &'static str), u64>> {
        self.points.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
