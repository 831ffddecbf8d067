//! Who is at the top, and that the rest is all there and never falls where it must not.

use std::borrow::Cow;

use wasmeter_guest::frame::{
    ExponentialHistogram, Frame, FrameBuilder, Histogram, Metric, MetricKind, NO_RECORDED_VALUE, Number,
    Point, PointData, Resource, Summary, Temporality,
};
use wasmeter_guest::testing::ProcessorHarness;
use wasmeter_guest::{Attributes, Outcome, Scope};

use super::TopK;
use crate::config::Config;

const TWO: &str = r#"{"rules": [{"k": 2}]}"#;

fn processor(config: &str) -> ProcessorHarness<TopK> {
    ProcessorHarness::new(config)
}

/// What the tests vary of a metric.
#[derive(Clone, Copy)]
struct Shape {
    kind: MetricKind,
    temporality: Temporality,
    monotonic: bool,
}

const DELTA: Shape = Shape { kind: MetricKind::Sum, temporality: Temporality::Delta, monotonic: true };
const CUMULATIVE: Shape = Shape { temporality: Temporality::Cumulative, ..DELTA };
const STATE: Shape = Shape { monotonic: false, ..CUMULATIVE };
const GAUGE: Shape =
    Shape { kind: MetricKind::Gauge, temporality: Temporality::Unspecified, monotonic: false };

fn metric(Shape { kind, temporality, monotonic }: Shape) -> Metric {
    Metric {
        name: "requests".to_owned(),
        description: String::new(),
        unit: "1".to_owned(),
        kind,
        temporality,
        monotonic,
        metadata: Attributes::new(),
    }
}

/// A frame of one metric with these points, which differ in their user.
fn frame_of<'a>(shape: Shape, points: impl IntoIterator<Item = (&'a str, u32, PointData<'a>)>) -> Frame {
    let mut frame = FrameBuilder::new();
    frame.resource(&Resource::default());
    frame.scope(&Scope::default(), 0);
    frame.metric(&metric(shape));
    for (user, flags, data) in points {
        let attributes = [("user", user)].into();
        frame.point(&Point { attributes, start: 1, time: 2, flags, data, exemplars: Vec::new() });
    }
    frame.finish()
}

fn frame(shape: Shape, values: &[(&str, i64)]) -> Frame {
    frame_of(
        shape,
        values.iter().map(|(user, value)| (*user, 0, PointData::Number(Some(Number::Int(*value))))),
    )
}

/// Users and values, sorted; the rest is `-`.
fn read(frame: &Frame) -> Vec<(String, f64)> {
    let points = frame.metrics().flat_map(|metric| metric.points());
    let mut rows: Vec<_> = points
        .filter(|point| !point.is_ended())
        .map(|point| {
            let attributes = point.attributes().to_attributes();
            let user = attributes.text("user").unwrap_or("-").to_owned();
            let PointData::Number(Some(value)) = point.data() else { panic!() };
            let value = match value {
                Number::Int(int) => int as f64,
                Number::Double(double) => double,
            };
            (user, value)
        })
        .collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    rows
}

fn rows(rows: &[(&str, f64)]) -> Vec<(String, f64)> {
    rows.iter().map(|(user, value)| ((*user).to_owned(), *value)).collect()
}

#[test]
fn the_largest_stay_and_the_rest_adds_up() {
    let given = frame(DELTA, &[("a", 1), ("b", 7), ("c", 5), ("d", 3)]);
    let found = processor(TWO).processed(given);
    assert_eq!(read(&found), rows(&[("-", 4.0), ("b", 7.0), ("c", 5.0)]));
    let rest = found.metrics().next().unwrap().points().last().unwrap();
    assert_eq!(rest.attributes().to_attributes(), [("other", true)].into());
}

#[test]
fn the_rest_has_the_attribute_it_is_given() {
    let given = frame(DELTA, &[("a", 1), ("b", 2)]);
    let found = processor(r#"{"rules": [{"k": 1}], "attribute": "rest"}"#).processed(given);
    let rest = found.metrics().next().unwrap().points().last().unwrap();
    assert_eq!(rest.attributes().to_attributes(), [("rest", true)].into());
}

#[test]
fn few_series_have_no_rest() {
    let given = frame(CUMULATIVE, &[("a", 1), ("b", 2)]);
    assert_eq!(read(&processor(TWO).processed(given)), rows(&[("a", 1.0), ("b", 2.0)]));
}

#[test]
fn each_interval_of_deltas_has_a_top_of_its_own() {
    let two = processor(TWO);
    let first = two.processed(frame(DELTA, &[("a", 9), ("b", 8), ("c", 1)]));
    let second = two.processed(frame(DELTA, &[("a", 1), ("b", 8), ("c", 9)]));
    assert_eq!(read(&first), rows(&[("-", 1.0), ("a", 9.0), ("b", 8.0)]));
    assert_eq!(read(&second), rows(&[("-", 1.0), ("b", 8.0), ("c", 9.0)]));
}

#[test]
fn states_have_the_top_of_the_moment() {
    let two = processor(TWO);
    two.processed(frame(STATE, &[("a", 9), ("b", 8), ("c", 1)]));
    let second = two.processed(frame(STATE, &[("a", 1), ("b", 8), ("c", 9)]));
    assert_eq!(read(&second), rows(&[("-", 1.0), ("b", 8.0), ("c", 9.0)]));
}

#[test]
fn what_counts_from_its_start_keeps_its_place() {
    let two = processor(TWO);
    two.processed(frame(CUMULATIVE, &[("a", 9), ("b", 8), ("c", 1)]));
    let second = two.processed(frame(CUMULATIVE, &[("a", 10), ("b", 9), ("c", 100), ("d", 200)]));
    assert_eq!(read(&second), rows(&[("-", 300.0), ("a", 10.0), ("b", 9.0)]));
}

#[test]
fn a_rest_that_counts_from_its_start_does_not_fall_when_one_of_it_ends() {
    let number = |value| PointData::Number(Some(Number::Int(value)));
    let one = processor(r#"{"rules": [{"k": 1}]}"#);
    one.processed(frame(CUMULATIVE, &[("a", 9), ("b", 5), ("c", 1)]));
    // The last value of `b` and its end, as the host says them.
    let ended = [
        ("a", 0, number(9)),
        ("b", 0, number(6)),
        ("b", NO_RECORDED_VALUE, PointData::Number(None)),
        ("c", 0, number(2)),
    ];
    assert_eq!(read(&one.processed(frame_of(CUMULATIVE, ended))), rows(&[("-", 8.0), ("a", 9.0)]));
    for total in [3, 4] {
        let later = one.processed(frame(CUMULATIVE, &[("a", 9), ("c", total)]));
        assert_eq!(read(&later), rows(&[("-", 6.0 + total as f64), ("a", 9.0)]));
    }
    // Even when none of it is left.
    assert_eq!(read(&one.processed(frame(CUMULATIVE, &[("a", 9)]))), rows(&[("-", 10.0), ("a", 9.0)]));
}

#[test]
fn the_place_of_a_series_that_ended_goes_to_a_new_one() {
    let number = |value| PointData::Number(Some(Number::Int(value)));
    let one = processor(r#"{"rules": [{"k": 1}]}"#);
    one.processed(frame(CUMULATIVE, &[("a", 9), ("b", 5)]));
    let ended = [("a", 0, number(9)), ("a", NO_RECORDED_VALUE, PointData::Number(None)), ("b", 0, number(6))];
    let frame_with_end = one.processed(frame_of(CUMULATIVE, ended));
    let ends = frame_with_end.metrics().flat_map(|metric| metric.points()).filter(|point| point.is_ended());
    assert_eq!(ends.count(), 1, "who saw it at the top hears of its end");
    let found = one.processed(frame(CUMULATIVE, &[("b", 7), ("c", 3)]));
    assert_eq!(read(&found), rows(&[("-", 7.0), ("c", 3.0)]));
}

#[test]
fn gauges_stay_unless_the_rule_says_what_their_rest_is() {
    let given = || frame(GAUGE, &[("a", 9), ("b", 4), ("c", 1), ("d", 2), ("e", 3)]);
    assert_eq!(processor(TWO).process(given()), Ok(Outcome::Unchanged));
    for (rule, rest) in [("sum", 6.0), ("max", 3.0), ("min", 1.0), ("mean", 2.0)] {
        let found =
            processor(&format!(r#"{{"rules": [{{"k": 2, "gauges": "{rule}"}}]}}"#)).processed(given());
        assert_eq!(read(&found), rows(&[("-", rest), ("a", 9.0), ("b", 4.0)]), "{rule}");
    }
}

#[test]
fn histograms_rank_by_their_count_and_add_up_where_their_bounds_are_equal() {
    let histogram = |counts: [u64; 2], bound: f64| {
        PointData::Histogram(Histogram {
            count: counts.iter().sum(),
            sum: Some(counts.iter().sum::<u64>() as f64),
            bounds: Cow::Owned(vec![bound]),
            counts: Cow::Owned(counts.to_vec()),
            ..Histogram::default()
        })
    };
    let points = [
        ("a", 0, histogram([9, 1], 5.0)),
        ("b", 0, histogram([1, 2], 5.0)),
        ("c", 0, histogram([2, 2], 5.0)),
        ("d", 0, histogram([1, 1], 7.0)),
    ];
    for temporality in [Temporality::Delta, Temporality::Cumulative] {
        let shape = Shape { kind: MetricKind::Histogram, temporality, monotonic: false };
        let found = processor(r#"{"rules": [{"k": 1}]}"#).processed(frame_of(shape, points.clone()));
        let found: Vec<_> = found
            .metrics()
            .flat_map(|metric| metric.points())
            .map(|point| {
                let PointData::Histogram(histogram) = point.data() else { panic!() };
                (
                    point.attributes().to_attributes().text("user").map(str::to_owned),
                    histogram.counts.to_vec(),
                )
            })
            .collect();
        let user = |user: &str| Some(user.to_owned());
        // Other bounds cannot be added: that series stays, rather than be lost.
        assert_eq!(found, [(user("a"), vec![9, 1]), (user("d"), vec![1, 1]), (None, vec![3, 4])]);
    }
}

#[test]
fn exponential_histograms_add_up_and_summaries_stay() {
    let exponential = |count| {
        PointData::ExponentialHistogram(ExponentialHistogram {
            count,
            zero_count: count,
            ..ExponentialHistogram::default()
        })
    };
    let shape = Shape { kind: MetricKind::ExponentialHistogram, ..DELTA };
    let points = [("a", 0, exponential(5)), ("b", 0, exponential(1)), ("c", 0, exponential(2))];
    let found = processor(r#"{"rules": [{"k": 1}]}"#).processed(frame_of(shape, points));
    let last = found.metrics().next().unwrap().points().last().unwrap().data();
    let PointData::ExponentialHistogram(rest) = last else { panic!() };
    assert_eq!((rest.count, found.point_count()), (3, 2));

    let summary = || PointData::Summary(Summary::default());
    let summaries =
        frame_of(Shape { kind: MetricKind::Summary, ..GAUGE }, [("a", 0, summary()), ("b", 0, summary())]);
    assert_eq!(processor(r#"{"rules": [{"k": 1}]}"#).process(summaries), Ok(Outcome::Unchanged));
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (config, path, expected) in [
        (r#"{"rules": [{"k": 0}]}"#, "/rules/0/k", "nonzero"),
        (r#"{"rules": [{}]}"#, "/rules/0", "missing field `k`"),
        (r#"{"rules": [{"k": 1, "gauges": "median"}]}"#, "/rules/0/gauges", "median"),
        (r#"{"rules": [], "attribute": ""}"#, "/attribute", "empty key"),
        (r#"{"rules": [{"k": 1, "metrics": [""]}]}"#, "/rules/0/metrics/0", "empty pattern"),
    ] {
        let problems = ProcessorHarness::<TopK>::configure(config).unwrap_err();
        let found = problems.iter().any(|problem| problem.path == path && problem.message.contains(expected));
        assert!(found, "{config}: {problems:?}");
    }
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
    wasmeter_guest::testing::keep_schema(&schemars::schema_for!(Config), file);
}
