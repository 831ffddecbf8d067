//! What comes between two chunks of a collection, of which each is one place or one source here.

mod filters;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use wasmeter_model::frame::{
    Frame, FrameBuilder, MetricRow, NO_RECORDED_VALUE, NumberRow, PointHeader, PointKind, PointRef,
    SummaryRow,
};
use wasmeter_model::limits::Limits;
use wasmeter_model::{
    AttributeRule, InstrumentKind, Number, Pattern, StreamSpec, Temporality, TemporalityPreference, Timestamp,
};

use crate::filter::{AttributesFilterResult, MetricFilter, MetricFilterResult, MetricStream};
use crate::{Engine, EngineConfig, NativeView, ReaderConfig, Views};

const SETS: u64 = 6;

/// A point of a sum; without a value it ends its series.
#[derive(Clone, Copy)]
struct Sent {
    set: u64,
    start: u64,
    time: u64,
    value: Option<i64>,
}

fn request(temporality: Temporality, monotonic: bool, points: &[Sent]) -> Frame {
    let mut frame = FrameBuilder::new();
    let none = frame.attributes(&[("service", "s")].into_iter().collect());
    frame.resource(none, "", 0);
    let none = frame.attributes(&Default::default());
    frame.scope("scope", "", "", none, 0);
    let (kind, temporality) = (PointKind::Sum, Some(temporality));
    frame.metric(MetricRow { name: "m", description: "", unit: "", kind, temporality, monotonic }, none);
    for point in points {
        let attributes = frame.attributes(&[("set", point.set as i64)].into_iter().collect());
        let flags = if point.value.is_none() { NO_RECORDED_VALUE } else { 0 };
        let (start, time) = (Timestamp(point.start), Timestamp(point.time));
        let header = PointHeader { attributes, start, time, flags };
        frame.number(NumberRow { header, value: point.value.map(Number::Int) });
    }
    frame.finish()
}

fn engine(readers: Vec<ReaderConfig>, views: Views) -> Engine {
    let limits = Limits { collection_threads_max: NonZeroUsize::new(3).unwrap(), ..Limits::default() };
    Engine::new(EngineConfig { readers, limits, ..EngineConfig::default() }, views, Timestamp(1))
}

fn reader(temporality: TemporalityPreference, limit: u32) -> ReaderConfig {
    let limit = std::num::NonZeroU32::new(limit).unwrap();
    let cardinality_limits = InstrumentKind::ALL.map(|kind| (kind, limit)).into();
    ReaderConfig { temporality, cardinality_limits, ..ReaderConfig::default() }
}

/// Collects, with `step` between any two chunks.
fn collect(engine: &Engine, reader: usize, now: u64, step: impl FnMut() + Send + 'static) -> Frame {
    *engine.inner.between_chunks.lock().unwrap() = Some(Box::new(step));
    let frame = engine.collect(reader, Timestamp(now));
    *engine.inner.between_chunks.lock().unwrap() = None;
    frame
}

/// The number of a set; `None` is the overflow.
fn set_of(point: PointRef<'_>) -> Option<u64> {
    point.pairs().find_map(|(key, value)| match (key, value) {
        ("set", wasmeter_model::ValueRef::Int(set)) => Some(set.cast_unsigned()),
        _ => None,
    })
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Senders of deltas.
struct Senders {
    random: Random,
    clock: u64,
    /// Until when each series has been told.
    told: BTreeMap<u64, u64>,
    sent: BTreeMap<u64, i64>,
}

impl Senders {
    fn new(seed: u64) -> Self {
        Self { random: Random(seed), clock: 10, told: BTreeMap::new(), sent: BTreeMap::new() }
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// Points of some series, or the ends of some.
    fn send(&mut self, engine: &Engine, may_end: bool) {
        let sets: BTreeSet<u64> = (0..=self.random.below(3)).map(|_| self.random.below(SETS)).collect();
        let (time, is_end) = (self.tick(), may_end && self.random.below(6) == 0);
        let points = sets.into_iter().map(|set| {
            let start = self.told.insert(set, time).unwrap_or(time - 1);
            let value = (!is_end).then(|| 1 + self.random.below(1000).cast_signed());
            *self.sent.entry(set).or_default() += value.unwrap_or(0);
            Sent { set, start, time, value }
        });
        let points: Vec<_> = points.collect();
        let report = engine.ingest(&request(Temporality::Delta, true, &points), Timestamp(time));
        assert_eq!(
            (report.accepted, report.rejected.len()),
            (points.len() as u64, 0),
            "{:?}",
            report.rejected
        );
    }
}

/// What a reader has been given.
#[derive(Default)]
struct Seen {
    /// Until when.
    until: BTreeMap<Option<u64>, u64>,
    /// Deltas together, or the total of series that have ended.
    past: BTreeMap<Option<u64>, i64>,
    /// Totals that go on.
    totals: BTreeMap<Option<u64>, i64>,
}

impl Seen {
    fn take(&mut self, frame: &Frame, now: u64, is_delta: bool) {
        let (mut values, mut ends) = (BTreeSet::new(), BTreeSet::new());
        for row in frame.metrics().flat_map(|metric| metric.numbers().collect::<Vec<_>>()) {
            let (set, start, time) = (set_of(row.point), row.point.start().0, row.point.time().0);
            if row.point.is_ended() {
                assert!(ends.insert(set), "{set:?} ends twice at {now}");
                *self.past.entry(set).or_default() += self.totals.remove(&set).unwrap_or(0);
                continue;
            }
            assert!(values.insert(set) && !ends.contains(&set), "{set:?} is there twice at {now}");
            assert!(start <= time && time <= now, "{start} to {time} at {now}");
            let Some(Number::Int(value)) = row.value else { panic!("integers were sent") };
            if is_delta {
                let until = self.until.insert(set, time).unwrap_or(0);
                assert!(until <= start, "{set:?} from {start}, but was told until {until}");
                *self.past.entry(set).or_default() += value;
            } else {
                let before = self.totals.insert(set, value).unwrap_or(0);
                assert!(before <= value, "{set:?} shrinks from {before} to {value} at {now}");
            }
        }
    }

    fn together(self) -> BTreeMap<Option<u64>, i64> {
        let mut all = self.past;
        for (set, total) in self.totals {
            *all.entry(set).or_default() += total;
        }
        all.retain(|_, total| *total > 0);
        all
    }
}

/// Collections of two readers with requests at random in between, and what each has been given in the end.
fn history(seed: u64, limit: u32, may_end: bool) -> (Senders, [Seen; 2]) {
    let readers = [TemporalityPreference::Delta, TemporalityPreference::Cumulative];
    let engine = engine(readers.map(|temporality| reader(temporality, limit)).into(), Views::default());
    let senders = Arc::new(Mutex::new(Senders::new(seed)));
    // So that there is something to begin with.
    (0..4).for_each(|_| senders.lock().unwrap().send(&engine, false));
    let mut seen = [Seen::default(), Seen::default()];
    for round in 0..60 {
        for (reader, seen) in seen.iter_mut().enumerate() {
            let (theirs, to) = (senders.clone(), engine.clone());
            let now = senders.lock().unwrap().tick();
            let odds = senders.lock().unwrap().random.below(4);
            let frame = collect(&engine, reader, now, move || {
                let mut senders = theirs.lock().unwrap();
                if round < 58 && senders.random.below(4) < odds {
                    senders.send(&to, may_end);
                }
            });
            seen.take(&frame, now, reader == 0);
        }
    }
    let senders = std::mem::replace(&mut *senders.lock().unwrap(), Senders::new(0));
    (senders, seen)
}

#[test]
fn what_comes_between_chunks_is_in_exactly_one_collection() {
    for seed in 0..40 {
        let (senders, seen) = history(seed, 100, false);
        let sent: BTreeMap<_, _> = senders.sent.into_iter().map(|(set, sum)| (Some(set), sum)).collect();
        assert!(sent.len() > 1, "something came in between");
        for seen in seen {
            assert_eq!(seen.together(), sent, "seed {seed}");
        }
    }
}

#[test]
fn series_that_end_and_begin_between_chunks_lose_nothing() {
    for seed in 0..40 {
        let (senders, seen) = history(seed, 100, true);
        let mut sent: BTreeMap<_, _> = senders.sent.into_iter().map(|(set, sum)| (Some(set), sum)).collect();
        sent.retain(|_, sum| *sum > 0);
        for seen in seen {
            assert_eq!(seen.together(), sent, "seed {seed}");
        }
    }
}

#[test]
fn what_is_beyond_the_limit_between_chunks_is_in_the_overflow() {
    for seed in 0..40 {
        let (senders, seen) = history(seed, 3, true);
        for seen in seen {
            let together = seen.together();
            assert!(together.contains_key(&None), "there is an overflow");
            assert_eq!(together.values().sum::<i64>(), senders.sent.values().sum::<i64>(), "seed {seed}");
        }
    }
}

/// Lets half of the series pass.
struct EvenSets;

impl MetricFilter for EvenSets {
    fn test_metric(&self, _: MetricStream<'_>) -> MetricFilterResult {
        MetricFilterResult::AcceptPartial
    }

    fn test_attributes(
        &self,
        _: MetricStream<'_>,
        attributes: &wasmeter_model::Attributes,
    ) -> AttributesFilterResult {
        let even: Vec<wasmeter_model::Attributes> =
            (0..SETS).step_by(2).map(|set| [("set", set as i64)].into_iter().collect()).collect();
        if even.contains(attributes) { AttributesFilterResult::Accept } else { AttributesFilterResult::Drop }
    }
}

/// A stream of which nothing passed is gone through as well; what comes to it meanwhile must not go with that.
#[test]
fn what_comes_to_a_stream_that_had_nothing_to_export_is_in_the_next_collection() {
    for filter in [None, Some(Arc::new(EvenSets) as Arc<dyn MetricFilter>)] {
        for seed in 0..40 {
            let config = ReaderConfig { filter: filter.clone(), ..reader(TemporalityPreference::Delta, 100) };
            let engine = engine(vec![config], Views::default());
            let senders = Arc::new(Mutex::new(Senders::new(seed)));
            for _ in 0..4 {
                senders.lock().unwrap().send(&engine, false);
            }
            let mut seen = Seen::default();
            for round in 0..30 {
                let (theirs, to) = (senders.clone(), engine.clone());
                let now = senders.lock().unwrap().tick();
                let mut steps = 0;
                let frame = collect(&engine, 0, now, move || {
                    steps += 1;
                    let mut senders = theirs.lock().unwrap();
                    // Mostly there is nothing when the collection begins.
                    if round < 28 && steps < 20 && senders.random.below(3) == 0 {
                        senders.send(&to, false);
                    }
                });
                seen.take(&frame, now, true);
            }
            let sent = std::mem::take(&mut senders.lock().unwrap().sent).into_iter();
            let passing = sent.filter(|(set, _)| filter.is_none() || set % 2 == 0);
            let sent: BTreeMap<_, _> = passing.map(|(set, sum)| (Some(set), sum)).collect();
            assert_eq!(seen.together(), sent, "seed {seed}");
        }
    }
}

/// Received totals of something that goes up and down, as one request.
fn levels(values: &[i64], time: u64) -> Frame {
    let point = |(set, value): (u64, &i64)| Sent { set, start: 1, time, value: Some(*value) };
    let points: Vec<_> = (0..).zip(values).map(point).collect();
    request(Temporality::Cumulative, false, &points)
}

#[test]
fn a_level_that_changes_between_chunks_is_the_one_before_or_the_one_after() {
    let engine = engine(vec![reader(TemporalityPreference::Cumulative, 100)], Views::default());
    engine.ingest(&levels(&[100; 4], 10), Timestamp(10));
    let (to, mut level) = (engine.clone(), 100);
    let frame = collect(&engine, 0, 11, move || {
        level += 1;
        to.ingest(&levels(&[level; 4], level.cast_unsigned()), Timestamp(11));
    });
    let values: Vec<_> = frame.metrics().flat_map(|metric| metric.numbers().collect::<Vec<_>>()).collect();
    let values: Vec<_> = values.iter().filter_map(|row| row.value?.as_f64().into()).collect();
    assert!(values.len() == 4 && values.is_sorted() && values[0] < values[3], "{values:?}");
}

#[test]
fn the_end_of_one_of_several_writers_between_chunks_leaves_the_series_in_the_frame() {
    for at in 1..10 {
        let engine = engine(vec![reader(TemporalityPreference::Cumulative, 100)], Views::default());
        let send = |engine: &Engine, set, start, time, value| {
            let point = Sent { set, start, time, value };
            engine.ingest(&request(Temporality::Cumulative, false, &[point]), Timestamp(20));
        };
        for (set, start, value) in [(1, 1, 5), (2, 1, 5), (2, 2, 3)] {
            send(&engine, set, start, 10, Some(value));
        }
        // The older one spoke again, so it is no predecessor.
        send(&engine, 2, 1, 11, Some(5));
        assert_eq!(engine.collect(0, Timestamp(21)).point_count(), 2);
        let (to, mut steps) = (engine.clone(), 0);
        let frame = collect(&engine, 0, 22, move || {
            steps += 1;
            if steps == at {
                send(&to, 2, 2, 12, None);
            }
        });
        let rows: Vec<_> = frame.metrics().flat_map(|metric| metric.numbers().collect::<Vec<_>>()).collect();
        let values: Vec<_> = rows.iter().map(|row| row.value).collect();
        assert!(values.len() == 2 && values.iter().all(Option::is_some), "at step {at}: {values:?}");
    }
}

/// What one request says of series that a View makes one of is in it as a whole.
#[test]
fn levels_of_one_request_that_are_one_series_are_never_torn() {
    let exclude = AttributeRule::Exclude(vec![Pattern::new("set")]);
    let spec = StreamSpec { attributes: vec![exclude], ..StreamSpec::default() };
    let views = Views { plugins: vec![NativeView::new("one", |_| true, spec)], ..Views::default() };
    let engine = engine(vec![reader(TemporalityPreference::Cumulative, 100)], views);
    engine.ingest(&levels(&[5, -5, 1, -1], 10), Timestamp(10));
    for round in 1..10 {
        let (to, mut steps) = (engine.clone(), 0);
        let now = 20 * round;
        let frame = collect(&engine, 0, now, move || {
            steps += 1;
            let values = [steps, -steps, 2 * steps, -2 * steps];
            to.ingest(&levels(&values, now + steps.cast_unsigned()), Timestamp(now));
        });
        let rows: Vec<_> = frame.metrics().flat_map(|metric| metric.numbers().collect::<Vec<_>>()).collect();
        let values: Vec<_> = rows.iter().map(|row| row.value).collect();
        assert_eq!(values, [Some(Number::Int(0))]);
    }
}

/// A summary, whose count says when it was sent.
fn summary(time: u64) -> Frame {
    let mut frame = FrameBuilder::new();
    let none = frame.attributes(&Default::default());
    frame.resource(none, "", 0);
    frame.scope("scope", "", "", none, 0);
    let (kind, temporality) = (PointKind::Summary, Some(Temporality::Cumulative));
    frame.metric(
        MetricRow { name: "s", description: "", unit: "", kind, temporality, monotonic: false },
        none,
    );
    let header = PointHeader { attributes: none, start: Timestamp(1), time: Timestamp(time), flags: 0 };
    frame.summary(SummaryRow { header, count: time, sum: 0.0, quantiles: &[(0.5, 1.0)] });
    frame.finish()
}

#[test]
fn summaries_are_taken_in_while_streams_are_collected() {
    let engine = engine(vec![ReaderConfig::default()], Views::default());
    engine.ingest(&summary(5), Timestamp(5));
    let points: Vec<_> = (0..4).map(|set| Sent { set, start: 1, time: 5, value: Some(1) }).collect();
    engine.ingest(&request(Temporality::Cumulative, true, &points), Timestamp(5));
    let (sender, mut time) = (engine.clone(), 10);
    let counts = |frame: &Frame| -> Vec<_> {
        let summaries = frame.metrics().flat_map(|metric| metric.summaries().collect::<Vec<_>>());
        summaries.map(|row| row.count).collect()
    };
    // Each chunk of sums comes before the summaries or after them, and none of them waits.
    let frame = collect(&engine, 0, 20, move || {
        time += 1;
        assert!(sender.inner.summaries.try_lock().is_ok(), "whoever sends a summary would wait");
        assert_eq!(sender.ingest(&summary(time), Timestamp(time)).rejected_points(), 0);
    });
    let [said] = counts(&frame)[..] else { panic!("one summary") };
    let frame = collect(&engine, 0, 30, || {});
    let [later] = counts(&frame)[..] else { panic!("one summary") };
    assert!(said >= 5 && later > said, "{said}, then {later}");
}

/// Totals of several metrics of several services, as one request; the n-th metric of a service has n series more than the first.
fn services(value: i64, time: u64) -> Frame {
    let mut frame = FrameBuilder::new();
    for service in ["shop", "depot", "bank"] {
        let attributes = frame.attributes(&[("service", service)].into_iter().collect());
        frame.resource(attributes, "", 0);
        let none = frame.attributes(&Default::default());
        for scope in ["one", "two"] {
            frame.scope(scope, "", "", none, 0);
            for (metric, name) in ["a", "b", "c"].into_iter().enumerate() {
                let (kind, temporality) = (PointKind::Sum, Some(Temporality::Cumulative));
                let row = MetricRow { name, description: "", unit: "", kind, temporality, monotonic: true };
                frame.metric(row, none);
                for set in 0..=3 * metric {
                    let attributes = frame.attributes(&[("set", set as i64)].into_iter().collect());
                    let (start, time) = (Timestamp(1), Timestamp(time));
                    let header = PointHeader { attributes, start, time, flags: 0 };
                    frame.number(NumberRow { header, value: Some(Number::Int(value + set as i64)) });
                }
            }
        }
    }
    frame.finish()
}

/// Everything a frame says, a line for each point.
fn lines(frame: &Frame) -> Vec<String> {
    let metrics = frame.metrics().flat_map(|metric| {
        let (scope, resource) = (metric.scope(), metric.scope().resource());
        let owner = format!("{:?} {}", frame.pairs(resource.attributes()).collect::<Vec<_>>(), scope.name());
        let points = metric.numbers().map(move |row| {
            let pairs: Vec<_> = row.point.pairs().collect();
            format!("{owner} {} {pairs:?} {:?} {:?}", metric.name(), row.point.start(), row.value)
        });
        points.collect::<Vec<_>>()
    });
    metrics.collect()
}

/// In tests of the crate a series is enough for a thread.
#[test]
fn what_several_threads_have_written_is_one_frame_in_order() {
    let engine = engine(vec![reader(TemporalityPreference::Cumulative, 100)], Views::default());
    let sent = services(5, 10);
    assert_eq!(engine.ingest(&sent, Timestamp(10)).rejected_points(), 0);
    engine.ingest(&summary(10), Timestamp(10));
    let frame = engine.collect(0, Timestamp(20));
    let summaries = frame.metrics().map(|metric| metric.summaries().len()).sum::<usize>();
    assert_eq!((lines(&frame), summaries), (lines(&sent), 1));
    assert_eq!(
        (frame.resources.attributes.len(), frame.scopes.resource.as_slice()),
        (4, &[0, 0, 1, 1, 2, 2, 3][..])
    );
    assert_eq!(frame.check(), Ok(()));
}

#[test]
fn what_comes_while_several_threads_write_is_in_this_collection_or_the_next() {
    let readers = [TemporalityPreference::Delta, TemporalityPreference::Cumulative];
    let engine = engine(readers.map(|temporality| reader(temporality, 100)).into(), Views::default());
    engine.ingest(&services(0, 10), Timestamp(10));
    let sum = |frame: &Frame| -> i64 {
        let rows = frame.metrics().flat_map(|metric| metric.numbers().collect::<Vec<_>>());
        rows.map(|row| if let Some(Number::Int(value)) = row.value { value } else { 0 }).sum()
    };
    let (sender, mut value) = (engine.clone(), 0);
    let (mut deltas, mut totals) = (0, 0);
    for round in 1..20_u64 {
        for reader in 0..2 {
            let (sender, last) = (sender.clone(), value);
            let (sent, received) = std::sync::mpsc::channel();
            let mut steps = 0;
            let now = 100 * round + 40 * reader as u64;
            let frame = collect(&engine, reader, now, move || {
                steps += 1;
                if steps < 5 {
                    let time = now - 30 + steps;
                    sender.ingest(&services(last + steps.cast_signed(), time), Timestamp(time));
                    sent.send(last + steps.cast_signed()).unwrap();
                }
            });
            value = received.try_iter().last().unwrap_or(value);
            if reader == 0 {
                deltas += sum(&frame);
            } else {
                assert!(sum(&frame) >= totals);
                totals = sum(&frame);
            }
        }
    }
    deltas += sum(&engine.collect(0, Timestamp(10_000)));
    let total = sum(&engine.collect(1, Timestamp(10_001)));
    assert_eq!((deltas, total), (total, sum(&services(value, 1))));
    assert!(value > 20);
}
