//! Fetching the measurements that threads have left in their cells.

use wasmeter_model::Timestamp;

use super::contribute::{Mismatch, Taken, lock_and_send, send};
use super::{Contributed, Contribution, Entry, Open, Routing, State};
use crate::aggregate::NumberSum;
use crate::record::{Last, Shape, Spare, Tap};
use crate::source::{Source, SourceData};
use crate::stream::Storage;

/// Of how many sources staged measurements are fetched at a time: each time costs a fence on all cores, and each source needs empty
/// room meanwhile.
const FETCHED_AT_ONCE: usize = 64;

impl State {
    /// Takes all measurements of all threads into the series and returns how many there were.
    pub(crate) fn fetch(&mut self, entry: &Entry, now: Timestamp) -> u64 {
        self.routing.fetch_of(entry, self.sources.all(), now)
    }

    /// As [`State::fetch`], those of the next sources of a walk, so many at most.
    pub(crate) fn fetch_next(&mut self, entry: &Entry, now: Timestamp, most: usize) -> u64 {
        self.routing.fetch_of(entry, self.sources.walk(most), now)
    }

    /// As [`State::fetch`], for the last time by these routes: from now on threads leave what `shape` asks for.
    pub(super) fn fetch_last(&mut self, entry: &Entry, now: Timestamp, shape: Shape) -> u64 {
        if self.routing.shape == shape {
            return self.fetch(entry, now);
        }
        let Self { routing, sources, .. } = self;
        let mut all: Vec<_> = sources.values_mut().collect();
        let accepted = routing.deliver(entry, now, |delivery, before| {
            for sources in all.chunks_mut(FETCHED_AT_ONCE) {
                delivery.fetch_staged(sources, |_| true, &shape, None);
                if before.is_total_only() {
                    // After the cells have turned away from totals, these are the last ones.
                    sources.iter_mut().for_each(|source| delivery.fetch_totals(source));
                }
                // Otherwise, if there are totals now, they came after the cells have turned to them: they are for the routes to
                // come.
            }
        });
        routing.shape = shape;
        accepted
    }
}

impl Routing {
    /// Takes the measurements of some sources into their series and returns how many there were.
    fn fetch_of(&mut self, entry: &Entry, sources: &mut [Source], now: Timestamp) -> u64 {
        self.deliver(entry, now, |delivery, shape| {
            if shape.is_total_only() {
                return sources.iter_mut().for_each(|source| delivery.fetch_totals(source));
            }
            let (mut dirty, mut spare) = (Vec::new(), Spare::new());
            for source in sources {
                // Nothing is left as a total, but some threads may have let go of their cells.
                delivery.fetch_totals(source);
                if source.is_dirty() {
                    dirty.push(source);
                }
            }
            for sources in dirty.chunks_mut(FETCHED_AT_ONCE) {
                delivery.fetch_staged(sources, Tap::is_dirty, shape, Some(&mut spare));
            }
        })
    }

    /// Takes the measurements of one source into its series and returns how many there were.
    pub(crate) fn fetch(&mut self, entry: &Entry, source: &mut Source, now: Timestamp) -> u64 {
        self.deliver(entry, now, |delivery, shape| {
            if !shape.is_total_only() {
                delivery.fetch_staged(&mut [source], Tap::is_dirty, shape, None);
            }
            delivery.fetch_totals(source);
        })
    }

    /// Has `fetch` bring measurements to their series and returns how many they were. It is given what they are kept as.
    fn deliver(
        &mut self,
        entry: &Entry,
        now: Timestamp,
        fetch: impl FnOnce(&mut Delivery<'_>, &Shape),
    ) -> u64 {
        let (mut accepted, mut notices) = (0, Vec::new());
        let mut delivery = Delivery {
            entry,
            open: Open::new(self, &self.streams),
            now,
            accepted: &mut accepted,
            notices: &mut notices,
        };
        fetch(&mut delivery, &self.shape);
        drop(delivery);
        notices.into_iter().for_each(|notice| self.tell(notice));
        accepted
    }
}

/// Brings measurements of an instrument to their series.
struct Delivery<'a> {
    entry: &'a Entry,
    /// What something was brought to stays locked: most sources lead to the same streams.
    open: Open<'a>,
    now: Timestamp,
    /// How many measurements there were.
    accepted: &'a mut u64,
    notices: &'a mut Vec<String>,
}

impl<'a> Delivery<'a> {
    /// Takes in what was left as totals, and lets go of the cells that no thread writes any more.
    fn fetch_totals(&mut self, source: &mut Source) {
        let kind = self.entry.owner.kind;
        let SourceData::Recorded(recorded) = &mut source.data else { return };
        let (mut count, mut total) = (0, NumberSum::zero(kind));
        Tap::fetch_totals(&mut recorded.taps, kind, |more, sum| {
            count += more;
            total.merge(sum);
        });
        if count > 0 {
            self.take_in(source, count, total, None, Contribution::Total(total));
        }
    }

    /// Takes in what the cells that `select` names have staged, and gives them `shape`. With `spare` that is the shape they have:
    /// then room that is emptied here is used again.
    fn fetch_staged(
        &mut self,
        sources: &mut [&mut Source],
        select: impl Fn(&Tap) -> bool,
        shape: &Shape,
        spare: Option<&mut Spare>,
    ) {
        let kind = self.entry.owner.kind;
        let mut groups: Vec<_> = sources.iter_mut().map(|source| source.take_taps()).collect();
        let (is_same_shape, mut none) = (spare.is_some(), Spare::new());
        let spare = spare.unwrap_or(&mut none);
        Tap::exchange(&mut groups, select, shape, kind, spare, |place, mut staged, spare| {
            if staged.count > 0
                && let Some(source) = sources.get_mut(place)
            {
                let what = Contribution::Staged(&staged);
                self.take_in(source, staged.count, staged.total, staged.last, what);
            }
            if is_same_shape {
                staged.clear(kind);
                spare.push(staged);
            }
        });
        for (source, taps) in sources.iter_mut().zip(groups) {
            source.put_back(taps);
        }
    }

    /// Counts measurements in the series of their source.
    fn take_in(
        &mut self,
        source: &mut Source,
        count: u64,
        total: NumberSum,
        last: Option<Last>,
        what: Contribution<'_>,
    ) {
        *self.accepted += count;
        if let SourceData::Recorded(recorded) = &mut source.data {
            recorded.say(total, last, self.entry.owner.kind);
        }
        let (entry, contributed) = (self.entry, Contributed { what, start: None, time: self.now });
        for (at, route) in source.routes.iter_mut().enumerate() {
            let Some(route) = route.as_mut().filter(|route| route.stream.key.storage != Storage::Current)
            else {
                continue;
            };
            let taken = match self.open.slots(at, &route.stream) {
                Some(slots) => {
                    let (stream, way) = route.split();
                    send(stream, way, slots, entry, contributed, Mismatch::Refuse)
                }
                None => lock_and_send(route, entry, contributed, Mismatch::Refuse),
            };
            if let Taken::WithNotice(notice) = taken {
                self.notices.push(notice);
            }
        }
    }
}
