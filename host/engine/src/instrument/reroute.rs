//! Giving an instrument the routes of a generation (design: the swap rule).

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::RandomState;
use wasmeter_model::{Attributes, InstrumentKind, Timestamp};

use super::contribute::bounds_of;
use super::{Entry, Form, Routing, State};
use crate::lock;
use crate::pipeline::{Pipeline, Pipelines};
use crate::record::Shape;
use crate::source::{NOT_YET, Route, Source, SourceData};
use crate::stream::{Collection, SlotId, Slots, Storage, Stream};
use crate::views::{Aggregator, OnFault, Resolved};

/// The Views' answers about an instrument, asked for before anything is changed.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) resolved: Resolved,
    pub(crate) mapped: HashMap<Attributes, Mapped, RandomState>,
}

/// The set that a source has in each of its instrument's streams; `None`: it is not in that one.
pub(crate) type Mapped = Vec<Option<Attributes>>;

/// What rerouting did to the series.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rerouted {
    pub(crate) kept: u64,
    pub(crate) started: u64,
    pub(crate) ended: u64,
    /// Measurements that were counted by the old routes just before.
    pub(crate) fetched: u64,
}

/// What measurements have to be kept as for these streams, which have their bounds from now on.
fn shape_of(entry: &Entry, streams: &[Arc<Stream>]) -> Shape {
    let mut shape = Shape::default();
    // A later generation may ask for the state, which is the total of all measurements or the last one.
    match entry.instrument.kind {
        InstrumentKind::UpDownCounter => shape.include_total(),
        InstrumentKind::Gauge => shape.include_last(),
        _ => {}
    }
    for stream in streams {
        match stream.key.aggregator {
            Aggregator::Explicit { .. } => shape.include(&stream.key.aggregator, bounds_of(stream, entry)),
            _ => shape.include(&stream.key.aggregator, &Arc::default()),
        }
    }
    shape
}

/// A series, wherever it is.
type Place = (*const Stream, SlotId);

/// The routes a source had before, with the start of the series behind each, if there is one.
type OldRoutes = Vec<(Route, Option<Timestamp>)>;

/// A series made by a swap holds what comes after it. Only the sum of what sources say now reaches back: as far as the
/// series that said the same before, or else as what callbacks say, which has `begun` then.
fn start_after_swap(
    stream: &Stream,
    old: &OldRoutes,
    begun: Option<Timestamp>,
    swap: Timestamp,
) -> Timestamp {
    if stream.key.storage == Storage::Accumulated {
        return swap;
    }
    let is_predecessor = |route: &Route| route.stream.key.storage == Storage::Current;
    let starts = old.iter().filter(|(route, _)| is_predecessor(route)).filter_map(|(_, start)| *start);
    starts.min().or(begun).unwrap_or(swap)
}

fn place(route: &Route) -> Place {
    (Arc::as_ptr(&route.stream), route.slot)
}

/// Sends a source that the Views cannot have as they wish where it went before, since they wish the same as before.
fn stand_in_again(route: &mut Route, stream: Arc<Stream>, before: &Route, swap: Collection) {
    let mut slots = lock(&route.stream.slots);
    if slots.release(route.slot) {
        slots.end_at_swap(route.slot, swap.now, None);
    }
    drop(slots);
    let mut slots = lock(&stream.slots);
    let mut new = Route::new(stream.clone(), &mut slots, before.attributes.clone(), swap.now);
    drop(slots);
    new.whole = before.whole && before.slot == new.slot;
    new.set_since(before.since());
    new.stand_in_for(before);
    *route = new;
}

impl State {
    /// Asks for the streams of a plan, routes every known source anew and ends the series that nothing leads to any more.
    ///
    /// All of it under the instrument's lock, so that each contribution goes by the old routes or by the new, never both.
    pub(crate) fn reroute(
        &mut self,
        entry: &Entry,
        pipelines: &Pipelines,
        mut plan: Plan,
        swap: Collection,
        expiry: Duration,
        on_fault: OnFault<'_>,
    ) -> Rerouted {
        let mut rerouted = Rerouted::default();
        // Measurements are kept as the new streams need them, which others may feed already: so these are entered first. What the Views
        // want of them holds only later, since the old routes may lead there too.
        let described = (self.description(entry).clone(), swap.number);
        let streams = enter_streams(entry, pipelines, &plan.resolved, (&described.0, described.1), swap.now);
        let had_last = self.routing.shape.has_time();
        if entry.form == Form::Measurements {
            let shape = shape_of(entry, &streams);
            rerouted.fetched = self.fetch_last(entry, swap.now, shape);
        }
        self.tell_readers_that_go(entry, pipelines, swap);
        // Series of current values that are about to end are exported once more, as they are now.
        let streams_before = self.routing.resolved.streams.len();
        for reader in 0..self.routing.streams.len().checked_div(streams_before).unwrap_or(0) {
            self.contribute_current(reader, swap, expiry);
        }
        if had_last && !self.routing.shape.has_time() {
            self.sources.values_mut().for_each(Source::forget_last);
        }
        self.exchange_readers(pipelines, swap);
        let mut old_routing = std::mem::take(&mut self.routing);
        self.routing.shape = std::mem::take(&mut old_routing.shape);
        self.routing.metadata = std::mem::take(&mut old_routing.metadata);
        self.routing.entities = std::mem::take(&mut old_routing.entities);
        if self.routing.entities.refs().is_empty() {
            self.routing.entities.hear(&entry.instrument.resource.entities, swap.now);
        }
        self.routing.asked = swap.number;
        self.routing.readers = pipelines.clone();
        self.routing.take_up(entry, pipelines, streams, plan.resolved, &described.0);
        // All old routes go before any new one comes, and what goes on comes before what is new: the room that is left
        // under a cardinality limit is then known.
        let mut candidates: HashMap<Place, Route, RandomState> = HashMap::default();
        let mut old_routes: Vec<OldRoutes> = Vec::with_capacity(self.sources.len());
        for source in self.sources.values_mut() {
            let mut old = OldRoutes::default();
            for route in std::mem::take(&mut source.routes).into_iter().flatten() {
                let mut slots = lock(&route.stream.slots);
                slots.release(route.slot);
                let start = slots.get(route.slot).map(|slot| slot.start);
                drop(slots);
                if start.is_some() {
                    candidates.insert(place(&route), route.clone());
                }
                old.push((route, start));
            }
            old_routes.push(old);
        }
        for route in candidates.values() {
            lock(&route.stream.slots).end_at_swap(route.slot, swap.now, Some(swap.number));
        }
        let mut all_mapped: Vec<Mapped> = Vec::with_capacity(self.sources.len());
        for source in self.sources.values_mut() {
            let mapped = match plan.mapped.remove(&source.attributes) {
                _ if source.is_dormant => Mapped::new(),
                Some(mapped) => mapped,
                None => self.routing.map(entry, &source.attributes, on_fault),
            };
            let mapped = all_mapped.push_mut(mapped);
            for (stream, attributes) in self.routing.targets(mapped) {
                if let Some(attributes) = attributes {
                    lock(&stream.slots).revive(attributes);
                }
            }
        }
        let mut seen: HashSet<Place, RandomState> = HashSet::default();
        for ((source, old), mapped) in self.sources.values_mut().zip(&old_routes).zip(&all_mapped) {
            if source.is_dormant {
                continue;
            }
            let (is_only_bound, begun) = (source.is_only_bound(), source.data.begun());
            source.route(&self.routing, mapped, |stream, _| {
                if is_only_bound { NOT_YET } else { start_after_swap(stream, old, begun, swap.now) }
            });
            for (at, route) in source.routes.iter_mut().enumerate() {
                let Some(route) = route else { continue };
                let stand_in =
                    old.iter().find(|(before, _)| before.stands_for(&route.stream, &route.attributes));
                if let Some((before, _)) = stand_in {
                    let reader = at.checked_div(self.routing.resolved.streams.len()).unwrap_or(0);
                    if let Some(stream) = self.routing.as_received(reader, entry, swap.now) {
                        stand_in_again(route, stream, before, swap);
                        if lock(&route.stream.slots).get(route.slot).is_some() {
                            seen.insert(place(route));
                        }
                        continue;
                    }
                }
                let before = old.iter().find(|(before, _)| {
                    Arc::ptr_eq(&before.stream, &route.stream) && before.attributes == route.attributes
                });
                let (whole, since) = match before {
                    Some((before, _)) => (before.whole && before.slot == route.slot, before.since()),
                    None => (false, swap.now),
                };
                route.whole = whole;
                route.set_since(since);
                if lock(&route.stream.slots).get(route.slot).is_some() {
                    seen.insert(place(route));
                }
            }
        }
        for (place, route) in &candidates {
            if seen.contains(place) {
                rerouted.kept += 1;
            } else if lock(&route.stream.slots).get(route.slot).is_some_and(|slot| slot.ended().is_some()) {
                rerouted.ended += 1;
            }
        }
        rerouted.started = seen.iter().filter(|place| !candidates.contains_key(*place)).count() as u64;
        old_routing.leave_streams();
        rerouted
    }
}

/// The streams of every reader, which this instrument feeds from now on; what it wants of them comes with [`Routing::take_up`].
fn enter_streams(
    entry: &Entry,
    pipelines: &[Arc<Pipeline>],
    resolved: &Resolved,
    described: (&Arc<str>, u64),
    now: Timestamp,
) -> Vec<Arc<Stream>> {
    let mut streams: Vec<Arc<Stream>> = Vec::with_capacity(pipelines.len() * resolved.streams.len());
    for pipeline in pipelines {
        let first = streams.len();
        for (wanted, resource) in &resolved.streams {
            let mut key = pipeline.plan(&entry.instrument, entry.form, wanted, resource);
            while streams.iter().skip(first).any(|stream| stream.key == key) {
                key.duplicate += 1;
            }
            streams.push(pipeline.stream(key, &entry.instrument, wanted, described, now));
        }
    }
    streams
}

impl Routing {
    /// Takes streams into use that were entered.
    fn take_up(
        &mut self,
        entry: &Entry,
        pipelines: &[Arc<Pipeline>],
        streams: Vec<Arc<Stream>>,
        mut resolved: Resolved,
        described: &Arc<str>,
    ) {
        std::mem::take(&mut resolved.notices).into_iter().for_each(|notice| self.tell(notice));
        let wanted =
            pipelines.iter().flat_map(|pipeline| resolved.streams.iter().map(move |of| (pipeline, of)));
        for (stream, (pipeline, (wanted, _))) in streams.iter().zip(wanted) {
            let key = &stream.key;
            if key.duplicate > 0 && key.aggregator != Aggregator::Drop {
                self.tell(format!("the Views give it two streams named `{}`; both are exported", key.name));
            }
            pipeline.adjust(stream, &entry.instrument, wanted, (described, self.asked));
            self.annotate(entry, stream);
        }
        self.streams = streams.into();
        self.resolved = resolved;
    }

    /// What becomes of a set in each stream; a View that cannot answer is passed over.
    pub(crate) fn map(&self, entry: &Entry, attributes: &Attributes, on_fault: OnFault<'_>) -> Mapped {
        let unmapped = || vec![Some(attributes.clone()); self.resolved.streams.len()];
        self.resolved.map(&entry.instrument, attributes, on_fault).unwrap_or_else(|_| unmapped())
    }

    /// The streams of all readers, each with the set that a source so mapped has in it, if it is in it.
    fn targets<'a>(
        &'a self,
        mapped: &'a Mapped,
    ) -> impl ExactSizeIterator<Item = (&'a Arc<Stream>, Option<&'a Attributes>)> {
        let streams = self.resolved.streams.len();
        self.streams.iter().enumerate().map(move |(at, stream)| {
            let mapped = mapped.get(at.checked_rem(streams).unwrap_or(0));
            let is_kept = stream.key.aggregator != Aggregator::Drop;
            (stream, mapped.and_then(Option::as_ref).filter(|_| is_kept))
        })
    }
}

impl Source {
    /// Gives routes to a source that was dormant. What it said before is not in the series it leads to now.
    pub(crate) fn wake(&mut self, entry: &Entry, routing: &Routing, now: Timestamp, on_fault: OnFault<'_>) {
        self.is_dormant = false;
        // There may have been swaps since.
        let mapped = routing.map(entry, &self.attributes, on_fault);
        self.set_out(routing, &mapped, now);
        for route in self.routes.iter_mut().flatten() {
            route.whole = false;
        }
    }

    /// Makes the routes of a source that has none. What a callback reports counts from the collection before; what is recorded or
    /// received, from `start`.
    pub(crate) fn set_out(&mut self, routing: &Routing, mapped: &Mapped, start: Timestamp) {
        let is_observed = matches!(self.data, SourceData::Observed(_));
        let begun = Cell::new(Timestamp::UNKNOWN);
        self.route(routing, mapped, |_, slots| {
            begun.set(begun.get().max(slots.interval_start));
            if is_observed { slots.interval_start } else { start }
        });
        if let SourceData::Observed(told) = &mut self.data {
            told.begun = begun.get();
        }
    }

    /// Makes the routes for the mapped sets. Cumulative series that are new start when `start` says.
    fn route(&mut self, routing: &Routing, mapped: &Mapped, start: impl Fn(&Stream, &Slots) -> Timestamp) {
        let make = |(stream, attributes): (&Arc<Stream>, Option<&Attributes>)| {
            let mut slots = lock(&stream.slots);
            let start = start(stream, &slots);
            let route = Route::new(stream.clone(), &mut slots, attributes?.clone(), start);
            // Where only bound sets lead, nothing has begun yet.
            if let Some(slot) = slots.get(route.slot)
                && slot.fresh
                && (stream.key.storage == Storage::Current || slot.start == NOT_YET)
            {
                slot.start = slot.start.min(start);
            }
            Some(route)
        };
        self.routes = routing.targets(mapped).map(make).collect();
        self.routes.shrink_to_fit();
    }
}
