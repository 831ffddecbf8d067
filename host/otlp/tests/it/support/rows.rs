//! A frame as text, row by row, so that two frames with differently ordered tables compare.

use std::fmt::Write;

use wasmeter_model::ValueRef;
use wasmeter_model::frame::{Frame, MetricRef, PointRef, SetId};

pub(crate) fn rows(frame: &Frame) -> Vec<String> {
    frame.metrics().flat_map(|metric| metric_rows(frame, &metric)).collect()
}

fn metric_rows(frame: &Frame, metric: &MetricRef<'_>) -> Vec<String> {
    let (scope, resource) = (metric.scope(), metric.scope().resource());
    let head = format!(
        "{} {:?} {} | {} {} {} {} {} | {} {} {} {:?} {:?} {} {}",
        set(frame, resource.attributes()),
        resource.entities(),
        (resource.schema_url(), resource.dropped_attributes()).1,
        scope.name(),
        scope.version(),
        scope.schema_url(),
        set(frame, scope.attributes()),
        scope.dropped_attributes(),
        metric.name(),
        metric.description(),
        metric.unit(),
        metric.kind(),
        metric.temporality(),
        metric.monotonic(),
        set(frame, metric.metadata()),
    );
    let mut rows = vec![format!("{} {head}", resource.schema_url())];
    rows.extend(metric.numbers().map(|row| format!("{} {:?}", point(frame, &row.point), row.value)));
    rows.extend(metric.histograms().map(|row| {
        let header = point(frame, &row.point);
        format!(
            "{header} {} {:?} {:?} {:?} {:?} {:?}",
            row.count, row.sum, row.min, row.max, row.bounds, row.counts
        )
    }));
    rows.extend(metric.exponentials().map(|row| {
        format!(
            "{} {} {:?} {:?} {:?} {} {} {:?} {:?} {:?}",
            point(frame, &row.point),
            row.count,
            row.sum,
            row.min,
            row.max,
            row.scale,
            row.zero_count,
            row.zero_threshold,
            row.positive,
            row.negative,
        )
    }));
    rows.extend(metric.summaries().map(|row| {
        let header = point(frame, &row.point);
        format!("{header} {} {:?} {:?} {:?}", row.count, row.sum, row.quantiles, row.quantile_values)
    }));
    rows
}

fn point(frame: &Frame, point: &PointRef<'_>) -> String {
    let mut text = format!(
        "{} {:?} {:?} {}",
        set(frame, point.attributes()),
        point.start(),
        point.time(),
        point.flags()
    );
    for exemplar in point.exemplars() {
        let attributes: Vec<_> = exemplar.pairs().map(pair).collect();
        write!(
            text,
            " exemplar({attributes:?} {:?} {:?} {:032x} {:016x})",
            exemplar.time, exemplar.value, exemplar.trace_id, exemplar.span_id
        )
        .unwrap();
    }
    text
}

fn set(frame: &Frame, set: SetId) -> String {
    format!("{:?}", frame.pairs(set).map(pair).collect::<Vec<_>>())
}

/// Unlike `==` of values, tells -0.0 from 0.0.
fn pair((key, value): (&str, ValueRef<'_>)) -> String {
    format!("{key}={value:?}")
}
