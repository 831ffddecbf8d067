//! Pairs of points, and what is made of them.

use std::borrow::Cow;

use wasmeter_guest::frame::{
    Frame, FrameBuilder, Histogram, Metric, MetricKind, NO_RECORDED_VALUE, Number, Point, PointData,
    Resource, Temporality,
};
use wasmeter_guest::testing::{ProcessorHarness, take_logs};
use wasmeter_guest::{Attributes, Outcome, Scope};

use super::Derive;
use crate::config::Config;

const RATIO: &str = r#"{"metrics": [{"name": "errors.ratio", "operation": "ratio",
    "first": {"metric": "errors"}, "second": {"metric": "requests"}}]}"#;

fn processor(config: &str) -> ProcessorHarness<Derive> {
    ProcessorHarness::new(config)
}

fn open(frame: &mut FrameBuilder, name: &str, unit: &str, kind: MetricKind, temporality: Temporality) {
    frame.metric(&Metric {
        name: name.to_owned(),
        description: String::new(),
        unit: unit.to_owned(),
        kind,
        temporality,
        monotonic: true,
        metadata: Attributes::new(),
    });
}

fn point(frame: &mut FrameBuilder, route: &str, flags: u32, time: u64, data: PointData<'_>) {
    let attributes = [("route", route)].into();
    frame.point(&Point { attributes, start: 1, time, flags, data, exemplars: Vec::new() });
}

fn sum(frame: &mut FrameBuilder, name: &str, unit: &str, temporality: Temporality, values: &[(&str, i64)]) {
    open(frame, name, unit, MetricKind::Sum, temporality);
    for (route, value) in values {
        point(frame, route, 0, 2, PointData::Number(Some(Number::Int(*value))));
    }
}

fn begun() -> FrameBuilder {
    let mut frame = FrameBuilder::new();
    frame.resource(&Resource::default());
    frame.scope(&Scope { name: "one".to_owned(), ..Scope::default() }, 0);
    frame
}

/// Two sums of deltas.
fn two(errors: &[(&str, i64)], requests: &[(&str, i64)]) -> Frame {
    let mut frame = begun();
    sum(&mut frame, "errors", "{error}", Temporality::Delta, errors);
    sum(&mut frame, "requests", "{request}", Temporality::Delta, requests);
    frame.finish()
}

/// The routes and values of the last metric, with its name and unit.
fn made(frame: &Frame) -> (String, Vec<(String, Number)>) {
    let metric = frame.metrics().last().unwrap();
    assert_eq!(metric.kind(), MetricKind::Gauge);
    let row = |point: Point<'_>| {
        let PointData::Number(Some(value)) = point.data else { panic!() };
        (point.attributes.text("route").unwrap().to_owned(), value)
    };
    let points = metric.points().map(|point| row(point.to_point())).collect();
    (format!("{} {}", metric.name(), metric.unit()), points)
}

fn points(rows: &[(&str, f64)]) -> Vec<(String, Number)> {
    rows.iter().map(|(route, value)| ((*route).to_owned(), Number::Double(*value))).collect()
}

#[test]
fn a_ratio_has_a_point_for_each_pair_and_what_is_there_stays() {
    let given = two(&[("/a", 1), ("/b", 3), ("/d", 1)], &[("/b", 4), ("/a", 2), ("/c", 9)]);
    let found = processor(RATIO).processed(given.clone());
    assert_eq!(made(&found), ("errors.ratio 1".to_owned(), points(&[("/a", 0.5), ("/b", 0.75)])));
    let kept: Vec<_> = found.metrics().take(2).map(|metric| metric.to_metric()).collect();
    assert_eq!(kept, given.metrics().map(|metric| metric.to_metric()).collect::<Vec<_>>());
    assert_eq!(found.point_count(), 8);
}

#[test]
fn nothing_is_divided_by_zero() {
    let found = processor(RATIO).processed(two(&[("/a", 1), ("/b", 0)], &[("/a", 0), ("/b", 5)]));
    assert_eq!(made(&found).1, points(&[("/b", 0.0)]));
    assert_eq!(processor(RATIO).process(two(&[("/a", 0)], &[("/a", 0)])), Ok(Outcome::Unchanged));
}

#[test]
fn series_that_have_ended_make_no_pair() {
    let mut frame = begun();
    open(&mut frame, "errors", "", MetricKind::Sum, Temporality::Delta);
    point(&mut frame, "/a", NO_RECORDED_VALUE, 2, PointData::Number(None));
    sum(&mut frame, "requests", "", Temporality::Delta, &[("/a", 4)]);
    assert_eq!(processor(RATIO).process(frame.finish()), Ok(Outcome::Unchanged));
}

#[test]
fn a_difference_of_integers_is_one_and_has_their_unit() {
    let config = r#"{"metrics": [{"name": "free", "operation": "difference",
        "first": {"metric": "limit"}, "second": {"metric": "used"}}]}"#;
    let of = |unit: &str, limit| {
        let mut frame = begun();
        for (name, unit, value) in [("limit", "By", limit), ("used", unit, 3)] {
            open(&mut frame, name, unit, MetricKind::Gauge, Temporality::Unspecified);
            point(&mut frame, "/", 0, 2, PointData::Number(Some(Number::Int(value))));
        }
        frame.finish()
    };
    let found = processor(config).processed(of("By", 10));
    assert_eq!(made(&found), ("free By".to_owned(), vec![("/".to_owned(), Number::Int(7))]));
    let found = processor(config).processed(of("By", i64::MIN));
    assert_eq!(made(&found).1, vec![("/".to_owned(), Number::Double(i64::MIN as f64))]);
    take_logs();
    let careful = processor(config);
    for _ in 0..2 {
        assert_eq!(careful.process(of("KiBy", 10)), Ok(Outcome::Unchanged));
    }
    let logs = take_logs();
    assert!(
        logs.len() == 1 && logs[0].1.contains("`free` is not made: the two metrics have different units"),
        "{logs:?}"
    );
}

#[test]
fn histograms_have_a_sum_and_a_count() {
    let config = r#"{"metrics": [{"name": "mean", "unit": "s", "operation": "ratio",
        "first": {"metric": "duration", "take": "sum"}, "second": {"metric": "duration", "take": "count"}}]}"#;
    let mut frame = begun();
    open(&mut frame, "duration", "s", MetricKind::Histogram, Temporality::Cumulative);
    let data = PointData::Histogram(Histogram {
        count: 4,
        sum: Some(6.0),
        counts: Cow::Owned(vec![4]),
        ..Histogram::default()
    });
    point(&mut frame, "/", 0, 2, data);
    let found = processor(config).processed(frame.finish());
    assert_eq!(made(&found), ("mean s".to_owned(), points(&[("/", 1.5)])));
}

#[test]
fn what_does_not_fit_is_told_once_and_left_out() {
    let given = |first: &str, temporality| {
        let mut frame = begun();
        sum(&mut frame, first, "", Temporality::Delta, &[("/", 1)]);
        sum(&mut frame, "requests", "", temporality, &[("/", 2)]);
        frame.finish()
    };
    take_logs();
    let mixed = processor(RATIO);
    for _ in 0..2 {
        assert_eq!(mixed.process(given("errors", Temporality::Cumulative)), Ok(Outcome::Unchanged));
    }
    assert_eq!(mixed.process(given("other", Temporality::Delta)), Ok(Outcome::Unchanged));
    let logs = take_logs();
    assert!(logs.len() == 1 && logs[0].1.contains("one temporality for both"), "{logs:?}");

    let taken = RATIO.replace("errors.ratio", "requests");
    assert_eq!(processor(&taken).process(two(&[("/", 1)], &[("/", 2)])), Ok(Outcome::Unchanged));
    assert!(take_logs()[0].1.contains("there is a metric of this name"));

    let count = RATIO.replace(r#""metric": "requests""#, r#""metric": "requests", "take": "count""#);
    assert_eq!(processor(&count).process(two(&[("/", 1)], &[("/", 2)])), Ok(Outcome::Unchanged));
    assert!(take_logs()[0].1.contains("`second` has no such number"));
}

#[test]
fn metrics_are_looked_for_in_the_same_scope_first_and_in_the_same_resource_only() {
    let mut frame = begun();
    sum(&mut frame, "requests", "", Temporality::Delta, &[("/", 2)]);
    frame.scope(&Scope { name: "two".to_owned(), ..Scope::default() }, 0);
    sum(&mut frame, "errors", "", Temporality::Delta, &[("/", 1)]);
    sum(&mut frame, "requests", "", Temporality::Delta, &[("/", 4)]);
    frame.scope(&Scope { name: "three".to_owned(), ..Scope::default() }, 0);
    sum(&mut frame, "errors", "", Temporality::Delta, &[("/", 1)]);
    frame.resource(&Resource { attributes: [("service.name", "other")].into(), ..Resource::default() });
    frame.scope(&Scope::default(), 0);
    sum(&mut frame, "errors", "", Temporality::Delta, &[("/", 1)]);
    let found = processor(RATIO).processed(frame.finish());
    let of: Vec<_> = found
        .metrics()
        .filter(|metric| metric.name() == "errors.ratio")
        .map(|metric| (metric.scope().name().to_owned(), metric.points().next().unwrap().data()))
        .collect();
    let value = |value| PointData::Number(Some(Number::Double(value)));
    assert_eq!(of, [("two".to_owned(), value(0.25)), ("three".to_owned(), value(0.5))]);
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (config, path, expected) in [
        (RATIO.replace("errors.ratio", "errors ratio"), "/metrics/0/name", "found the name `errors ratio`"),
        (
            RATIO.replace(r#""operation": "ratio""#, r#""operation": "product""#),
            "/metrics/0/operation",
            "product",
        ),
        (RATIO.replace("first", "left"), "/metrics/0/left", "left"),
        ("{}".to_owned(), "", "metrics"),
    ] {
        let problems = ProcessorHarness::<Derive>::configure(&config).unwrap_err();
        let found = problems.iter().any(|problem| problem.path == path && problem.message.contains(expected));
        assert!(found, "{config}: {problems:?}");
    }
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
    wasmeter_guest::testing::keep_schema(&schemars::schema_for!(Config), file);
}
