//! The points of two metrics that belong together, and what is made of them.

use std::collections::HashMap;

use wasmeter_guest::frame::{MetricKind, MetricRef, Number, Point, PointData, PointRef, Temporality};

use crate::config::{Derived, Operation, Take};

/// Why nothing is made of two metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Obstacle {
    NameTaken,
    Units,
    Intervals,
    First,
    Second,
}

impl Obstacle {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::NameTaken => "there is a metric of this name; choose another",
            Self::Units => {
                "the two metrics have different units, whose difference means nothing; convert one before, or say `unit`"
            }
            Self::Intervals => {
                "one of the two metrics says what came since its last point and the other what came since its start; give the reader \
                 one temporality for both"
            }
            Self::First => {
                "`first` has no such number; `take` is `value` of gauges and sums, `sum` or `count` of all else"
            }
            Self::Second => {
                "`second` has no such number; `take` is `value` of gauges and sums, `sum` or `count` of all else"
            }
        }
    }
}

/// The points of the derived metric, in the order of the first one's.
pub(crate) fn points(
    derived: &Derived,
    first: &MetricRef<'_>,
    second: &MetricRef<'_>,
) -> Result<Vec<Point<'static>>, Obstacle> {
    if !has(first, derived.first.take) {
        return Err(Obstacle::First);
    }
    if !has(second, derived.second.take) {
        return Err(Obstacle::Second);
    }
    if let (Some(one), Some(other)) = (interval(first), interval(second))
        && one != other
    {
        return Err(Obstacle::Intervals);
    }
    let seconds: HashMap<_, _> = second
        .points()
        .filter_map(|point| {
            let number = number(&point, derived.second.take)?;
            Some((point.attributes().to_attributes(), (number, point.time())))
        })
        .collect();
    let pair = |point: PointRef<'_>| {
        let value = number(&point, derived.first.take)?;
        let attributes = point.attributes().to_attributes();
        let (other, time) = seconds.get(&attributes)?;
        let result = combine(derived.operation, value, *other)?;
        Some(Point {
            attributes,
            start: 0,
            time: point.time().max(*time),
            flags: 0,
            data: PointData::Number(Some(result)),
            exemplars: Vec::new(),
        })
    };
    Ok(first.points().filter_map(pair).collect())
}

/// Whether points of the metric have this number.
fn has(metric: &MetricRef<'_>, take: Take) -> bool {
    match metric.kind() {
        MetricKind::Empty => true,
        MetricKind::Gauge | MetricKind::Sum => take == Take::Value,
        MetricKind::Histogram | MetricKind::ExponentialHistogram | MetricKind::Summary => take != Take::Value,
    }
}

/// What time the points cover; gauges and summaries do not say.
fn interval(metric: &MetricRef<'_>) -> Option<Temporality> {
    let has_interval =
        matches!(metric.kind(), MetricKind::Sum | MetricKind::Histogram | MetricKind::ExponentialHistogram);
    has_interval.then(|| metric.temporality())
}

fn number(point: &PointRef<'_>, take: Take) -> Option<Number> {
    if point.is_ended() {
        return None;
    }
    let count = |count: u64| i64::try_from(count).map_or(Number::Double(count as f64), Number::Int);
    match (point.data(), take) {
        (PointData::Number(number), Take::Value) => number,
        (PointData::Histogram(histogram), Take::Sum) => histogram.sum.map(Number::Double),
        (PointData::Histogram(histogram), Take::Count) => Some(count(histogram.count)),
        (PointData::ExponentialHistogram(histogram), Take::Sum) => histogram.sum.map(Number::Double),
        (PointData::ExponentialHistogram(histogram), Take::Count) => Some(count(histogram.count)),
        (PointData::Summary(summary), Take::Sum) => Some(Number::Double(summary.sum)),
        (PointData::Summary(summary), Take::Count) => Some(count(summary.count)),
        _ => None,
    }
}

/// The result, if it is a number.
fn combine(operation: Operation, first: Number, second: Number) -> Option<Number> {
    let double = |number: Number| match number {
        Number::Int(int) => int as f64,
        Number::Double(double) => double,
    };
    let result = match (operation, first, second) {
        (Operation::Ratio, first, second) => double(first) / double(second),
        (Operation::Difference, Number::Int(first), Number::Int(second)) => {
            // Beyond 64 bits it is a double.
            return Some(
                first.checked_sub(second).map_or(Number::Double(first as f64 - second as f64), Number::Int),
            );
        }
        (Operation::Difference, first, second) => double(first) - double(second),
    };
    result.is_finite().then_some(Number::Double(result))
}
