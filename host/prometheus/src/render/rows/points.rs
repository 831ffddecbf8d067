//! What a metric and its points become.

use wasmeter_model::frame::{Frame, MetricRef, PointKind, PointRef};
use wasmeter_model::{Temporality, ValueRef};

use crate::families::{Grid, Quantiles, Value, explicit_buckets, exponential_buckets};
use crate::names::Suffix;
use crate::{DropReason, FamilyKind};

/// What a metric is on the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) kind: FamilyKind,
    pub(super) suffix: Suffix,
    /// Why none of its points can be on the page.
    pub(super) refusal: Option<DropReason>,
    additive: bool,
}

impl Form {
    pub(super) fn of(frame: &Frame, metric: &MetricRef<'_>) -> Self {
        let refusal = match (metric.kind(), metric.temporality()) {
            (PointKind::None | PointKind::Gauge | PointKind::Summary, _)
            | (_, Some(Temporality::Cumulative)) => None,
            (_, Some(Temporality::Delta)) => Some(DropReason::DeltaTemporality),
            (_, None) => Some(DropReason::UnspecifiedTemporality),
        };
        let (kind, suffix) = match metric.kind() {
            PointKind::Sum if metric.monotonic() => (FamilyKind::Counter, Suffix::Total),
            PointKind::Sum => current(frame, metric, Suffix::None),
            PointKind::Gauge | PointKind::None => current(frame, metric, Suffix::Ratio),
            PointKind::Histogram | PointKind::ExponentialHistogram => (FamilyKind::Histogram, Suffix::None),
            PointKind::Summary => (FamilyKind::Summary, Suffix::None),
        };
        Self { kind, suffix, refusal, additive: metric.kind() == PointKind::Sum }
    }
}

/// Current values follow the hint of a metric that came from Prometheus (compatibility specification, "Gauges"). Info
/// and state sets do not exist in the text format and are gauges there.
fn current(frame: &Frame, metric: &MetricRef<'_>, suffix: Suffix) -> (FamilyKind, Suffix) {
    let hint = frame.pairs(metric.metadata()).filter(|(key, _)| *key == "prometheus.type").last();
    match hint {
        // The second spelling is the specification's own.
        Some((_, ValueRef::String("unknown" | "unkown"))) => (FamilyKind::Untyped, Suffix::None),
        Some((_, ValueRef::String("info"))) => (FamilyKind::Gauge, Suffix::Info),
        _ => (FamilyKind::Gauge, suffix),
    }
}

/// The points that have not ended, each with its value or why it has none.
pub(super) fn values<'a>(
    metric: &MetricRef<'a>,
    form: Form,
    grid: Grid,
) -> impl Iterator<Item = (PointRef<'a>, Result<Value, DropReason>)> {
    let numbers = metric.numbers().map(move |number| {
        let value = number.value.map(|value| Value::Number { value, additive: form.additive });
        (number.point, value.ok_or(DropReason::NoValue))
    });
    let histograms = metric.histograms().map(|histogram| {
        let value = explicit_buckets(&histogram).map(Value::Histogram);
        (histogram.point, value.ok_or(DropReason::Malformed))
    });
    let exponentials = metric.exponentials().map(move |exponential| {
        let value = exponential_buckets(&exponential, grid).map(Value::Histogram);
        (exponential.point, value.ok_or(DropReason::Malformed))
    });
    let summaries = metric.summaries().map(|summary| {
        let value = Quantiles::new(&summary).map(Value::Summary);
        (summary.point, value.ok_or(DropReason::Malformed))
    });
    // At most one of the four has points, that of the metric's kind.
    numbers.chain(histograms).chain(exponentials).chain(summaries).filter(|(point, _)| !point.is_ended())
}
