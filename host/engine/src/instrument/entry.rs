//! One instrument in service.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use thin_vec::ThinVec;
use wasmeter_model::{
    Attributes, EntityRefs, Instrument, InstrumentKind, Number, Origin, Temporality, Timestamp,
};

use super::{Form, Key};
use crate::lock;
use crate::pipeline::Pipeline;
use crate::record::{Last, Owner, Shape};
use crate::report::Rejection;
use crate::source::{Source, SourceData, Sources};
use crate::stream::{CHUNK, Collection, Current, Description, Entities, SlotState, Storage, Stream, When};
use crate::turns::InTurn;
use crate::views::{Aggregator, Resolved};

/// An instrument and everything that is known of its sources.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: u64,
    pub(crate) instrument: Instrument,
    pub(crate) form: Form,
    /// What the cells of threads know of it.
    pub(crate) owner: Owner,
    /// Locked before any stream, never after one.
    pub(crate) state: InTurn<State>,
    /// Whether it feeds any stream under the generation in service; written under the lock of `state`.
    pub(crate) is_enabled: AtomicBool,
    /// One bit for each [`Rejection`] that has been told.
    told_refusals: AtomicU32,
}

const _: () = assert!(Rejection::ALL.len() <= u32::BITS as usize);

/// What changes about an instrument.
#[derive(Default)]
pub(crate) struct State {
    /// The generation whose Views made the routes; 0: none yet.
    pub(crate) generation: u64,
    /// True once the registry has forgotten the instrument; whoever still holds it looks it up again.
    pub(crate) retired: bool,
    /// No source expires before this second since the epoch.
    quiet_until_secs: u32,
    /// When a point of a received instrument came in last, whether it was counted or not.
    pub(crate) heard: Timestamp,
    /// Of most instruments there is nothing.
    received: Option<Box<ReceivedBefore>>,
    pub(crate) routing: Routing,
    pub(crate) sources: Sources,
}

/// What came with points that were received before.
#[derive(Default)]
struct ReceivedBefore {
    /// The longest description, where that is longer than the instrument's own.
    description: Option<Arc<str>>,
    /// The bounds of the explicit histogram that was received last: all its sources share them, mostly for ever.
    bounds: Option<Arc<[f64]>>,
}

/// Where the contributions of an instrument go.
#[derive(Default)]
pub(crate) struct Routing {
    pub(crate) resolved: Resolved,
    /// The swap whose Views those are, as a point in the sequence of collections.
    pub(crate) asked: u64,
    /// One for each reader and resolved stream: `reader * streams + stream`.
    pub(crate) streams: Box<[Arc<Stream>]>,
    /// By reader, as far as there are any: where sources go that cannot be merged as the Views ask.
    pub(crate) as_received: ThinVec<Option<Arc<Stream>>>,
    /// What measurements are kept as until they are fetched.
    pub(crate) shape: Shape,
    /// The further facts that came with received points last (OTLP `metadata`).
    pub(crate) metadata: Attributes,
    /// The entities that the resource was told to stand for.
    pub(crate) entities: Entities,
    notices: Option<Box<Notices>>,
}

/// What there is to say about an instrument; of most there is nothing.
#[derive(Default)]
struct Notices {
    /// What was already told in this generation.
    told: Vec<String>,
    /// What is still to be told to the engine.
    pending: Vec<String>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("generation", &self.generation)
            .field("sources", &self.sources.len())
            .finish()
    }
}

impl Entry {
    pub(crate) fn new(id: u64, instrument: Instrument, form: Form) -> Self {
        let owner = Owner::new(instrument.number);
        Self {
            id,
            instrument,
            form,
            owner,
            state: InTurn::default(),
            is_enabled: AtomicBool::new(false),
            told_refusals: AtomicU32::new(0),
        }
    }

    /// What makes it this instrument.
    pub(crate) fn key(&self) -> Key<'_> {
        Key::of(&self.instrument, self.form)
    }

    /// True the first time that a value is refused for this reason.
    pub(crate) fn is_first_refusal(&self, reason: Rejection) -> bool {
        let bit = 1 << reason as u8;
        self.told_refusals.load(Ordering::Relaxed) & bit == 0
            && self.told_refusals.fetch_or(bit, Ordering::Relaxed) & bit == 0
    }
}

impl State {
    /// Takes note of what a sender says about the instrument; the longest description is chosen (data model, "Producer
    /// recommendations").
    pub(crate) fn hear_description(&mut self, entry: &Entry, description: &Arc<str>) {
        if description.len() > self.description(entry).len() {
            self.received.get_or_insert_default().description = Some(description.clone());
            self.routing.describe(description);
        }
    }

    /// The longest description heard.
    pub(crate) fn description<'a>(&'a self, entry: &'a Entry) -> &'a Arc<str> {
        let heard = self.received.as_ref().and_then(|received| received.description.as_ref());
        heard.unwrap_or(&entry.instrument.description)
    }

    /// Takes the bounds of the explicit histogram out that was received last; [`State::keep_bounds`] puts them back.
    pub(crate) fn take_bounds(&mut self) -> Option<Arc<[f64]>> {
        self.received.as_mut()?.bounds.take()
    }

    /// See [`State::take_bounds`].
    pub(crate) fn keep_bounds(&mut self, bounds: Option<Arc<[f64]>>) {
        self.received.get_or_insert_default().bounds = bounds;
    }

    /// Takes note of further facts about the instrument. Of several senders' the last ones count; a sender that says nothing
    /// takes nothing back.
    pub(crate) fn hear_metadata(&mut self, entry: &Entry, metadata: Attributes) {
        if !metadata.is_empty() && metadata != self.routing.metadata {
            self.routing.metadata = metadata;
            self.routing.annotate_all(entry);
        }
    }

    /// Takes note of the entities that a sender says the resource stands for.
    pub(crate) fn hear_entities(&mut self, entry: &Entry, entities: &EntityRefs, now: Timestamp) {
        if !entities.is_empty() && self.routing.entities.hear(entities, now) {
            self.routing.annotate_all(entry);
        }
    }

    /// Puts the current states of the sources into the slots of one reader's current streams.
    pub(crate) fn contribute_current(&mut self, reader: usize, collection: Collection, expiry: Duration) {
        if self.has_current(reader) {
            self.routing.contribute_current(self.sources.all(), reader, collection, expiry);
        }
    }

    /// As [`State::contribute_current`], those of the next sources of a walk, so many at most.
    pub(crate) fn contribute_current_of_next(
        &mut self,
        reader: usize,
        collection: Collection,
        expiry: Duration,
        most: usize,
    ) {
        self.routing.contribute_current(self.sources.walk(most), reader, collection, expiry);
    }

    /// True if some streams of a reader are made of the current states of the sources.
    pub(crate) fn has_current(&self, reader: usize) -> bool {
        let own = self.routing.streams.get(self.routing.places_of(reader)).unwrap_or_default();
        own.iter().any(|stream| stream.key.storage == Storage::Current)
    }

    /// How many of the sources may be worked on before others have the instrument, where their states are put into series. Received points
    /// of one request belong together: where Views may have them in one series, what that says is of all of them or of none.
    pub(crate) fn chunk_of_current(&self, entry: &Entry) -> usize {
        let is_merged = self.routing.resolved.streams.iter().any(|(stream, _)| !stream.attributes.is_empty());
        if entry.instrument.origin == Origin::Received && is_merged { usize::MAX } else { CHUNK }
    }

    /// True if a source may have expired, so that all of them are to be looked at.
    pub(crate) fn may_have_expired(&self, now: Timestamp) -> bool {
        now.as_secs() >= u64::from(self.quiet_until_secs)
    }

    /// True if there is something for [`State::expire`] to do in the next sources of a walk, so many at most. If not, `quiet_until` is put
    /// forward to when the first of them would expire without further news.
    pub(crate) fn has_expired_among_next(
        &mut self,
        now: Timestamp,
        expiry: Duration,
        most: usize,
        quiet_until: &mut Timestamp,
    ) -> bool {
        let baseline_expiry = expiry.saturating_mul(BASELINE_EXPIRIES);
        self.sources.walk(most).iter_mut().any(|source| {
            source.data.forget_writers(now, baseline_expiry);
            if matches!(source.data, SourceData::Recorded(_)) {
                return false;
            }
            let end = source.heard.after(if source.is_dormant { baseline_expiry } else { expiry });
            *quiet_until = end.min(*quiet_until);
            now > end
        })
    }

    /// Says when the first source expires, as far as there is no news until then: a source that is new or comes back has been heard of
    /// after the walk that found this out.
    pub(crate) fn set_quiet_until(&mut self, time: Timestamp) {
        self.quiet_until_secs = u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
    }

    /// Forgets received and observed sources without news for `expiry`, and returns how many. Measurements of this process
    /// persist (metrics SDK, "Instrument temporality", synchronous instruments).
    ///
    /// A source whose series lives on without it only becomes dormant: with its baseline gone, all that it ever counted would
    /// count a second time when it returns. What sends deltas has none and is forgotten.
    pub(crate) fn expire(&mut self, kind: InstrumentKind, now: Timestamp, expiry: Duration) -> usize {
        let before = self.sources.len();
        self.sources.retain(|source| {
            let baseline_expiry = expiry.saturating_mul(BASELINE_EXPIRIES);
            source.data.forget_writers(now, baseline_expiry);
            let silence = now.since(source.heard);
            if silence <= expiry || matches!(source.data, SourceData::Recorded(_)) {
                return true;
            }
            if !source.is_dormant {
                source.is_dormant = source.unroute(now) && source.data.has_baseline(kind);
            }
            source.is_dormant && silence <= baseline_expiry
        });
        before - self.sources.len()
    }

    /// Ends one writer of a source, because it says that its series has ended, and the series if no other writer is left.
    /// True if the source is forgotten. What was observed may come back, since it was only not there to be observed: where its
    /// series lives on without it, the source stays, dormant.
    pub(crate) fn end_source(
        &mut self,
        entry: &Entry,
        attributes: &Attributes,
        start: Timestamp,
        now: Timestamp,
        expiry: Duration,
    ) -> bool {
        let Some(source) = self.sources.get_mut(attributes) else { return false };
        source.say_last_word(self.routing.resolved.streams.len(), now, expiry);
        let may_return = entry.instrument.origin == Origin::Observed;
        if source.data.end_writer(start, may_return) {
            return false;
        }
        if source.unroute(now) && may_return {
            source.is_dormant = true;
            return false;
        }
        self.sources.remove(attributes)
    }

    /// True if nothing has been heard of a received instrument for `expiry` and nothing is kept of it.
    pub(crate) fn is_abandoned(&self, now: Timestamp, expiry: Duration) -> bool {
        self.sources.is_empty() && now.since(self.heard) > expiry
    }
}

/// For how many times the expiry of an idle source its baseline is kept, where its series lives on: a day for an hour.
const BASELINE_EXPIRIES: u32 = 24;

/// How many different notices an instrument may cause in a generation.
const TOLD_MAX: usize = 16;

impl Routing {
    /// Where a reader's streams, and the routes to them, are among those of all readers.
    fn places_of(&self, reader: usize) -> std::ops::Range<usize> {
        let streams = self.resolved.streams.len();
        reader * streams..(reader + 1) * streams
    }

    fn contribute_current(
        &self,
        sources: &mut [Source],
        reader: usize,
        collection: Collection,
        expiry: Duration,
    ) {
        let range = self.places_of(reader);
        for source in sources {
            let Source { routes, data, .. } = source;
            for route in routes.get_mut(range.clone()).unwrap_or_default().iter_mut().flatten() {
                let (stream, mut way) = route.split();
                if stream.key.storage != Storage::Current {
                    continue;
                }
                let is_total = stream.key.aggregator == Aggregator::Sum;
                let Some((value, when)) = data.current(is_total, reader, collection, expiry) else {
                    continue;
                };
                let mut slots = lock(&stream.slots);
                let combine = slots.combine;
                let Some(slot) = way.slot(stream.key.temporality, &mut slots) else { continue };
                slot.touched = true;
                match &mut slot.state {
                    SlotState::Current(current) if current.collection == collection.number => {
                        current.merge(combine, value, when);
                    }
                    _ => slot.set_current(Current::new(collection.number, value, when)),
                }
            }
        }
    }

    /// Keeps a notice for the engine, unless it has been told in this generation.
    pub(crate) fn tell(&mut self, notice: String) {
        let Notices { told, pending } = &mut **self.notices.get_or_insert_default();
        if told.len() < TOLD_MAX && !told.contains(&notice) {
            pending.push(notice.clone());
            told.push(notice);
        }
    }

    /// What is to be told since the last time.
    pub(crate) fn take_pending(&mut self) -> Vec<String> {
        self.notices.as_mut().map_or_else(Vec::new, |notices| std::mem::take(&mut notices.pending))
    }

    /// Takes a further description of the instrument into account.
    pub(crate) fn describe(&self, description: &Arc<str>) {
        let streams = self.streams.iter().chain(self.as_received.iter().flatten());
        for stream in streams {
            lock(&stream.slots).description.hear(Description::new(description.clone(), false, self.asked));
        }
    }

    /// Tells a stream the further facts about the instrument and the entities of its resource, if there are any.
    pub(super) fn annotate(&self, entry: &Entry, stream: &Stream) {
        if !self.metadata.is_empty() {
            lock(&stream.slots).metadata = self.metadata.clone();
        }
        if !self.entities.refs().is_empty() {
            let (before, after) = (&entry.instrument.resource.attributes, &stream.key.resource.attributes);
            lock(&stream.slots).entities.hear_all(&self.entities.after(before, after));
        }
    }

    fn annotate_all(&self, entry: &Entry) {
        let streams = self.streams.iter().chain(self.as_received.iter().flatten());
        streams.for_each(|stream| self.annotate(entry, stream));
    }

    /// Tells the streams that this instrument does not feed them any more.
    pub(crate) fn leave_streams(&mut self) {
        for stream in
            std::mem::take(&mut self.streams).into_iter().chain(self.as_received.drain(..).flatten())
        {
            let mut slots = lock(&stream.slots);
            slots.feeders = slots.feeders.saturating_sub(1);
        }
    }

    /// The stream that takes a source as it was received, for one reader.
    pub(crate) fn as_received(
        &mut self,
        pipeline: &Pipeline,
        reader: usize,
        entry: &Entry,
        now: Timestamp,
    ) -> Option<Arc<Stream>> {
        if self.as_received.len() <= reader {
            self.as_received.resize(reader + 1, None);
        }
        let place = self.as_received.get_mut(reader)?;
        if place.is_none() {
            let unviewed = Resolved::unviewed(&entry.instrument);
            let (wanted, resource) = unviewed.streams.first()?;
            let key = pipeline.plan(&entry.instrument, entry.form, wanted, resource);
            let described = (&entry.instrument.description, self.asked);
            let stream = pipeline.stream_as_received(key, &entry.instrument, wanted, described, now);
            *place = Some(stream.clone());
            self.annotate(entry, &stream);
            return Some(stream);
        }
        place.clone()
    }
}

impl Source {
    /// Leaves what the source says now in the series that will end with it, since the next collection will not ask again.
    fn say_last_word(&mut self, streams: usize, now: Timestamp, expiry: Duration) {
        let last = Collection { number: Current::LAST_WORD, now };
        for (at, route) in self.routes.iter().enumerate() {
            let Some(route) = route.as_ref().filter(|route| route.stream.key.storage == Storage::Current)
            else {
                continue;
            };
            let (reader, key) = (at.checked_div(streams).unwrap_or(0), &route.stream.key);
            let is_total = key.aggregator == Aggregator::Sum;
            let mut slots = lock(&route.stream.slots);
            if let Some(slot) = slots.get(route.slot).filter(|slot| slot.routes == 1)
                && let Some((value, when)) = self.data.current(is_total, reader, last, expiry)
            {
                slot.set_current(Current::new(last.number, value, when));
            }
        }
    }

    /// Takes the routes away and ends the series that no other source leads to. True if what was counted of this source is
    /// part of something that goes on: a series that others still lead to, or deltas, of which the earlier ones are out of
    /// reach.
    pub(crate) fn unroute(&mut self, now: Timestamp) -> bool {
        let mut is_outlived = false;
        for route in std::mem::take(&mut self.routes).into_iter().flatten() {
            let key = &route.stream.key;
            let mut slots = lock(&route.stream.slots);
            let is_last = slots.release(route.slot);
            if is_last {
                slots.end_if_unrouted(route.slot, now, Some(Current::LAST_WORD));
            }
            let goes_on =
                key.temporality == Temporality::Delta || (!is_last && slots.get(route.slot).is_some());
            is_outlived |= goes_on && key.storage == Storage::Accumulated;
        }
        is_outlived
    }
}

impl SourceData {
    /// True if there are totals that later ones are compared with: received, or reported to an instrument of this kind.
    fn has_baseline(&self, kind: InstrumentKind) -> bool {
        match self {
            Self::Recorded(_) => false,
            Self::Observed(told) => told.has_baseline(kind),
            Self::Numbers(received) => received.has_baseline(),
            Self::Explicit(received) => received.has_baseline(),
            Self::Exponential(received) => received.has_baseline(),
        }
    }

    /// Forgets the baselines of writers that have been silent for `expiry`.
    fn forget_writers(&mut self, now: Timestamp, expiry: Duration) {
        match self {
            Self::Recorded(_) | Self::Observed(_) => {}
            Self::Numbers(received) => received.forget(now, expiry),
            Self::Explicit(received) => received.forget(now, expiry),
            Self::Exponential(received) => received.forget(now, expiry),
        }
    }

    /// Ends the writer of a start time; true if others are left.
    fn end_writer(&mut self, start: Timestamp, may_return: bool) -> bool {
        match self {
            Self::Recorded(_) | Self::Observed(_) => true,
            Self::Numbers(received) if may_return => received.rest(start),
            Self::Explicit(received) if may_return => received.rest(start),
            Self::Exponential(received) if may_return => received.rest(start),
            Self::Numbers(received) => received.end(start),
            Self::Explicit(received) => received.end(start),
            Self::Exponential(received) => received.end(start),
        }
    }

    /// What the source says now, and as of when: of measurements their total or the last one.
    fn current(
        &self,
        is_total: bool,
        reader: usize,
        collection: Collection,
        expiry: Duration,
    ) -> Option<(Number, When)> {
        match self {
            Self::Recorded(recorded) => {
                let state = recorded.state.as_deref()?;
                let last = state.last;
                let when = |last: Last| (last.time, last.order);
                match is_total {
                    true if recorded.is_measured => {
                        Some((state.total.get(), last.map_or((collection.now, 0), when)))
                    }
                    true => None,
                    false => last.map(|last| (last.value, when(last))),
                }
            }
            Self::Observed(told) => {
                let observed = told.readers.get(reader)?;
                let (_, value) = observed.now.filter(|(seen, _)| *seen == collection.number)?;
                Some((value, (collection.now, observed.latest)))
            }
            Self::Numbers(received) => {
                let mut writers = received.live(collection.now, expiry);
                let (first, mut time) = writers.next().map(|(value, time)| (*value, time))?;
                let mut sum = crate::aggregate::NumberSum::of(first);
                for (value, at) in writers {
                    sum.add(*value);
                    time = time.max(at);
                }
                Some((sum.get(), (time, 0)))
            }
            Self::Explicit(_) | Self::Exponential(_) => None,
        }
    }
}
