//! A batch as text, row by row, so that batches that were made in different ways compare.

use std::fmt::Write;

use wasmeter_model::batch::{Batch, BatchMetric, BatchPoint};
use wasmeter_model::{Attributes, ValueRef};

pub(crate) fn batch_rows(batch: &Batch<'_>) -> Vec<String> {
    batch.metrics().flat_map(metric_rows).collect()
}

fn metric_rows(metric: BatchMetric<'_>) -> Vec<String> {
    let row = metric.row();
    let (resource, scope, name) = (&row.resource, &row.scope, &row.name);
    let mut rows = vec![format!(
        "{} {:?} {} | {} {} {} {} | {} {} {} {} {:?} {:?} {}",
        set(&resource.attributes),
        resource.entities,
        resource.schema_url,
        scope.name,
        scope.version,
        scope.schema_url,
        set(&scope.attributes),
        name.name,
        name.description,
        name.unit,
        set(&name.metadata),
        row.kind,
        row.temporality,
        row.monotonic,
    )];
    rows.extend(metric.numbers().map(|(at, row)| format!("{} {:?}", point(at), row.value)));
    rows.extend(metric.histograms().map(|(at, row)| {
        let (count, sum, min, max) = (row.count, row.sum, row.min, row.max);
        format!("{} {count} {sum:?} {min:?} {max:?} {:?} {:?}", point(at), row.bounds, row.counts)
    }));
    rows.extend(metric.exponentials().map(|(at, row)| {
        let (count, sum, min, max) = (row.count, row.sum, row.min, row.max);
        let zero = (row.scale, row.zero_count, row.zero_threshold);
        format!(
            "{} {count} {sum:?} {min:?} {max:?} {zero:?} {:?} {:?}",
            point(at),
            row.positive,
            row.negative
        )
    }));
    rows.extend(metric.summaries().map(|(at, row)| {
        format!("{} {} {:?} {:?} {:?}", point(at), row.count, row.sum, row.quantiles, row.quantile_values)
    }));
    rows
}

fn point(point: BatchPoint<'_>) -> String {
    let mut text =
        format!("{} {:?} {:?} {}", set(point.attributes()), point.start(), point.time(), point.is_ended(),);
    for exemplar in point.exemplars() {
        write!(
            text,
            " exemplar({} {:?} {:?} {:032x} {:016x})",
            set(exemplar.attributes),
            exemplar.time,
            exemplar.value,
            exemplar.trace_id,
            exemplar.span_id
        )
        .unwrap();
    }
    text
}

fn set(attributes: &Attributes) -> String {
    let pair = |(key, value): (_, ValueRef<'_>)| format!("{key:?}={value:?}");
    format!("{:?}", attributes.iter().map(pair).collect::<Vec<_>>())
}
