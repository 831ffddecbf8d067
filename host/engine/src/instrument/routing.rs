//! Where the contributions of an instrument go.

use std::sync::Arc;
use std::time::Duration;

use thin_vec::ThinVec;
use wasmeter_model::{Attributes, Number, Timestamp};

use super::Entry;
use crate::lock;
use crate::pipeline::Pipelines;
use crate::record::{Last, Shape};
use crate::source::{Source, SourceData};
use crate::stream::{Collection, Current, Description, Entities, SlotState, Storage, Stream, When};
use crate::views::{Aggregator, Resolved};

/// Where the contributions of an instrument go.
#[derive(Default)]
pub(crate) struct Routing {
    pub(crate) resolved: Resolved,
    /// The swap whose Views those are, as a point in the sequence of collections.
    pub(crate) asked: u64,
    /// One for each reader and resolved stream: `reader * streams + stream`.
    pub(crate) streams: Box<[Arc<Stream>]>,
    /// The readers whose streams those are, each at its place: those of the generation in service may be others already.
    pub(super) readers: Pipelines,
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

/// How many different notices an instrument may cause in a generation.
const TOLD_MAX: usize = 16;

impl Routing {
    /// Where a reader's streams, and the routes to them, are among those of all readers.
    pub(super) fn places_of(&self, reader: usize) -> std::ops::Range<usize> {
        let streams = self.resolved.streams.len();
        reader * streams..(reader + 1) * streams
    }

    pub(super) fn contribute_current(
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

    pub(super) fn annotate_all(&self, entry: &Entry) {
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
        reader: usize,
        entry: &Entry,
        now: Timestamp,
    ) -> Option<Arc<Stream>> {
        if self.as_received.len() <= reader {
            self.as_received.resize(reader + 1, None);
        }
        let place = self.as_received.get_mut(reader)?;
        if place.is_none() {
            let pipeline = self.readers.get(reader).filter(|pipeline| !pipeline.is_closed())?;
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

impl SourceData {
    /// What the source says now, and as of when: of measurements their total or the last one.
    pub(super) fn current(
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
