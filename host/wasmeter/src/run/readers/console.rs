//! The console exporter: a batch as lines of text on the standard output (metrics SDK, "Standard output").

use std::fmt::Write;

use wasmeter_model::frame::{MetricRef, Part, PointKind, PointRef};
use wasmeter_model::{Number, Temporality, ValueRef};

/// Prints a batch.
#[expect(clippy::print_stdout, reason = "the exporter's purpose")]
pub(super) fn print(batch: Part<'_>) {
    print!("{}", text(batch));
}

/// One line a metric, one indented line a point.
fn text(batch: Part<'_>) -> String {
    let frame = batch.frame();
    let mut out = String::new();
    let mut scope = None;
    for metric in batch.metrics() {
        let place = metric.scope().row();
        if scope.replace(place) != Some(place) {
            let resource = set(frame.pairs(metric.scope().resource().attributes()));
            line(&mut out, format_args!("resource {resource} scope {:?}", metric.scope().name()));
        }
        let temporality = match metric.temporality() {
            Some(Temporality::Delta) => " delta",
            Some(Temporality::Cumulative) => " cumulative",
            None => "",
        };
        let unit = if metric.unit().is_empty() { String::new() } else { format!(" [{}]", metric.unit()) };
        line(&mut out, format_args!("  {}{unit} {}{temporality}", metric.name(), kind(metric)));
        points(&mut out, metric);
    }
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _written = writeln!(out, "{text}");
}

fn kind(metric: MetricRef<'_>) -> &'static str {
    match metric.kind() {
        PointKind::None => "empty",
        PointKind::Gauge => "gauge",
        PointKind::Sum if metric.monotonic() => "monotonic sum",
        PointKind::Sum => "sum",
        PointKind::Histogram => "histogram",
        PointKind::ExponentialHistogram => "exponential histogram",
        PointKind::Summary => "summary",
    }
}

fn points(out: &mut String, metric: MetricRef<'_>) {
    for row in metric.numbers() {
        let value = match row.value {
            Some(Number::Int(value)) => value.to_string(),
            Some(Number::Double(value)) => format!("{value:?}"),
            None => String::new(),
        };
        point(out, row.point, &value);
    }
    for row in metric.histograms() {
        let value = format!(
            "count {} sum {} min {} max {} bounds {:?} counts {:?}",
            row.count,
            known(row.sum),
            known(row.min),
            known(row.max),
            row.bounds,
            row.counts
        );
        point(out, row.point, &value);
    }
    for row in metric.exponentials() {
        let value = format!(
            "count {} sum {} min {} max {} scale {} zero {} positive {:?} negative {:?}",
            row.count,
            known(row.sum),
            known(row.min),
            known(row.max),
            row.scale,
            row.zero_count,
            row.positive,
            row.negative
        );
        point(out, row.point, &value);
    }
    for row in metric.summaries() {
        let quantiles: Vec<_> = row.quantiles.iter().zip(row.quantile_values).collect();
        point(out, row.point, &format!("count {} sum {} quantiles {quantiles:?}", row.count, row.sum));
    }
}

fn known(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:?}"))
}

fn point(out: &mut String, point: PointRef<'_>, value: &str) {
    let value = if point.is_ended() { "ended" } else { value };
    let (start, time) = (point.start().0, point.time().0);
    line(out, format_args!("    {} {start}..{time} {value}", set(point.pairs())));
}

/// Attributes as `{key="text", other=1}`; control characters are escaped, since terminals obey them.
fn set<'a>(pairs: impl Iterator<Item = (&'a str, ValueRef<'a>)>) -> String {
    let shown = pairs.map(|(key, value)| {
        let value = match value {
            ValueRef::Empty => "(empty)".to_owned(),
            ValueRef::Bool(value) => value.to_string(),
            ValueRef::Int(value) => value.to_string(),
            ValueRef::Double(value) => format!("{value:?}"),
            ValueRef::String(text) => format!("{text:?}"),
            ValueRef::Bytes(bytes) => format!("{} bytes", bytes.len()),
            ValueRef::Nested(text) => format!("{text:?}"),
        };
        format!("{}={value}", key.escape_debug())
    });
    format!("{{{}}}", shown.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use wasmeter_model::Timestamp;
    use wasmeter_model::frame::{FrameBuilder, MetricRow, NumberRow, PointHeader};

    use super::*;

    #[test]
    fn a_frame_reads_as_lines_and_cannot_write_escape_sequences() {
        let mut frame = FrameBuilder::new();
        let resource = frame.set([("service.name", ValueRef::String("shop"))]);
        frame.resource(resource, "", 0);
        let none = frame.set([]);
        frame.scope("meter", "", "", none, 0);
        let row = MetricRow {
            name: "orders",
            description: "",
            unit: "1",
            kind: PointKind::Sum,
            temporality: Some(Temporality::Delta),
            monotonic: true,
        };
        frame.metric(row, none);
        let attributes = frame.set([("route", ValueRef::String("/\u{1b}[31m"))]);
        let header = PointHeader { attributes, start: Timestamp(1), time: Timestamp(2), flags: 0 };
        frame.number(NumberRow { header, value: Some(Number::Int(3)) });
        assert_eq!(
            text(Part::from(&frame.finish())),
            "resource {service.name=\"shop\"} scope \"meter\"\n  \
             orders [1] monotonic sum delta\n    \
             {route=\"/\\u{1b}[31m\"} 1..2 3\n"
        );
    }
}
