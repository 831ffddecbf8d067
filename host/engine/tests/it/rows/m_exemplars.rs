//! Exemplars of measurements.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasmeter_engine::{
    AlignedHistogramBucket, Engine, EngineConfig, Measurement, NativeView, ReaderConfig, Recorder, Reservoir,
    SimpleFixedSize, Views,
};
use wasmeter_model::frame::Frame;
use wasmeter_model::{
    Aggregation, ExemplarFilter, ExemplarReservoir, InstrumentKind as Kind, Number, NumberKind, SpanContext,
    StreamSpec, TemporalityPreference,
};

use crate::support::*;

const SAMPLED: Option<SpanContext> = Some(SpanContext { trace_id: 7, span_id: 8, is_sampled: true });
const UNSAMPLED: Option<SpanContext> = Some(SpanContext { trace_id: 7, span_id: 8, is_sampled: false });

fn filtering(exemplar_filter: ExemplarFilter, readers: &[TemporalityPreference], views: Views) -> Engine {
    let reader = |preference: &_| ReaderConfig { temporality: *preference, ..ReaderConfig::default() };
    let readers = readers.iter().map(reader).collect();
    Engine::new(EngineConfig { readers, exemplar_filter, ..EngineConfig::default() }, views, at(1))
}

fn always_on(views: Views) -> Engine {
    filtering(ExemplarFilter::AlwaysOn, &[CUMULATIVE], views)
}

fn measure(recorder: &Recorder, value: Number, set: &str, span: Option<SpanContext>, secs: u64) {
    recorder.sample(value, &attrs(set), span, at(secs));
    recorder.record(value, &attrs(set), at(secs));
}

fn reservoir(exemplar_reservoir: ExemplarReservoir) -> StreamSpec {
    StreamSpec { exemplar_reservoir, ..StreamSpec::default() }
}

fn fixed(size: u32) -> StreamSpec {
    reservoir(ExemplarReservoir::SimpleFixedSize { size: NonZeroU32::new(size).unwrap() })
}

/// Value, time, trace and attributes of each exemplar.
fn exemplars(frame: &Frame) -> Vec<(f64, u64, u128, String)> {
    let mut found = Vec::new();
    for metric in frame.metrics() {
        let points = metric.numbers().map(|row| row.point);
        let points = points.chain(metric.histograms().map(|row| row.point));
        for point in points.chain(metric.exponentials().map(|row| row.point)) {
            found.extend(point.exemplars().map(|row| {
                let secs = row.time.0 / 1_000_000_000;
                (row.value.unwrap().as_f64(), secs, row.trace_id, set_text(row.pairs()))
            }));
        }
    }
    found
}

fn values(engine: &Engine, secs: u64) -> Vec<f64> {
    exemplars(&engine.collect(0, at(secs))).into_iter().map(|(value, ..)| value).collect()
}

/// A View with reservoirs that count how many are made.
fn counted() -> (Views, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let counter = made.clone();
    let view = NativeView::with_reservoirs(
        "own",
        |_| true,
        StreamSpec::default(),
        move |series| {
            counter.fetch_add(1, Ordering::Relaxed);
            Box::new(SimpleFixedSize::new(1, series.seed))
        },
    );
    (plugins([view as _]), made)
}

#[test]
fn m1_a_measurement_is_sampled_by_filter_and_reservoir() {
    let engine = engine(&[CUMULATIVE], no_views());
    let counter = recorder(&engine, Kind::Counter, "c");
    measure(&counter, int(3), "", SAMPLED, 5);
    measure(&counter, int(1), "", None, 6);
    expect(&engine, 0, 10, &["c{} sum+ cum 4 @5..10 *3{}"]);
    expect(&engine, 0, 20, &["c{} sum+ cum 4 @5..20"]);
}

#[test]
fn m1_what_the_filter_refuses_makes_no_reservoir() {
    for (filter, span, expected) in [
        (ExemplarFilter::AlwaysOff, SAMPLED, 0),
        (ExemplarFilter::TraceBased, None, 0),
        (ExemplarFilter::TraceBased, SAMPLED, 1),
    ] {
        let (views, made) = counted();
        let engine = filtering(filter, &[CUMULATIVE], views);
        let counter = recorder(&engine, Kind::Counter, "c");
        (2..9).for_each(|secs| measure(&counter, int(1), "a=b", span, secs));
        assert_eq!(collect(&engine, 0, 10).len(), 1);
        assert_eq!(made.load(Ordering::Relaxed), expected, "{filter:?} {span:?}");
    }
}

#[test]
fn m2_point_and_exemplar_together_have_all_attributes() {
    let engine = always_on(dropping(&["user", "path"]));
    let counter = recorder(&engine, Kind::Counter, "c");
    measure(&counter, int(3), "m=GET,path=/x,user=b", SAMPLED, 5);
    let frame = engine.collect(0, at(10));
    assert_eq!(rows(&frame), ["c{m=GET} sum+ cum 3 @5..10 *3{path=/x,user=b}"]);
    assert_eq!(exemplars(&frame), [(3.0, 5, 7, "path=/x,user=b".to_owned())]);
}

#[test]
fn m2_a_computed_attribute_leaves_the_measured_one_on_the_exemplar() {
    let view = TestView::computing(|set| {
        Some(set.iter().map(|(key, _)| (key, "same")).collect::<wasmeter_model::Attributes>())
    });
    let engine = always_on(plugins([view]));
    measure(&recorder(&engine, Kind::Counter, "c"), int(1), "a=same,b=other", None, 5);
    expect(&engine, 0, 10, &["c{a=same,b=same} sum+ cum 1 @5..10 *1{b=other}"]);
}

#[test]
fn m2_what_callbacks_report_is_in_no_span() {
    for filter in [ExemplarFilter::AlwaysOn, ExemplarFilter::TraceBased] {
        let engine = filtering(filter, &[CUMULATIVE, DELTA], dropping(&["user"]));
        for kind in [Kind::ObservableCounter, Kind::ObservableGauge] {
            let observed = instrument(kind, kind.name(), NumberKind::Int);
            engine.observe(vec![observed], |o| o.observe(0, int(5), &attrs("user=b")), at(1)).unwrap();
        }
        for reader in [0, 1] {
            let frame = engine.collect(reader, at(10));
            let expected = if filter == ExemplarFilter::AlwaysOn { 2 } else { 0 };
            assert_eq!(exemplars(&frame), vec![(5.0, 10, 0, "user=b".to_owned()); expected], "{reader}");
        }
    }
}

#[test]
fn m3_always_on_always_off_and_trace_based_by_default() {
    assert_eq!(EngineConfig::default().exemplar_filter, ExemplarFilter::TraceBased);
    for (filter, admitted) in [
        (ExemplarFilter::AlwaysOn, [true, true, true]),
        (ExemplarFilter::AlwaysOff, [false, false, false]),
        (ExemplarFilter::TraceBased, [false, false, true]),
    ] {
        for (span, admitted) in [None, UNSAMPLED, SAMPLED].into_iter().zip(admitted) {
            assert_eq!(filter.admits(span), admitted);
            let engine = filtering(filter, &[CUMULATIVE], no_views());
            measure(&recorder(&engine, Kind::Counter, "c"), int(1), "", span, 5);
            assert_eq!(values(&engine, 10).len(), usize::from(admitted), "{filter:?} {span:?}");
        }
    }
}

#[test]
fn m4_every_series_of_every_reader_has_a_reservoir() {
    let engine = filtering(ExemplarFilter::AlwaysOn, &[CUMULATIVE, DELTA], no_views());
    let counter = recorder(&engine, Kind::Counter, "c");
    measure(&counter, int(1), "a=1", None, 5);
    measure(&counter, int(2), "a=2", None, 5);
    expect(&engine, 0, 10, &["c{a=1} sum+ cum 1 @5..10 *1{}", "c{a=2} sum+ cum 2 @5..10 *2{}"]);
    measure(&counter, int(4), "a=1", None, 15);
    expect(&engine, 0, 20, &["c{a=1} sum+ cum 5 @5..20 *4{}", "c{a=2} sum+ cum 2 @5..20"]);
    let delta = rows(&engine.collect(1, at(20)));
    assert!(delta[0] == "c{a=1} sum+ delta 5 @1..20 *1{}" || delta[0] == "c{a=1} sum+ delta 5 @1..20 *4{}");
    assert_eq!(delta[1], "c{a=2} sum+ delta 2 @1..20 *2{}");
}

#[test]
fn m4_an_exemplar_lies_within_the_interval_of_its_point() {
    let engine = filtering(ExemplarFilter::AlwaysOn, &[DELTA], plugins([every(fixed(9))]));
    let counter = recorder(&engine, Kind::Counter, "c");
    measure(&counter, int(1), "", None, 5);
    // The clock was read before another thread read it for a collection.
    measure(&counter, int(2), "", None, 11);
    assert_eq!(exemplars(&engine.collect(0, at(10))).iter().map(|row| row.1).collect::<Vec<_>>(), [5, 10]);
    measure(&counter, int(3), "", None, 9);
    measure(&counter, int(4), "", None, 15);
    assert_eq!(exemplars(&engine.collect(0, at(20))).iter().map(|row| row.1).collect::<Vec<_>>(), [10, 15]);
    assert_eq!(values(&engine, 30), [] as [f64; 0]);
}

#[test]
fn m4_the_overflow_has_whole_sets() {
    let one = StreamSpec { cardinality_limit: NonZeroU32::new(1), ..fixed(2) };
    let engine = always_on(plugins([every(one)]));
    let counter = recorder(&engine, Kind::Counter, "c");
    (0..3).for_each(|place| measure(&counter, int(place), &format!("a={place}"), None, 5));
    expect(
        &engine,
        0,
        10,
        &["c{a=0} sum+ cum 0 @5..10 *0{}", "c{otel.metric.overflow=true} sum+ cum 3 @5..10 *1{a=1} *2{a=2}"],
    );
}

#[test]
fn m4_only_what_is_part_of_the_point_is_sampled() {
    let engine = always_on(plugins([every(fixed(9))]));
    let recorders = [Kind::Counter, Kind::UpDownCounter, Kind::Histogram, Kind::Gauge]
        .map(|kind| engine.instrument(instrument(kind, kind.name(), NumberKind::Double), at(1)).unwrap());
    for value in [-1.0, f64::NAN, f64::INFINITY, 2.0] {
        recorders.iter().for_each(|recorder| measure(recorder, double(value), "", None, 5));
    }
    let found = exemplars(&engine.collect(0, at(10))).into_iter().map(|(value, ..)| value.to_string());
    // One instrument after the other. A gauge says what it was told.
    let expected = ["2", "-1", "2", "-1", "2", "-1", "NaN", "inf", "2"];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    let sum = plugins([every(StreamSpec { aggregation: Aggregation::Sum, ..fixed(9) })]);
    let engine = always_on(sum);
    let histogram = recorder(&engine, Kind::Histogram, "h");
    [-1, 2].into_iter().for_each(|value| measure(&histogram, int(value), "", None, 5));
    assert_eq!(values(&engine, 10), [2.0]);
}

#[test]
fn m5_a_view_chooses_among_the_built_in_reservoirs() {
    let kept = |spec: StreamSpec| {
        let engine = always_on(plugins([every(spec)]));
        let histogram = recorder(&engine, Kind::Histogram, "h");
        (0..60).for_each(|value| measure(&histogram, int(value), "", None, 5));
        values(&engine, 10).len()
    };
    assert_eq!(kept(fixed(1)), 1);
    assert_eq!(kept(fixed(7)), 7);
    assert_eq!(kept(reservoir(ExemplarReservoir::None)), 0);
    // The buckets end at 0, 5, 10, 25, 50 and 75.
    assert_eq!(kept(reservoir(ExemplarReservoir::AlignedHistogramBucket)), 6);
    let aligned = ExemplarReservoir::AlignedHistogramBucket;
    assert_eq!(kept(StreamSpec { aggregation: Aggregation::Sum, ..reservoir(aligned) }), 1);
}

#[test]
fn m6_the_default_reservoir_depends_on_the_aggregation() {
    let explicit = |bounds: &[f64]| Aggregation::ExplicitBucketHistogram {
        boundaries: Some(bounds.into()),
        record_min_max: true,
    };
    let exponential = |max_size| Aggregation::Base2ExponentialBucketHistogram {
        max_size,
        max_scale: 20,
        record_min_max: true,
    };
    for (aggregation, expected) in [
        (explicit(&[10.0, 20.0, 1000.0]), 3),
        (explicit(&[]), 1),
        (exponential(160), 20),
        (exponential(5), 5),
        (Aggregation::Sum, 1),
        (Aggregation::LastValue, 1),
        (Aggregation::Default, 6),
    ] {
        let engine = always_on(plugins([every(StreamSpec { aggregation, ..StreamSpec::default() })]));
        let histogram = recorder(&engine, Kind::Histogram, "h");
        (0..60).for_each(|value| measure(&histogram, int(value), "", None, 5));
        assert_eq!(values(&engine, 10).len(), expected);
    }
    let engine = always_on(no_views());
    for kind in [Kind::Counter, Kind::UpDownCounter, Kind::Gauge] {
        let recorder = recorder(&engine, kind, kind.name());
        (0..60).for_each(|value| measure(&recorder, int(value), "", None, 5));
    }
    assert_eq!(values(&engine, 10).len(), 3);
}

/// Keeps the largest.
struct Largest(Option<Measurement>);

impl Reservoir for Largest {
    fn offer(&mut self, measurement: &Measurement) {
        assert!(measurement.value.as_f64() < 1000.0, "too large");
        if self.0.as_ref().is_none_or(|kept| kept.value.as_f64() < measurement.value.as_f64()) {
            self.0 = Some(measurement.clone());
        }
    }

    fn collect(&mut self, export: &mut dyn FnMut(Measurement)) {
        self.0.take().into_iter().for_each(export);
    }
}

fn largest() -> Views {
    let view =
        NativeView::with_reservoirs("largest", |_| true, StreamSpec::default(), |_| Box::new(Largest(None)));
    plugins([view as _])
}

#[test]
fn m7_a_view_brings_a_reservoir_of_its_own() {
    let engine = always_on(largest());
    let histogram = recorder(&engine, Kind::Histogram, "h");
    [3, 9, 4].into_iter().for_each(|value| measure(&histogram, int(value), "", None, 5));
    assert_eq!(values(&engine, 10), [9.0]);
    measure(&histogram, int(2), "", None, 15);
    assert_eq!(values(&engine, 20), [2.0]);
}

#[test]
fn m7_a_reservoir_that_panics_is_given_up_and_told() {
    let engine = always_on(largest());
    let counter = recorder(&engine, Kind::Counter, "c");
    [1, 5000, 2].into_iter().for_each(|value| measure(&counter, int(value), "", None, 5));
    expect(&engine, 0, 10, &["c{} sum+ cum 5003 @5..10"]);
    let notices: Vec<String> = engine.notices().into_iter().map(|notice| notice.message).collect();
    let expected = "an exemplar reservoir of a View panicked; its series go on without exemplars";
    assert_eq!(notices, [expected]);
}

#[test]
fn e6_a_view_chooses_the_reservoir_for_each_aggregation() {
    let view = NativeView::with_reservoirs(
        "own",
        |_| true,
        StreamSpec::default(),
        |series| {
            assert_eq!(series.attributes, &attrs("a=b"));
            match series.aggregation {
                Aggregation::ExplicitBucketHistogram { boundaries, .. } => {
                    Box::new(AlignedHistogramBucket::new(boundaries.clone().unwrap(), series.seed))
                }
                _ => Box::new(SimpleFixedSize::new(2, series.seed)),
            }
        },
    );
    let engine = always_on(plugins([view as _]));
    for (kind, kept) in [(Kind::Histogram, 6), (Kind::Counter, 2)] {
        let recorder = recorder(&engine, kind, kind.name());
        (0..60).for_each(|value| measure(&recorder, int(value), "a=b", None, 5));
        let frame = engine.collect(0, at(10));
        assert_eq!(exemplars(&frame).len(), kept, "{kind:?}");
    }
}

#[test]
fn e6_the_last_view_to_speak_of_the_reservoir_wins() {
    let rename = every(StreamSpec { description: Some("d".into()), ..StreamSpec::default() });
    let engine = always_on(plugins([every(fixed(3)), every(fixed(2)), rename]));
    let counter = recorder(&engine, Kind::Counter, "c");
    (0..9).for_each(|value| measure(&counter, int(value), "", None, 5));
    assert_eq!(values(&engine, 10).len(), 2);
}

#[test]
fn e6_a_reservoir_that_is_too_large_is_passed_over() {
    let engine = always_on(plugins([every(fixed(2)), every(fixed(1025))]));
    let counter = recorder(&engine, Kind::Counter, "c");
    (0..9).for_each(|value| measure(&counter, int(value), "", None, 5));
    assert_eq!(values(&engine, 10).len(), 2);
    let notices: Vec<String> = engine.notices().into_iter().map(|notice| notice.message).collect();
    let expected = "view `matching`: its exemplar reservoir has the size 1025, expected at most 1024; its exemplar reservoir is passed over";
    assert_eq!(notices, [expected]);
}

#[test]
fn e8_removed_attributes_leak_on_exemplars_unless_there_are_none() {
    let removing = StreamSpec { attributes: without(&["user"]), ..StreamSpec::default() };
    let silent = StreamSpec { exemplar_reservoir: ExemplarReservoir::None, ..removing.clone() };
    let leak = "c{} sum+ cum 1 @5..10 *1{user=b}";
    let no_leak = "c{} sum+ cum 1 @5..10";
    for (filter, spec, expected) in [
        (ExemplarFilter::TraceBased, &removing, leak),
        (ExemplarFilter::AlwaysOff, &removing, no_leak),
        (ExemplarFilter::TraceBased, &silent, no_leak),
        (ExemplarFilter::AlwaysOn, &silent, no_leak),
    ] {
        let engine = filtering(filter, &[CUMULATIVE], plugins([every(spec.clone())]));
        measure(&recorder(&engine, Kind::Counter, "c"), int(1), "user=b", SAMPLED, 5);
        expect(&engine, 0, 10, &[expected]);
        let received = Otlp::of("").exemplified("c", ("user=b", 5, 8, int(1)), &[("", 7, int(1))]).frame();
        let engine = filtering(filter, &[CUMULATIVE], plugins([every(spec.clone())]));
        engine.ingest(&received, at(9));
        expect(&engine, 0, 10, &[expected]);
    }
    // From the moment a View says so: what was sampled before is not exported any more.
    let engine = always_on(plugins([every(removing)]));
    measure(&recorder(&engine, Kind::Counter, "c"), int(1), "user=b", None, 5);
    engine.swap(plugins([every(silent)]), at(6)).unwrap();
    expect(&engine, 0, 10, &[no_leak]);
}

#[test]
fn e8_the_documentation_warns() {
    let documentation = include_str!("../../../src/exemplar/mod.rs");
    assert!(documentation.contains("An exemplar has the attributes that Views removed from its series."));
    assert!(documentation.contains("ExemplarReservoir::None") && documentation.contains("AlwaysOff"));
}
