//! What is written is read, edits reach everything, and merging adds up.

use std::borrow::Cow;

use super::*;
use crate::testing::sum_of;
use crate::{Attributes, Scope, Value};

fn metric(name: &str, kind: MetricKind) -> Metric {
    Metric {
        name: name.to_owned(),
        description: "words".to_owned(),
        unit: "s".to_owned(),
        kind,
        temporality: Temporality::Delta,
        monotonic: false,
        metadata: [("m", "1")].into(),
    }
}

fn exemplar(user: &str) -> Exemplar {
    let value = Some(Number::Double(0.5));
    Exemplar { attributes: [("user", user)].into(), time: 3, value, trace_id: 7 << 64 | 8, span_id: 9 }
}

fn point<'a>(user: &str, data: PointData<'a>) -> Point<'a> {
    let attributes = [("code", Value::Int(200)), ("user", Value::from(user))].into();
    let exemplars = match data {
        PointData::Summary(_) => Vec::new(),
        _ => vec![exemplar(user)],
    };
    Point { attributes, start: 1, time: 2, flags: 0, data, exemplars }
}

/// The same values at any scale: 1 at index 4, 2 at index 5.
fn exponential(offset: i32, scale: i32) -> ExponentialHistogram<'static> {
    ExponentialHistogram {
        count: 4,
        sum: Some(2.0),
        min: Some(0.5),
        scale,
        zero_count: 1,
        positive: Buckets { offset, counts: Cow::Owned(vec![1, 2]) },
        ..ExponentialHistogram::default()
    }
}

/// One metric of each kind with a point for each of two users.
fn all_kinds() -> (Frame, Vec<(Metric, Vec<Point<'static>>)>) {
    let histogram = Histogram {
        count: 3,
        sum: Some(1.5),
        max: Some(1.0),
        bounds: Cow::Owned(vec![0.5]),
        counts: Cow::Owned(vec![1, 2]),
        ..Histogram::default()
    };
    let summary = Summary { count: 2, sum: 1.0, quantiles: vec![0.5].into(), values: vec![0.4].into() };
    let rows: Vec<_> = [
        (MetricKind::Gauge, PointData::Number(Some(Number::Double(1.5)))),
        (MetricKind::Histogram, PointData::Histogram(histogram)),
        (MetricKind::Sum, PointData::Number(Some(Number::Int(-3)))),
        (MetricKind::ExponentialHistogram, PointData::ExponentialHistogram(exponential(-4, 2))),
        (MetricKind::Summary, PointData::Summary(summary)),
    ]
    .into_iter()
    .map(|(kind, data)| (metric("m", kind), vec![point("ada", data.clone()), point("bob", data)]))
    .collect();
    let mut frame = FrameBuilder::new();
    frame.resource(&Resource { attributes: [("user", "ada")].into(), ..Resource::default() });
    frame.scope(&Scope { name: "scope".to_owned(), ..Scope::default() }, 2);
    for (metric, points) in &rows {
        frame.metric(metric);
        points.iter().for_each(|point| frame.point(point));
    }
    (frame.finish(), rows)
}

fn rows(frame: &Frame) -> Vec<(Metric, Vec<Point<'_>>)> {
    let row = |metric: MetricRef<'_>| metric.to_metric();
    let points = frame.metrics().map(|metric| metric.points().map(|point| point.to_point()).collect());
    frame.metrics().map(row).zip(points.collect::<Vec<_>>()).collect()
}

#[test]
fn rows_read_back_as_written() {
    let (frame, written) = all_kinds();
    assert_eq!(rows(&frame), written);
    assert_eq!(frame.point_count(), 10);
    assert_eq!(frame.bounds.ends, [1], "both histograms have the same bounds");
    let scope = frame.metrics().next().unwrap().scope();
    assert_eq!((scope.name(), scope.dropped_attributes()), ("scope", 2));
    assert_eq!(scope.resource().to_resource().attributes, [("user", "ada")].into());
}

#[test]
fn an_edit_reaches_points_exemplars_and_resources_and_leaves_no_trace() {
    let (mut frame, _) = all_kinds();
    let changed = frame.edit_attributes(|key, value| match (key, value) {
        ("user", ValueRef::Text("ada")) => Edit::Replace(Value::from("hidden")),
        ("m", _) => Edit::Remove,
        _ => Edit::Keep,
    });
    assert!(changed);
    let text = String::from_utf8(frame.tables.text.clone().into_bytes()).unwrap();
    assert!(text.contains("hidden") && text.contains("bob") && !text.contains("ada"), "{text}");
    for (metric, points) in rows(&frame) {
        assert_eq!((metric.metadata.len(), metric.description.as_str()), (0, "words"));
        assert_eq!(points[0].attributes.text("user"), Some("hidden"));
    }
    assert!(!frame.edit_attributes(|_, _| Edit::Keep));
}

#[test]
fn an_edit_that_changes_nothing_changes_nothing() {
    let (mut frame, written) = all_kinds();
    assert!(!frame.edit_attributes(|_, _| Edit::Keep));
    assert_eq!(rows(&frame), written);
    assert_eq!(frame.merge_points(), Merged::default());
}

#[test]
fn points_that_became_one_series_add_up() {
    let (mut frame, _) = all_kinds();
    frame.edit_attributes(|key, _| if key == "user" { Edit::Remove } else { Edit::Keep });
    assert_eq!(frame.merge_points(), Merged { merged: 4, dropped: 1 });
    let rows = rows(&frame);
    let data: Vec<_> = rows.iter().map(|(_, points)| (points.len(), &points[0].data)).collect();
    assert_eq!(data[0], (1, &PointData::Number(Some(Number::Double(1.5)))), "of gauges the latest");
    assert_eq!(data[2], (1, &PointData::Number(Some(Number::Int(-6)))));
    let (1, PointData::Histogram(histogram)) = data[1] else { panic!("{:?}", data[1]) };
    assert_eq!((histogram.count, histogram.sum, histogram.max), (6, Some(3.0), Some(1.0)));
    assert_eq!(histogram.counts, vec![2, 4]);
    let (1, PointData::ExponentialHistogram(exponential)) = data[3] else { panic!("{:?}", data[3]) };
    assert_eq!((exponential.count, exponential.zero_count, exponential.positive.offset), (8, 2, -4));
    assert_eq!(exponential.positive.counts, vec![2, 4]);
    assert_eq!(rows[0].1[0].exemplars.len(), 2);
}

/// Two exponential histograms as one series.
fn merged(one: ExponentialHistogram<'static>, other: ExponentialHistogram<'static>) -> Frame {
    let mut frame = FrameBuilder::new();
    frame.resource(&Resource::default());
    frame.scope(&Scope::default(), 0);
    frame.metric(&metric("m", MetricKind::ExponentialHistogram));
    for data in [one, other] {
        let data = PointData::ExponentialHistogram(data);
        let attributes = Attributes::new();
        frame.point(&Point { attributes, start: 0, time: 0, flags: 0, data, exemplars: Vec::new() });
    }
    let mut frame = frame.finish();
    assert_eq!(frame.merge_points(), Merged { merged: 1, dropped: 0 });
    frame
}

#[test]
fn exponential_histograms_meet_at_the_coarser_scale() {
    // Index 4 and 5 at scale 1 are both index 2 at scale 0.
    let frame = merged(exponential(4, 1), exponential(2, 0));
    let PointData::ExponentialHistogram(data) = rows(&frame)[0].1[0].data.clone() else { panic!() };
    assert_eq!((data.scale, data.count, data.positive.offset), (0, 8, 2));
    assert_eq!(data.positive.counts, vec![4, 2]);
}

#[test]
fn exponential_histograms_that_lie_far_apart_become_coarser_and_not_large() {
    let frame = merged(exponential(-1_000_000_000, 20), exponential(1_000_000_000, 20));
    let PointData::ExponentialHistogram(data) = rows(&frame)[0].1[0].data.clone() else { panic!() };
    assert!(data.positive.counts.len() <= 160, "{} buckets", data.positive.counts.len());
    assert_eq!(data.positive.counts.iter().sum::<u64>() + data.zero_count, data.count);
}

#[test]
fn an_ended_series_does_not_end_the_one_it_joins() {
    let mut frame = sum_of("m", [([("user", "a")], 0), ([("user", "b")], 5)]);
    frame.numbers.points.flags = vec![NO_RECORDED_VALUE, 0];
    frame.edit_attributes(|_, _| Edit::Remove);
    frame.merge_points();
    let point = rows(&frame)[0].1[0].clone();
    assert_eq!((point.flags, point.data), (0, PointData::Number(Some(Number::Int(5)))));
}

#[test]
fn a_series_ends_when_all_that_it_was_made_of_do() {
    // The host says the last value of a series that has ended, and behind it that it has ended.
    let ends = |flags: [u32; 4]| {
        let users = ["a", "a", "b", "b"].map(|user| ([("user", user)], 2));
        let mut frame = sum_of("m", users);
        frame.numbers.points.flags = flags.to_vec();
        frame.edit_attributes(|_, _| Edit::Remove);
        frame.merge_points();
        let points = rows(&frame).remove(0).1.into_iter().map(Point::into_owned);
        points.map(|point| (point.flags, point.data)).collect::<Vec<_>>()
    };
    let value = |value| (0, PointData::Number(Some(Number::Int(value))));
    let end = (NO_RECORDED_VALUE, PointData::Number(Some(Number::Int(2))));
    assert_eq!(ends([0, 1, 0, 1]), [value(4), end]);
    assert_eq!(ends([0, 1, 0, 0]), [value(6)]);
}

#[test]
fn the_last_value_of_a_series_and_its_end_behind_it_are_nothing_to_merge() {
    let users = ["a", "a", "b", "c", "c"].map(|user| ([("user", user)], 2));
    let mut frame = sum_of("m", users);
    frame.numbers.points.flags = vec![0, 1, 0, 0, 1];
    let (before, place) = (frame.clone(), frame.numbers.bits.as_ptr());
    assert_eq!(frame.merge_points(), Merged::default());
    assert_eq!(frame, before);
    assert_eq!(frame.numbers.bits.as_ptr(), place, "nothing was written anew");
    // The other way round they are not as the host has them: the series goes on.
    frame.numbers.points.flags = vec![1, 0, 0, 0, 1];
    frame.merge_points();
    assert_eq!(rows(&frame)[0].1.iter().map(|point| point.flags).collect::<Vec<_>>(), [0, 0, 0, 1]);
}
