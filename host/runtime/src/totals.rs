//! What plugins did, summed up by the name of their file over all builds, so that nothing of it is lost or counted back with a swap.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The most names kept apart; what plugins of further names do is counted under `other`. Without a bound a directory that keeps
/// changing would fill the host's memory.
const PLUGINS_MAX: usize = 1024;

/// In seconds, from a question that is answered at once to the longest deadline of an export that is not set otherwise.
pub const CALL_SECS_BOUNDARIES: [f64; 13] =
    [1e-5, 2.5e-5, 1e-4, 2.5e-4, 1e-3, 2.5e-3, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0];

/// What the builds in one file did since the start of the process. Only ever grows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginTotals {
    /// The name of the plugin's file without its extension: a plugin could claim the name of another.
    pub plugin: Arc<str>,
    /// Questions it was asked, those before its service included.
    pub calls: u64,
    /// How long it took over them.
    pub busy: Duration,
    /// How many of them took how long: for each of [`CALL_SECS_BOUNDARIES`] those up to it, and then those beyond the last.
    pub by_duration: [u64; CALL_SECS_BOUNDARIES.len() + 1],
    /// Lines of its log that were dropped because it wrote too many.
    pub log_lines_dropped: u64,
    /// How often a collection went on without its observation, which came too late.
    pub observations_late: u64,
    /// Observations that were dropped, since the build that made them was out of service by then.
    pub observations_replaced: u64,
    /// Writes that were refused because its directories hold as much as they may.
    pub writes_refused: u64,
    /// References of resources to entities that it left no resource for, since it changed what identifies the entity.
    pub entity_references_lost: u64,
}

/// The counters of one name.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    calls: AtomicU64,
    busy_nanos: AtomicU64,
    by_duration: [AtomicU64; CALL_SECS_BOUNDARIES.len() + 1],
    log_lines_dropped: AtomicU64,
    writes_refused: AtomicU64,
    observations_late: AtomicU64,
    observations_replaced: AtomicU64,
    entity_references_lost: AtomicU64,
}

impl Totals {
    pub(crate) fn called(&self, took: Duration) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let secs = took.as_secs_f64();
        let bucket = CALL_SECS_BOUNDARIES.partition_point(|boundary| *boundary < secs);
        if let Some(bucket) = self.by_duration.get(bucket) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.busy_nanos.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn dropped(&self, lines: u64) {
        self.log_lines_dropped.fetch_add(lines, Ordering::Relaxed);
    }

    pub(crate) fn late(&self) {
        self.observations_late.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn replaced(&self) {
        self.observations_replaced.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn lost_entities(&self, references: u64) {
        self.entity_references_lost.fetch_add(references, Ordering::Relaxed);
    }

    pub(crate) fn refused_writes(&self, writes: u64) {
        self.writes_refused.fetch_add(writes, Ordering::Relaxed);
    }
}

/// The counters of all names.
#[derive(Debug, Default)]
pub(crate) struct AllTotals {
    by_plugin: Mutex<BTreeMap<Arc<str>, Arc<Totals>>>,
}

impl AllTotals {
    /// The counters of a name, to be kept by whoever counts.
    pub(crate) fn of(&self, plugin: &Arc<str>) -> Arc<Totals> {
        let mut by_plugin = self.by_plugin.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = by_plugin.contains_key(plugin);
        let name =
            if is_known || by_plugin.len() < PLUGINS_MAX { plugin.clone() } else { Arc::from("other") };
        by_plugin.entry(name).or_default().clone()
    }

    /// Everything so far, ordered by name.
    pub(crate) fn snapshot(&self) -> Vec<PluginTotals> {
        let by_plugin = self.by_plugin.lock().unwrap_or_else(PoisonError::into_inner);
        let totals = by_plugin.iter().map(|(plugin, totals)| PluginTotals {
            plugin: plugin.clone(),
            calls: totals.calls.load(Ordering::Relaxed),
            busy: Duration::from_nanos(totals.busy_nanos.load(Ordering::Relaxed)),
            by_duration: totals.by_duration.each_ref().map(|bucket| bucket.load(Ordering::Relaxed)),
            log_lines_dropped: totals.log_lines_dropped.load(Ordering::Relaxed),
            observations_late: totals.observations_late.load(Ordering::Relaxed),
            observations_replaced: totals.observations_replaced.load(Ordering::Relaxed),
            writes_refused: totals.writes_refused.load(Ordering::Relaxed),
            entity_references_lost: totals.entity_references_lost.load(Ordering::Relaxed),
        });
        totals.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_how_long_they_took() {
        let all = AllTotals::default();
        let micros = [0, 10, 11, 250, 1_000_000, 10_000_000, 10_000_001];
        micros.iter().for_each(|micros| all.of(&"a".into()).called(Duration::from_micros(*micros)));
        assert_eq!(all.snapshot()[0].by_duration, [2, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1]);
    }

    #[test]
    fn builds_of_one_name_are_counted_together_and_names_beyond_the_bound_too() {
        let all = AllTotals::default();
        for number in 0..PLUGINS_MAX + 50 {
            all.of(&format!("plugin-{number}").into()).called(Duration::from_nanos(1));
        }
        all.of(&"plugin-7".into()).called(Duration::from_nanos(2));
        let snapshot = all.snapshot();
        assert_eq!(snapshot.len(), PLUGINS_MAX + 1);
        let of = |name: &str| snapshot.iter().find(|totals| &*totals.plugin == name).unwrap().clone();
        assert_eq!((of("plugin-7").calls, of("plugin-7").busy), (2, Duration::from_nanos(3)));
        assert_eq!(of("other").calls, 50);
    }
}
