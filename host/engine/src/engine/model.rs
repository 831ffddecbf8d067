//! Whole engines under a model checker: a few operations on two or three threads, in every interleaving of their locks and of what
//! cells are made of, with up to three preemptions of two threads, or two of three. Long random histories are the business of `tests/it/oracle`.
//!
//! Each of these changes has been made, one at a time, and was noticed by at least one of the tests:
//!
//! - `State::fetch_last`: totals fetched by the routes of a histogram, which cannot take them; nothing fetched before a swap.
//! - `Inner::collect_observed`: no lock of `control`. `Inner::entry`: no second look under the lock that makes the instrument.
//! - `Slots::pass`: the series of a delta stream forgotten together with the end of its collection.

use std::sync::Arc;

use loom::thread as checked;
use wasmeter_model::frame::{Frame, FrameBuilder, MetricRow, NumberRow, PointHeader, PointKind};
use wasmeter_model::{
    Advisory, Aggregation, AttributeRule, Attributes, Instrument, InstrumentKind, Number, NumberKind, Origin,
    Pattern, Resource, Scope, StreamSpec, Temporality, TemporalityPreference, Timestamp,
};

use super::{Engine, EngineConfig};
use crate::{NativeView, ReaderConfig, Recorder, Views};

/// Runs `body`, which has so many threads, through every interleaving of them.
fn explore(threads: usize, body: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound.get_or_insert(if threads > 2 { 2 } else { 3 });
    model.max_branches = 10_000;
    model.check(body);
}

const NOW: Timestamp = Timestamp::from_secs(2);
const DELTA: TemporalityPreference = TemporalityPreference::Delta;
const CUMULATIVE: TemporalityPreference = TemporalityPreference::Cumulative;

fn engine(readers: &[TemporalityPreference]) -> Engine {
    let reader = |temporality: &_| ReaderConfig { temporality: *temporality, ..ReaderConfig::default() };
    let readers = readers.iter().map(reader).collect();
    let config = EngineConfig { readers, ..EngineConfig::default() };
    Engine::new(config, Views::default(), Timestamp::from_secs(1))
}

fn instrument(kind: InstrumentKind) -> Instrument {
    Instrument {
        name: "measured".into(),
        description: "".into(),
        unit: "1".into(),
        kind,
        number: NumberKind::Int,
        origin: Origin::Recorded,
        scope: Arc::new(Scope::default()),
        resource: Arc::new(Resource::default()),
        advisory: Advisory::default(),
    }
}

fn recorder(engine: &Engine, kind: InstrumentKind) -> Recorder {
    engine.instrument(instrument(kind), NOW).unwrap()
}

/// One View for everything.
fn view(spec: StreamSpec) -> Views {
    Views { plugins: vec![NativeView::new("all", |_| true, spec)], ..Views::default() }
}

/// The same kind of series, but others.
fn without_attributes() -> Views {
    let exclude = AttributeRule::Exclude(vec![Pattern::new("*")]);
    view(StreamSpec { attributes: vec![exclude], ..StreamSpec::default() })
}

/// Series of another kind.
fn as_histogram() -> Views {
    let aggregation =
        Aggregation::ExplicitBucketHistogram { boundaries: Some([5.0].into()), record_min_max: true };
    view(StreamSpec { aggregation, ..StreamSpec::default() })
}

fn set() -> Attributes {
    [("a", 1i64)].into_iter().collect()
}

/// Records powers of ten, so that a sum tells which of them are in it, and how often.
fn record(recorder: &Recorder, values: &[i64]) {
    for value in values {
        recorder.record(Number::Int(*value), &set(), NOW);
    }
}

fn collect(engine: &Engine, reader: usize) -> i64 {
    sums(&engine.collect(reader, NOW)).into_iter().sum()
}

/// What is in each series that has a value.
fn sums(frame: &Frame) -> Vec<i64> {
    let mut sums = Vec::new();
    for metric in frame.metrics() {
        for row in metric.numbers().filter(|row| !row.point.is_ended()) {
            let Some(Number::Int(value)) = row.value else { panic!("an integer was recorded") };
            sums.push(value);
        }
        for row in metric.histograms().filter(|row| !row.point.is_ended()) {
            let sum = row.sum.unwrap() as i64;
            let digits = sum.to_string().bytes().map(|digit| u64::from(digit - b'0')).sum::<u64>();
            assert_eq!(digits, row.count, "count and sum are of the same measurements");
            sums.push(sum);
        }
    }
    sums
}

#[test]
fn what_is_recorded_while_two_readers_collect_both_collect_once() {
    explore(3, || {
        let engine = engine(&[DELTA, CUMULATIVE]);
        let counter = recorder(&engine, InstrumentKind::Counter);
        let recording = checked::spawn(move || record(&counter, &[1, 10]));
        let theirs = engine.clone();
        let collecting = checked::spawn(move || collect(&theirs, 1));
        let first = collect(&engine, 0);
        recording.join().unwrap();
        let total = collecting.join().unwrap();
        assert!([0, 1, 11].contains(&first) && [0, 1, 11].contains(&total), "{first} and {total}");
        assert_eq!((first + collect(&engine, 0), collect(&engine, 1)), (11, 11));
    });
}

#[test]
fn a_set_that_two_threads_record_first_is_one_series() {
    explore(3, || {
        let engine = engine(&[CUMULATIVE]);
        let recording = [[1], [10]].map(|values| {
            let engine = engine.clone();
            // The instrument is made by both as well.
            checked::spawn(move || record(&recorder(&engine, InstrumentKind::Counter), &values))
        });
        recording.into_iter().for_each(|thread| thread.join().unwrap());
        let frame = engine.collect(0, NOW);
        assert_eq!(sums(&frame), [11]);
    });
}

/// One thread records, the other swaps. What is recorded before the swap goes to the series before, what is recorded after it to the
/// one after, and all else to one of them.
fn each_measurement_counts_once(after: fn() -> Views, kind: InstrumentKind) {
    explore(2, move || {
        let engine = engine(&[DELTA]);
        let recorder = recorder(&engine, kind);
        record(&recorder, &[1]);
        let theirs = recorder.clone();
        let recording = checked::spawn(move || record(&theirs, &[10]));
        engine.swap(after(), NOW).unwrap();
        record(&recorder, &[100]);
        recording.join().unwrap();
        let mut sums = sums(&engine.collect(0, NOW));
        sums.sort_unstable();
        assert!([[1, 110], [11, 100]].contains(&sums[..].try_into().unwrap()), "{sums:?}");
    });
}

#[test]
fn a_measurement_counts_once_while_views_give_it_another_series() {
    each_measurement_counts_once(without_attributes, InstrumentKind::Counter);
}

#[test]
fn a_measurement_counts_once_while_views_make_a_sum_a_histogram() {
    each_measurement_counts_once(as_histogram, InstrumentKind::Counter);
}

#[test]
fn a_measurement_counts_once_while_views_make_a_histogram_a_sum() {
    let sum = || view(StreamSpec { aggregation: Aggregation::Sum, ..StreamSpec::default() });
    each_measurement_counts_once(sum, InstrumentKind::Histogram);
}

/// The series lives on through a swap that does not concern it, so its total never falls.
#[test]
fn a_total_never_falls_while_views_are_swapped() {
    explore(3, || {
        let engine = engine(&[CUMULATIVE]);
        let counter = recorder(&engine, InstrumentKind::Counter);
        record(&counter, &[1]);
        let recording = checked::spawn(move || record(&counter, &[10]));
        let swapped = engine.clone();
        let swapping = checked::spawn(move || swapped.swap(Views::default(), NOW).unwrap());
        let totals = [collect(&engine, 0), collect(&engine, 0)];
        assert!([[1, 1], [1, 11], [11, 11]].contains(&totals), "{totals:?}");
        recording.join().unwrap();
        swapping.join().unwrap();
        assert_eq!(collect(&engine, 0), 11);
    });
}

#[test]
fn a_gauge_ends_with_the_last_value() {
    explore(3, || {
        let engine = engine(&[CUMULATIVE]);
        let gauge = recorder(&engine, InstrumentKind::Gauge);
        let recording = checked::spawn(move || record(&gauge, &[1, 10]));
        let swapped = engine.clone();
        let swapping = checked::spawn(move || swapped.swap(without_attributes(), NOW).unwrap());
        collect(&engine, 0);
        recording.join().unwrap();
        swapping.join().unwrap();
        let last = engine.collect(0, NOW);
        let live = last.metrics().flat_map(|metric| metric.numbers().collect::<Vec<_>>());
        let live: Vec<_> = live.filter(|row| row.point.pairs().len() == 0).map(|row| row.value).collect();
        assert_eq!(live, [Some(Number::Int(10))]);
    });
}

/// What callbacks report is the reader's own, whoever else collects.
#[test]
fn readers_that_collect_at_once_each_have_what_callbacks_report() {
    explore(2, || {
        let engine = engine(&[CUMULATIVE, CUMULATIVE]);
        let observable = instrument(InstrumentKind::ObservableCounter);
        let callback = engine
            .observe(vec![observable], |observer| observer.observe(0, Number::Int(10), &set()), NOW)
            .unwrap();
        let theirs = engine.clone();
        let collecting = checked::spawn(move || collect(&theirs, 1));
        assert_eq!(collect(&engine, 0), 10);
        engine.unregister(callback);
        let other = collecting.join().unwrap();
        assert!([0, 10].contains(&other), "{other}: before or after it was removed");
        assert_eq!(engine.collect(0, NOW).point_count(), 0, "it is not called any more");
    });
}

/// What is recorded while a reader comes is whole for the one that was there; the new one has what came after it.
#[test]
fn what_is_recorded_while_a_reader_comes_is_lost_to_nobody_who_was_there() {
    explore(2, || {
        let engine = engine(&[DELTA]);
        let counter = recorder(&engine, InstrumentKind::Counter);
        record(&counter, &[1]);
        let recording = {
            let counter = counter.clone();
            checked::spawn(move || record(&counter, &[10, 100]))
        };
        let mut prepared = engine.prepare_swap(Views::default()).unwrap();
        prepared.add_reader(ReaderConfig { temporality: DELTA, ..ReaderConfig::default() });
        assert_eq!(engine.commit_swap(prepared, NOW).readers, [1]);
        recording.join().unwrap();
        record(&counter, &[1000]);
        assert_eq!(collect(&engine, 0), 1111);
        let new = collect(&engine, 1);
        assert!([1000, 1100, 1110].contains(&new), "{new}: what came after the swap");
        let mut prepared = engine.prepare_swap(Views::default()).unwrap();
        prepared.remove_reader(0);
        engine.commit_swap(prepared, NOW);
        record(&counter, &[1]);
        assert_eq!((collect(&engine, 0), collect(&engine, 1)), (0, 1));
    });
}

/// What is recorded while one reader takes the place of another is with the one or with the other.
#[test]
fn what_is_recorded_while_a_reader_replaces_another_is_with_one_of_them() {
    explore(2, || {
        let engine = engine(&[DELTA]);
        let counter = recorder(&engine, InstrumentKind::Counter);
        record(&counter, &[1]);
        let recording = checked::spawn(move || record(&counter, &[10, 100]));
        let mut prepared = engine.prepare_swap(Views::default()).unwrap();
        prepared.remove_reader(0);
        prepared.add_reader(ReaderConfig { temporality: DELTA, ..ReaderConfig::default() });
        let report = engine.commit_swap(prepared, NOW);
        recording.join().unwrap();
        let last: i64 = report.last.iter().flat_map(sums).sum();
        assert_eq!(last + collect(&engine, 1), 111, "{last} with the one that went");
    });
}

/// A received point of each of two series; a sum of their values tells which of them are in it.
fn received(time: u64, values: [i64; 2]) -> Frame {
    let mut frame = FrameBuilder::new();
    let none = frame.attributes(&Attributes::empty());
    frame.resource(none, "", 0);
    frame.scope("", "", "", none, 0);
    let (kind, temporality) = (PointKind::Sum, Some(Temporality::Delta));
    let row = MetricRow { name: "sent", description: "", unit: "", kind, temporality, monotonic: true };
    frame.metric(row, none);
    for (set, value) in (0i64..).zip(values) {
        let attributes = frame.attributes(&[("a", set)].into_iter().collect());
        let (start, time) = (Timestamp::from_secs(time - 1), Timestamp::from_secs(time));
        let header = PointHeader { attributes, start, time, flags: 0 };
        frame.number(NumberRow { header, value: Some(Number::Int(value)) });
    }
    frame.finish()
}

/// A collection lets go of a stream after each of its series here. What is received then is in it, or in the next one.
fn what_is_received_between_chunks_counts_once(reader: TemporalityPreference) {
    explore(2, move || {
        let engine = engine(&[reader]);
        engine.ingest(&received(2, [1, 10]), NOW);
        let theirs = engine.clone();
        let receiving = checked::spawn(move || {
            let report = theirs.ingest(&received(3, [100, 1000]), NOW);
            assert_eq!(report.accepted, 2);
        });
        let first = collect(&engine, 0);
        receiving.join().unwrap();
        let second = collect(&engine, 0);
        assert!([11, 111, 1011, 1111].contains(&first), "{first}");
        assert_eq!(if reader == DELTA { first + second } else { second }, 1111);
    });
}

#[test]
fn deltas_that_are_received_between_chunks_are_in_one_collection() {
    what_is_received_between_chunks_counts_once(DELTA);
}

#[test]
fn totals_of_what_is_received_between_chunks_are_whole_in_the_end() {
    what_is_received_between_chunks_counts_once(CUMULATIVE);
}
