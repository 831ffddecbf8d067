//! What a metric and its points become.

use wasmeter_model::frame::{Frame, MetricRef, PointKind, PointRef};
use wasmeter_model::{Number, Temporality, ValueRef};

use crate::families::{Additive, Grid, Quantiles, Value, explicit_buckets, exponential_buckets};
use crate::names::Suffix;
use crate::{DropReason, FamilyKind, Format};

/// What a metric is on the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) kind: FamilyKind,
    pub(super) suffix: Suffix,
    /// Why none of its points can be on the page.
    pub(super) refusal: Option<DropReason>,
    additive: bool,
    format: Format,
}

impl Form {
    pub(super) fn of(frame: &Frame, format: Format, metric: &MetricRef<'_>) -> Self {
        let refusal = match (metric.kind(), metric.temporality()) {
            (PointKind::None | PointKind::Gauge | PointKind::Summary, _)
            | (_, Some(Temporality::Cumulative)) => None,
            (_, Some(Temporality::Delta)) => Some(DropReason::DeltaTemporality),
            (_, None) => Some(DropReason::UnspecifiedTemporality),
        };
        let (kind, suffix) = match metric.kind() {
            PointKind::Sum if metric.monotonic() => (FamilyKind::Counter, Suffix::Total),
            PointKind::Sum => current(frame, format, metric, Suffix::None),
            PointKind::Gauge | PointKind::None => current(frame, format, metric, Suffix::Ratio),
            PointKind::Histogram | PointKind::ExponentialHistogram => (FamilyKind::Histogram, Suffix::None),
            PointKind::Summary => (FamilyKind::Summary, Suffix::None),
        };
        Self { kind, suffix, refusal, additive: metric.kind() == PointKind::Sum, format }
    }
}

impl Form {
    fn number(self, value: Number) -> Result<Value, DropReason> {
        let counts = match value {
            Number::Int(int) => int >= 0,
            Number::Double(double) => double >= 0.0,
        };
        if self.kind == FamilyKind::Counter && self.format == Format::OpenMetrics && !counts {
            return Err(DropReason::NoCount);
        }
        Ok(Value::number(value, Additive(self.additive)))
    }
}

/// Current values follow the hint of a metric that came from Prometheus (compatibility specification, "Gauges"). Info
/// does not exist in the text format and is a gauge there; state sets are gauges in both.
fn current(frame: &Frame, format: Format, metric: &MetricRef<'_>, suffix: Suffix) -> (FamilyKind, Suffix) {
    let hint = frame.pairs(metric.metadata()).rfind(|(key, _)| *key == "prometheus.type");
    match hint {
        // The second spelling is the specification's own.
        Some((_, ValueRef::String("unknown" | "unkown"))) => (FamilyKind::Untyped, Suffix::None),
        Some((_, ValueRef::String("info"))) => match format {
            Format::Text => (FamilyKind::Gauge, Suffix::Info),
            Format::OpenMetrics => (FamilyKind::Info, Suffix::Info),
        },
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
        let value = number.value.ok_or(DropReason::NoValue).and_then(|value| form.number(value));
        (number.point, value)
    });
    let histograms = metric.histograms().map(|histogram| {
        let value = explicit_buckets(&histogram).map(|buckets| Value::Histogram(Box::new(buckets)));
        (histogram.point, value.ok_or(DropReason::Malformed))
    });
    let exponentials = metric.exponentials().map(move |exponential| {
        let value =
            exponential_buckets(&exponential, grid).map(|buckets| Value::Histogram(Box::new(buckets)));
        (exponential.point, value.ok_or(DropReason::Malformed))
    });
    let summaries = metric.summaries().map(|summary| {
        let value = Quantiles::new(&summary).map(|quantiles| Value::Summary(Box::new(quantiles)));
        (summary.point, value.ok_or(DropReason::Malformed))
    });
    // At most one of the four has points, that of the metric's kind.
    numbers.chain(histograms).chain(exponentials).chain(summaries).filter(|(point, _)| !point.is_ended())
}
