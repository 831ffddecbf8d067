//! What is converted is the same in another unit, and what cannot be is left alone.

use std::borrow::Cow;

use wasmeter_guest::frame::{
    Buckets, Exemplar, ExponentialHistogram, Frame, FrameBuilder, Histogram, Metric, MetricKind, Number,
    Point, PointData, Resource, Summary, Temporality,
};
use wasmeter_guest::testing::{ProcessorHarness, take_logs};
use wasmeter_guest::{Attributes, Outcome, Scope};

use super::UnitConvert;
use crate::config::Config;

const MS: &str = r#"{"rules": [{"from": "ms", "to": "s"}]}"#;

fn processor(config: &str) -> ProcessorHarness<UnitConvert> {
    ProcessorHarness::new(config)
}

/// One metric with one point and an exemplar of 250.
fn frame(unit: &str, kind: MetricKind, data: PointData<'_>) -> Frame {
    let mut frame = FrameBuilder::new();
    frame.resource(&Resource::default());
    frame.scope(&Scope::default(), 0);
    frame.metric(&Metric {
        name: "http.latency".to_owned(),
        description: "words".to_owned(),
        unit: unit.to_owned(),
        kind,
        temporality: Temporality::Cumulative,
        monotonic: false,
        metadata: Attributes::new(),
    });
    let exemplar = Exemplar {
        attributes: [("user", "ada")].into(),
        time: 2,
        value: Some(Number::Double(250.0)),
        trace_id: 1,
        span_id: 2,
    };
    let exemplars = if kind == MetricKind::Summary { Vec::new() } else { vec![exemplar] };
    frame.point(&Point { attributes: [("route", "/")].into(), start: 1, time: 2, flags: 0, data, exemplars });
    frame.finish()
}

/// The unit and the one point of a frame.
fn read(frame: &Frame) -> (String, Point<'_>) {
    let metric = frame.metrics().next().unwrap();
    (metric.unit().to_owned(), metric.points().next().unwrap().to_point())
}

fn exponential(scale: i32) -> ExponentialHistogram<'static> {
    ExponentialHistogram {
        count: 4,
        sum: Some(4096.0),
        min: Some(512.0),
        max: None,
        scale,
        zero_count: 1,
        zero_threshold: 0.5,
        positive: Buckets { offset: 40, counts: Cow::Owned(vec![1, 2]) },
        negative: Buckets::default(),
    }
}

#[test]
fn numbers_and_their_exemplars_are_converted() {
    let given = frame("ms", MetricKind::Sum, PointData::Number(Some(Number::Int(17))));
    let converted = processor(MS).processed(given);
    let (unit, point) = read(&converted);
    assert_eq!((unit.as_str(), &point.data), ("s", &PointData::Number(Some(Number::Double(0.017)))));
    assert_eq!(point.exemplars[0].value, Some(Number::Double(0.25)));
    assert_eq!((&point.attributes, point.start, point.time), (&[("route", "/")].into(), 1, 2));
    assert_eq!(converted.metrics().next().unwrap().description(), "words");
}

#[test]
fn integers_stay_integers_where_the_factor_is_whole() {
    let seconds = processor(r#"{"rules": [{"from": "s", "to": "ms"}]}"#);
    let of = |value| {
        let converted =
            seconds.processed(frame("s", MetricKind::Sum, PointData::Number(Some(Number::Int(value)))));
        read(&converted).1.into_owned().data
    };
    assert_eq!(of(3), PointData::Number(Some(Number::Int(3000))));
    assert_eq!(of(i64::MAX), PointData::Number(Some(Number::Double(i64::MAX as f64 * 1000.0))));
}

#[test]
fn histograms_get_other_bounds_and_keep_their_counts() {
    let histogram = Histogram {
        count: 6,
        sum: Some(3000.0),
        min: Some(5.0),
        max: None,
        bounds: Cow::Owned(vec![5.0, 10.0, 2500.0]),
        counts: Cow::Owned(vec![1, 2, 3, 0]),
    };
    let converted =
        processor(MS).processed(frame("ms", MetricKind::Histogram, PointData::Histogram(histogram)));
    let PointData::Histogram(found) = read(&converted).1.data else { panic!() };
    assert_eq!(found.bounds, [0.005, 0.01, 2.5].as_slice());
    assert_eq!((found.sum, found.min, found.max), (Some(3.0), Some(0.005), None));
    assert_eq!((found.count, &found.counts[..]), (6, &[1, 2, 3, 0][..]));
}

#[test]
fn bounds_that_cannot_be_told_apart_any_more_stay() {
    let bounds = Cow::Owned(vec![1e-322, 2e-322]);
    let histogram = Histogram { bounds, counts: Cow::Owned(vec![0, 0, 0]), ..Histogram::default() };
    let given = frame("ms", MetricKind::Histogram, PointData::Histogram(histogram));
    assert_eq!(processor(MS).processed(given.clone()), given);
    assert!(take_logs()[0].1.contains("too close together"));
}

#[test]
fn exponential_buckets_move_by_whole_indices_for_powers_of_two() {
    let mebi = processor(r#"{"rules": [{"from": "By", "to": "KiBy"}]}"#);
    let converted = |scale| {
        let data = PointData::ExponentialHistogram(exponential(scale));
        let converted = mebi.processed(frame("By", MetricKind::ExponentialHistogram, data));
        let PointData::ExponentialHistogram(found) = read(&converted).1.data else { panic!() };
        (found.positive.offset, found.scale, found.zero_threshold, found.sum, found.negative.offset)
    };
    // Ten powers of two, each of `2^scale` buckets.
    assert_eq!(converted(0), (30, 0, 0.5 / 1024.0, Some(4.0), 0));
    assert_eq!(converted(3), (-40, 3, 0.5 / 1024.0, Some(4.0), 0));
    assert_eq!(converted(-1), (35, -1, 0.5 / 1024.0, Some(4.0), 0));
}

#[test]
fn exponential_buckets_without_a_counterpart_stay_unless_the_nearest_will_do() {
    let given =
        || frame("ms", MetricKind::ExponentialHistogram, PointData::ExponentialHistogram(exponential(2)));
    let careful = processor(MS);
    for _ in 0..2 {
        assert_eq!(careful.processed(given()), given());
    }
    let logs = take_logs();
    assert!(logs.len() == 1 && logs[0].1.contains("`http.latency` stays in `ms`"), "{logs:?}");
    // Ten powers of two do not fit a resolution of sixteen at a time.
    let bytes =
        frame("By", MetricKind::ExponentialHistogram, PointData::ExponentialHistogram(exponential(-4)));
    assert_eq!(processor(r#"{"rules": [{"from": "By", "to": "KiBy"}]}"#).processed(bytes.clone()), bytes);

    let nearest = r#"{"rules": [{"from": "ms", "to": "s"}], "exponential_histograms": "nearest"}"#;
    let converted = processor(nearest).processed(given());
    let PointData::ExponentialHistogram(found) = read(&converted).1.data else { panic!() };
    // log2(1000) = 9.966 powers of four buckets each.
    assert_eq!((found.positive.offset, found.sum, found.count), (0, Some(4.096), 4));
}

#[test]
fn summaries_are_converted_quantile_by_quantile() {
    let summary = Summary { count: 2, sum: 30.0, quantiles: vec![0.5].into(), values: vec![15.0].into() };
    let converted = processor(MS).processed(frame("ms", MetricKind::Summary, PointData::Summary(summary)));
    let PointData::Summary(found) = read(&converted).1.data else { panic!() };
    assert_eq!((found.sum, &found.quantiles[..], &found.values[..]), (0.03, &[0.5][..], &[0.015][..]));
}

#[test]
fn other_metrics_go_on_untouched() {
    let number = || PointData::Number(Some(Number::Int(1)));
    let other = r#"{"rules": [{"metrics": ["rpc.*"], "from": "ms", "to": "s"}]}"#;
    assert_eq!(processor(other).process(frame("ms", MetricKind::Gauge, number())), Ok(Outcome::Unchanged));
    assert_eq!(processor(MS).process(frame("us", MetricKind::Gauge, number())), Ok(Outcome::Unchanged));
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (config, path, expected) in [
        (r#"{"rules": [{"from": "ms", "to": "By"}]}"#, "/rules/0", "no `factor` from `ms` to `By`"),
        (r#"{"rules": [{"from": "tick", "to": "s", "factor": -1}]}"#, "/rules/0", "above 0"),
        (r#"{"rules": [{"from": "ms", "to": "s", "factor": 1000}]}"#, "/rules/0", "expected 0.001"),
        (r#"{"rules": [{"from": "ms"}]}"#, "/rules/0", "missing field `to`"),
        (r#"{"rules": [], "exponential_histograms": "drop"}"#, "/exponential_histograms", "drop"),
        ("{}", "", "rules"),
    ] {
        let problems = ProcessorHarness::<UnitConvert>::configure(config).unwrap_err();
        let found = problems.iter().any(|problem| problem.path == path && problem.message.contains(expected));
        assert!(found, "{config}: {problems:?}");
    }
    assert!(
        ProcessorHarness::<UnitConvert>::configure(
            r#"{"rules": [{"from": "tick", "to": "s", "factor": 0.01}]}"#
        )
        .is_ok()
    );
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
    wasmeter_guest::testing::keep_schema(&schemars::schema_for!(Config), file);
}
