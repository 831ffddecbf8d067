//! A reader's side of the engine: its preferences and its streams.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use wasmeter_model::frame::{Frame, FrameBuilder, FrameSizes};
use wasmeter_model::limits::{
    BOUNDARIES_DEFAULT, CARDINALITY_DEFAULT, EXPONENTIAL_SCALE_MAX, EXPONENTIAL_SIZE_DEFAULT,
};
use wasmeter_model::{
    Aggregation, Instrument, InstrumentKind, Origin, Resource, TemporalityPreference, Timestamp,
};

use crate::filter::MetricFilter;
use crate::instrument::Form;
use crate::lock;
use crate::stream::{Collection, Description, Output, Storage, Stream, StreamKey};
use crate::sync::Mutex;
use crate::views::{Aggregator, ResolvedStream, aggregation_problem, can_become};

/// What a reader asks for (metrics SDK, "MetricReader").
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReaderConfig {
    /// Cumulative, delta or low memory.
    pub temporality: TemporalityPreference,
    /// The aggregation of each kind where no View says; kinds that are not named have the specified default, and those that are
    /// dropped are dropped for this reader alone. Received points are already aggregated and stay as they are. What makes no
    /// aggregation, such as descending boundaries, is passed over with a notice.
    pub aggregations: HashMap<InstrumentKind, Aggregation>,
    /// The most series of a stream by kind where no View says; kinds that are not named have 2000.
    pub cardinality_limits: HashMap<InstrumentKind, std::num::NonZeroU32>,
    /// What of the metrics is exported; all of them if there is none.
    pub filter: Option<Arc<dyn MetricFilter>>,
}

/// The readers of a generation, each at its place.
pub(crate) type Pipelines = Arc<[Arc<Pipeline>]>;

/// A reader and its streams.
#[derive(Debug, Default)]
pub(crate) struct Pipeline {
    /// What the reader is called outside of the engine. No two ever have the same, unlike their places.
    number: usize,
    /// The swap it came with, as a point in the sequence of collections; 0: the beginning.
    came: u64,
    config: ReaderConfig,
    /// True for what keeps the place of a reader that was removed: nothing is kept for it.
    is_closed: bool,
    streams: Mutex<Streams>,
    /// How large the last frame was.
    sizes: Mutex<FrameSizes>,
    /// When it was collected last, or what it had not been told for long was forgotten.
    settled: AtomicU64,
}

#[derive(Debug, Default)]
struct Streams {
    by_key: HashTable<Arc<Stream>>,
    hasher: RandomState,
    /// In the order they came to be, which is the order of the export.
    in_order: Vec<Arc<Stream>>,
    /// [`crate::stream::Slots::forgotten_until`] of the streams that are gone.
    forgotten_until: Timestamp,
}

impl Streams {
    fn get(&self, key: &StreamKey) -> Option<&Arc<Stream>> {
        self.by_key.find(self.hasher.hash_one(key), |stream| stream.key == *key)
    }

    fn insert(&mut self, stream: Arc<Stream>) {
        let Self { by_key, hasher, in_order, .. } = self;
        in_order.push(stream.clone());
        by_key.insert_unique(hasher.hash_one(&stream.key), stream, |stream| hasher.hash_one(&stream.key));
    }
}

impl Pipeline {
    pub(crate) fn new(number: usize, came: u64, mut config: ReaderConfig) -> Self {
        config.aggregations.retain(|_, aggregation| aggregation_problem(aggregation).is_none());
        Self { number, came, config, ..Self::default() }
    }

    /// What keeps the place of a reader that was removed, so that those behind it keep theirs.
    pub(crate) fn closed() -> Self {
        Self { is_closed: true, ..Self::default() }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// True if it is new with that swap.
    pub(crate) fn came_with(&self, swap: Collection) -> bool {
        self.came == swap.number && !self.is_closed
    }

    /// True if it is the reader of that number, and has not been removed.
    pub(crate) fn is(&self, number: usize) -> bool {
        self.number == number && !self.is_closed
    }

    pub(crate) fn filter(&self) -> Option<&dyn MetricFilter> {
        self.config.filter.as_deref()
    }

    /// Takes note of a collection, or of what stands for one.
    pub(crate) fn settle(&self, now: Timestamp) {
        self.settled.store(now.0, Ordering::Relaxed);
    }

    /// True if nothing of the kind has happened for `expiry`.
    pub(crate) fn is_idle(&self, now: Timestamp, expiry: Duration) -> bool {
        now.since(Timestamp(self.settled.load(Ordering::Relaxed))) > expiry
    }

    /// How large the next frame mostly is: as the last one, or a little larger.
    pub(crate) fn sizes(&self) -> FrameSizes {
        lock(&self.sizes).and_some()
    }

    /// The frame that has been written.
    pub(crate) fn finish_frame(&self, frame: FrameBuilder) -> Frame {
        let frame = frame.finish();
        *lock(&self.sizes) = frame.sizes();
        frame
    }

    /// The identity of an instrument's stream for this reader.
    pub(crate) fn plan(
        &self,
        instrument: &Instrument,
        form: Form,
        wanted: &ResolvedStream,
        resource: &Arc<Resource>,
    ) -> StreamKey {
        let kind = instrument.kind;
        let aggregator = self.aggregator(instrument, form, wanted);
        let temporality = match aggregator {
            Aggregator::LastValue => wasmeter_model::Temporality::Cumulative,
            _ => self.config.temporality.of(kind),
        };
        let number = (!instrument.origin.is_aggregated()).then_some(instrument.number);
        StreamKey {
            resource: resource.clone(),
            scope: instrument.scope.clone(),
            name: wanted.name.clone().unwrap_or_else(|| instrument.name.clone()),
            unit: wanted.unit.clone().unwrap_or_else(|| instrument.unit.clone()),
            output: Output::of(kind, number, &aggregator, instrument.origin),
            storage: Storage::of(kind, instrument.origin, &aggregator, temporality),
            aggregator,
            temporality,
            duplicate: 0,
        }
    }

    /// The stream of a key, which one more instrument feeds from now on, made if need be for this one, that was `described` so when the
    /// Views were `asked`. One that is there stays as it is until [`Pipeline::adjust`].
    pub(crate) fn stream(
        &self,
        key: StreamKey,
        instrument: &Instrument,
        wanted: &ResolvedStream,
        described: (&Arc<str>, u64),
        now: Timestamp,
    ) -> Arc<Stream> {
        let mut streams = lock(&self.streams);
        if let Some(stream) = streams.get(&key).cloned() {
            lock(&stream.slots).feeders += 1;
            return stream;
        }
        let combine = wanted.combine_of(instrument.kind, &key.aggregator);
        let (limit, description) = (self.limit(instrument, wanted), description(wanted, described));
        let stream = Arc::new(Stream::new(key, description, combine, limit, now));
        let mut slots = lock(&stream.slots);
        slots.feeders = 1;
        slots.reservoirs = wanted.reservoirs.clone();
        slots.forgotten_until = streams.forgotten_until;
        drop(slots);
        streams.insert(stream.clone());
        stream
    }

    /// Makes a stream what the Views want of it for an instrument that feeds it.
    pub(crate) fn adjust(
        &self,
        stream: &Stream,
        instrument: &Instrument,
        wanted: &ResolvedStream,
        described: (&Arc<str>, u64),
    ) {
        let mut slots = lock(&stream.slots);
        slots.combine = wanted.combine_of(instrument.kind, &stream.key.aggregator);
        slots.limit = self.limit(instrument, wanted);
        slots.choose_reservoirs(&wanted.reservoirs);
        slots.description.hear(description(wanted, described));
    }

    fn limit(&self, instrument: &Instrument, wanted: &ResolvedStream) -> usize {
        let preferred = || self.config.cardinality_limits.get(&instrument.kind).copied();
        wanted.cardinality_limit.or_else(preferred).unwrap_or(CARDINALITY_DEFAULT).get() as usize
    }

    /// As [`Pipeline::stream`] for sources that the Views cannot have as they wish: a stream that is there stays what the
    /// Views have made of it.
    pub(crate) fn stream_as_received(
        &self,
        key: StreamKey,
        instrument: &Instrument,
        unviewed: &ResolvedStream,
        described: (&Arc<str>, u64),
        now: Timestamp,
    ) -> Arc<Stream> {
        let known = lock(&self.streams).get(&key).cloned();
        if let Some(stream) = known {
            let mut slots = lock(&stream.slots);
            // One that nothing feeds may just be going away.
            if slots.feeders > 0 {
                slots.feeders += 1;
                drop(slots);
                return stream;
            }
        }
        let stream = self.stream(key, instrument, unviewed, described, now);
        self.adjust(&stream, instrument, unviewed, described);
        stream
    }

    /// Every stream, oldest first.
    pub(crate) fn streams(&self) -> Vec<Arc<Stream>> {
        lock(&self.streams).in_order.clone()
    }

    /// Forgets the streams that nothing feeds and that have nothing left to say.
    pub(crate) fn forget_dead(&self) {
        let mut streams = lock(&self.streams);
        let Streams { by_key, hasher, in_order, forgotten_until } = &mut *streams;
        in_order.retain(|stream| {
            let slots = lock(&stream.slots);
            let is_dead = slots.is_dead();
            if is_dead {
                *forgotten_until = slots.forgotten_until.max(*forgotten_until);
                let is_it = |known: &Arc<Stream>| Arc::ptr_eq(known, stream);
                if let Ok(known) = by_key.find_entry(hasher.hash_one(&stream.key), is_it) {
                    known.remove();
                }
            }
            !is_dead
        });
    }

    fn aggregator(&self, instrument: &Instrument, form: Form, wanted: &ResolvedStream) -> Aggregator {
        if self.is_closed {
            return Aggregator::Drop;
        }
        let ResolvedStream { aggregation, approximate_buckets, .. } = wanted;
        let preferred = match (aggregation, instrument.origin) {
            (Aggregation::Default, Origin::Recorded) => self.config.aggregations.get(&instrument.kind),
            _ => Some(aggregation).filter(|wanted| can_become(form, wanted, *approximate_buckets)),
        };
        match preferred.unwrap_or(&Aggregation::Default) {
            Aggregation::Sum => Aggregator::Sum,
            Aggregation::LastValue => Aggregator::LastValue,
            Aggregation::ExplicitBucketHistogram { boundaries, record_min_max } => {
                // Exponential buckets have no bounds that could stay as received.
                let specified = || (form == Form::Exponential).then(|| BOUNDARIES_DEFAULT.into());
                let boundaries = boundaries.clone().or_else(specified);
                let approximate = *approximate_buckets && boundaries.is_some();
                Aggregator::Explicit { boundaries, record_min_max: *record_min_max, approximate }
            }
            Aggregation::Base2ExponentialBucketHistogram { max_size, max_scale, record_min_max } => {
                let (max_size, max_scale, record_min_max) = (*max_size, *max_scale, *record_min_max);
                Aggregator::Exponential { max_size, max_scale, record_min_max }
            }
            // What Views drop has no stream; this is the reader's own default.
            Aggregation::Drop => Aggregator::Drop,
            Aggregation::Default => specified(instrument.kind, form),
        }
    }
}

fn description(wanted: &ResolvedStream, (described, asked): (&Arc<str>, u64)) -> Description {
    let text = wanted.description.as_ref().unwrap_or(described).clone();
    Description::new(text, wanted.description.is_some(), asked)
}

/// What is wrong with the aggregations a reader asks for, in words for whoever configured it.
pub(crate) fn faults(config: &ReaderConfig) -> Vec<(InstrumentKind, String)> {
    let fault = |(kind, aggregation): (&InstrumentKind, &_)| Some((*kind, aggregation_problem(aggregation)?));
    let mut faults: Vec<_> = config.aggregations.iter().filter_map(fault).collect();
    faults.sort();
    faults
}

/// The specified default (conformance row G2); what is received keeps its form.
fn specified(kind: InstrumentKind, form: Form) -> Aggregator {
    match (form, kind) {
        (Form::Exponential, _) => Aggregator::Exponential {
            max_size: EXPONENTIAL_SIZE_DEFAULT,
            max_scale: EXPONENTIAL_SCALE_MAX,
            record_min_max: true,
        },
        (Form::Explicit, _) | (_, InstrumentKind::Histogram) => {
            Aggregator::Explicit { boundaries: None, record_min_max: true, approximate: false }
        }
        (_, InstrumentKind::Gauge | InstrumentKind::ObservableGauge) => Aggregator::LastValue,
        _ => Aggregator::Sum,
    }
}
