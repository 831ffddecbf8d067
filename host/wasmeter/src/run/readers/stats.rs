//! What the readers counted, for the program's own metrics.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::run::timings::Timings;

/// The most exporters kept apart; points of further ones are counted under `other`. Without a bound a directory that keeps changing
/// would fill the host's memory.
const EXPORTERS_MAX: usize = 1024;

/// What became of points that were to be exported.
#[derive(Debug, Default)]
pub(crate) struct ExportStats {
    points: ByExporter<&'static str>,
    finished: ByExporter<Option<&'static str>>,
    timings: Timings,
}

impl ExportStats {
    /// How long collections and exports take.
    pub(crate) fn timings(&self) -> &Timings {
        &self.timings
    }

    /// Counts points by exporter and outcome.
    pub(super) fn add(&self, exporter: &str, outcome: &'static str, points: u64) {
        self.points.add(exporter, outcome, points);
    }

    /// Counts points whose export is over, by exporter and, if it failed, by why: a later attempt is another export.
    pub(super) fn finished(&self, exporter: &str, error: Option<&'static str>, points: u64) {
        if points > 0 {
            self.finished.add(exporter, error, points);
        }
    }

    /// Exporter, outcome, points.
    pub(crate) fn snapshot(&self) -> Vec<(Arc<str>, &'static str, u64)> {
        self.points.snapshot()
    }

    /// Exporter, why the export failed if it did, points.
    pub(crate) fn finished_snapshot(&self) -> Vec<(Arc<str>, Option<&'static str>, u64)> {
        self.finished.snapshot()
    }
}

/// Points by exporter and something else of which there are few.
#[derive(Debug)]
struct ByExporter<K>(Mutex<BTreeMap<Arc<str>, BTreeMap<K, u64>>>);

impl<K> Default for ByExporter<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Copy + Ord> ByExporter<K> {
    fn add(&self, exporter: &str, key: K, points: u64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = counts.contains_key(exporter);
        let name = if is_known || counts.len() < EXPORTERS_MAX { exporter } else { "other" };
        let of_exporter = match counts.get_mut(name) {
            Some(of_exporter) => of_exporter,
            None => counts.entry(name.into()).or_default(),
        };
        *of_exporter.entry(key).or_default() += points;
    }

    fn snapshot(&self) -> Vec<(Arc<str>, K, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_exporters = counts
            .iter()
            .flat_map(|(exporter, keys)| keys.iter().map(|(key, points)| (exporter.clone(), *key, *points)));
        of_exporters.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exporters_beyond_the_bound_are_counted_together() {
        let stats = ExportStats::default();
        for number in 0..EXPORTERS_MAX + 50 {
            stats.add(&format!("exporter-{number}"), "exported", 2);
        }
        let snapshot = stats.snapshot();
        assert_eq!(snapshot.len(), EXPORTERS_MAX + 1);
        assert!(snapshot.contains(&("other".into(), "exported", 100)));
    }
}
