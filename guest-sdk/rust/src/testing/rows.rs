//! A frame as lines that a test can compare.

use crate::frame::{AttributesRef, Frame, MetricRef, Number, PointData, Temporality, ValueRef};

/// The points of a frame, a line each: `name [unit] temporality {key=value,...} value`, without what is not there. Times,
/// scopes and resources are left out.
pub fn rows(frame: &Frame) -> Vec<String> {
    let mut rows = Vec::new();
    for metric in frame.metrics() {
        let head = head(&metric);
        for point in metric.points() {
            rows.push(format!("{head} {{{}}} {}", pairs(point.attributes()), data(&point.data())));
        }
    }
    rows
}

fn head(metric: &MetricRef<'_>) -> String {
    let mut head = metric.name().to_owned();
    if !metric.unit().is_empty() {
        head = format!("{head} [{}]", metric.unit());
    }
    match metric.temporality() {
        Temporality::Unspecified => head,
        Temporality::Delta => head + " delta",
        Temporality::Cumulative => head + " cumulative",
    }
}

fn pairs(attributes: AttributesRef<'_>) -> String {
    let pairs: Vec<_> = attributes.iter().map(|(key, value)| format!("{key}={}", text(value))).collect();
    pairs.join(",")
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Empty => String::new(),
        ValueRef::Bool(truth) => truth.to_string(),
        ValueRef::Int(int) => int.to_string(),
        ValueRef::Double(double) => format!("{double:?}"),
        ValueRef::Text(text) | ValueRef::Nested(text) => text.to_owned(),
        ValueRef::Bytes(bytes) => format!("{bytes:?}"),
    }
}

fn data(data: &PointData<'_>) -> String {
    match data {
        PointData::Number(None) => "-".to_owned(),
        PointData::Number(Some(Number::Int(int))) => int.to_string(),
        PointData::Number(Some(Number::Double(double))) => format!("{double:?}"),
        PointData::Histogram(histogram) => format!(
            "count={} sum={:?} bounds={:?} counts={:?}",
            histogram.count, histogram.sum, histogram.bounds, histogram.counts
        ),
        PointData::ExponentialHistogram(histogram) => format!(
            "count={} sum={:?} scale={} zero={} positive={}{:?} negative={}{:?}",
            histogram.count,
            histogram.sum,
            histogram.scale,
            histogram.zero_count,
            histogram.positive.offset,
            histogram.positive.counts,
            histogram.negative.offset,
            histogram.negative.counts
        ),
        PointData::Summary(summary) => format!(
            "count={} sum={:?} quantiles={:?} values={:?}",
            summary.count, summary.sum, summary.quantiles, summary.values
        ),
    }
}
