//! Fetching the measurements that threads have left in their cells.

use wasmeter_model::Timestamp;

use super::{Contributed, Contribution, Entry, Routing, State};
use crate::pipeline::Pipeline;
use crate::record::{Shape, Staged, Tap};
use crate::source::{Source, SourceData};

/// Of how many sources staged measurements are fetched at a time: each time costs a fence on all cores, and each source needs empty
/// room meanwhile.
const FETCHED_AT_ONCE: usize = 64;

impl State {
    /// Takes all measurements of all threads into the series and returns how many there were.
    pub(crate) fn fetch(&mut self, entry: &Entry, pipelines: &[Pipeline], now: Timestamp) -> u64 {
        let Self { routing, sources, .. } = self;
        let mut accepted = 0;
        for source in sources.values_mut() {
            accepted += routing.fetch_totals(entry, pipelines, source, now);
        }
        let shape = std::mem::take(&mut routing.shape);
        if !shape.is_total_only() {
            let mut dirty: Vec<_> = sources.values_mut().filter(|source| source.is_dirty()).collect();
            for sources in dirty.chunks_mut(FETCHED_AT_ONCE) {
                accepted += routing.fetch_staged(entry, pipelines, sources, now, Tap::is_dirty, &shape);
            }
        }
        routing.shape = shape;
        accepted
    }

    /// As [`State::fetch`], for the last time by these routes: from now on threads leave what `shape` asks for.
    pub(super) fn fetch_last(
        &mut self,
        entry: &Entry,
        pipelines: &[Pipeline],
        now: Timestamp,
        shape: Shape,
    ) -> u64 {
        if self.routing.shape == shape {
            return self.fetch(entry, pipelines, now);
        }
        let Self { routing, sources, .. } = self;
        let mut accepted = 0;
        let mut all: Vec<_> = sources.values_mut().collect();
        for sources in all.chunks_mut(FETCHED_AT_ONCE) {
            accepted += routing.fetch_staged(entry, pipelines, sources, now, |_| true, &shape);
            if !routing.shape.is_total_only() {
                // If there are totals now, they came after the cells have turned to them: they are for the routes to come.
                continue;
            }
            // After the cells have turned away from totals, these are the last ones.
            for source in sources {
                accepted += routing.fetch_totals(entry, pipelines, source, now);
            }
        }
        routing.shape = shape;
        accepted
    }
}

impl Routing {
    /// Takes the measurements of one source into its series and returns how many there were.
    pub(crate) fn fetch(
        &mut self,
        entry: &Entry,
        pipelines: &[Pipeline],
        source: &mut Source,
        now: Timestamp,
    ) -> u64 {
        let shape = self.shape.clone();
        let staged = self.fetch_staged(entry, pipelines, &mut [source], now, Tap::is_dirty, &shape);
        staged + self.fetch_totals(entry, pipelines, source, now)
    }

    /// Takes in what was left as totals, and lets go of the cells that no thread writes any more.
    fn fetch_totals(
        &mut self,
        entry: &Entry,
        pipelines: &[Pipeline],
        source: &mut Source,
        now: Timestamp,
    ) -> u64 {
        let SourceData::Recorded(recorded) = &mut source.data else { return 0 };
        let mut taps = std::mem::take(&mut recorded.taps);
        let mut accepted = 0;
        Tap::fetch_totals(&mut taps, entry.owner.kind, |staged| {
            accepted += self.take_in(entry, pipelines, source, now, &staged);
        });
        source.put_back(taps);
        accepted
    }

    /// Takes in what the cells that `select` names have staged, and gives them `shape`.
    fn fetch_staged(
        &mut self,
        entry: &Entry,
        pipelines: &[Pipeline],
        sources: &mut [&mut Source],
        now: Timestamp,
        select: impl Fn(&Tap) -> bool,
        shape: &Shape,
    ) -> u64 {
        let kind = entry.owner.kind;
        let mut groups: Vec<_> = sources.iter_mut().map(|source| source.take_taps()).collect();
        let is_same_shape = self.shape == *shape;
        let mut accepted = 0;
        let mut spare = Vec::new();
        Tap::exchange(&mut groups, select, shape, kind, &mut spare, |place, mut staged, spare| {
            if staged.count > 0
                && let Some(source) = sources.get_mut(place)
            {
                accepted += self.take_in(entry, pipelines, source, now, &staged);
            }
            if is_same_shape {
                staged.clear(kind);
                spare.push(staged);
            }
        });
        for (source, taps) in sources.iter_mut().zip(groups) {
            source.put_back(taps);
        }
        accepted
    }

    /// Counts measurements in the series of their source and returns how many they are.
    fn take_in(
        &mut self,
        entry: &Entry,
        pipelines: &[Pipeline],
        source: &mut Source,
        now: Timestamp,
        staged: &Staged,
    ) -> u64 {
        if let SourceData::Recorded(recorded) = &mut source.data {
            recorded.total.merge(staged.total);
            let before = recorded.last.map_or(0, |last| last.order);
            if let Some(last) = staged.last.filter(|last| last.order > before) {
                recorded.last = Some(last);
            }
        }
        let contributed = Contributed { what: Contribution::Staged(staged), start: None, time: now };
        self.contribute(entry, pipelines, source, contributed, None);
        staged.count
    }
}
