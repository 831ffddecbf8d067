//! A collection as text: everything a reader can see, in one order whatever the engine's.

use wasmeter_model::frame::{
    ExemplarRef, ExponentialRef, Frame, HistogramRef, MetricRef, NO_RECORDED_VALUE, NumberRef, PointKind,
    PointRef, SummaryRef,
};
use wasmeter_model::{Temporality, Timestamp};

use super::frames::KINDS;
use super::values::{double_text, number_text, pairs_text, text_text, time_text};

/// What a collection without points prints.
const NOTHING: &str = "(nothing)";

/// The owner, the metric and its points; sorted by all of them.
type Block = (String, String, String, Vec<String>);

/// Attributes, time, whether it is an end, and the line; sorted by all of them, so that an end follows what it ends.
type Point = (String, Timestamp, bool, String);

/// The text of a frame.
pub(super) fn frame(frame: &Frame) -> String {
    let mut blocks: Vec<Block> = frame.metrics().map(|metric| block(frame, metric)).collect();
    blocks.sort();
    let mut lines = Vec::new();
    let (mut resource, mut scope) = (String::new(), String::new());
    for (of_resource, of_scope, metric, points) in blocks {
        if of_resource != resource {
            lines.push(of_resource.clone());
            scope = String::new();
        }
        if of_scope != scope {
            lines.push(of_scope.clone());
        }
        (resource, scope) = (of_resource, of_scope);
        lines.push(metric);
        lines.extend(points);
    }
    if lines.is_empty() { NOTHING.to_owned() } else { lines.join("\n") }
}

fn block(frame: &Frame, metric: MetricRef<'_>) -> Block {
    let scope = metric.scope();
    let resource = scope.resource();
    let attributes = pairs_text(frame.pairs(resource.attributes()));
    let mut of_resource = format!("resource {attributes}");
    option(&mut of_resource, "schema_url", resource.schema_url());
    if of_resource == "resource {}" {
        of_resource.clear();
    }
    let mut of_scope = format!("scope {}", text_text(scope.name()));
    option(&mut of_scope, "version", scope.version());
    option(&mut of_scope, "schema_url", scope.schema_url());
    let attributes = pairs_text(frame.pairs(scope.attributes()));
    if attributes != "{}" {
        of_scope.push_str(&format!(" attributes={attributes}"));
    }
    if of_scope == "scope \"\"" {
        of_scope.clear();
    }
    let mut points = points(metric);
    points.sort();
    let points = points.into_iter().map(|(_, _, _, line)| line).collect();
    (of_resource, of_scope, head(frame, metric), points)
}

fn option(line: &mut String, key: &str, value: &str) {
    if !value.is_empty() {
        line.push_str(&format!(" {key}={}", quoted_if_spaced(value)));
    }
}

/// Quotes only what would not stay one word: units and addresses have braces and brackets of their own.
fn quoted_if_spaced(value: &str) -> String {
    if value.contains([' ', '"', '\n', '[', ']']) { format!("{value:?}") } else { value.to_owned() }
}

fn head(frame: &Frame, metric: MetricRef<'_>) -> String {
    let name = text_text(metric.name());
    let is_keyword = ["resource", "scope"].contains(&&*name);
    let name = if is_keyword { format!("{name:?}") } else { name };
    let kind = KINDS.into_iter().find(|(kind, _)| *kind == metric.kind()).map_or("", |(_, name)| name);
    let mut line = format!("{name} {kind}");
    if !matches!(metric.kind(), PointKind::None | PointKind::Gauge | PointKind::Summary) {
        line.push_str(match metric.temporality() {
            Some(Temporality::Cumulative) => " cumulative",
            Some(Temporality::Delta) => " delta",
            None => " unspecified",
        });
    }
    if metric.monotonic() {
        line.push_str(" monotonic");
    }
    option(&mut line, "unit", metric.unit());
    option(&mut line, "description", metric.description());
    let metadata = pairs_text(frame.pairs(metric.metadata()));
    if metadata == "{}" { line } else { format!("{line}\n  metadata {metadata}") }
}

fn points(metric: MetricRef<'_>) -> Vec<Point> {
    let numbers = metric.numbers().map(|row| point(row.point, &number(&row)));
    let histograms = metric.histograms().map(|row| point(row.point, &histogram(&row)));
    let exponentials = metric.exponentials().map(|row| point(row.point, &exponential(&row)));
    let summaries = metric.summaries().map(|row| point(row.point, &summary(&row)));
    numbers.chain(histograms).chain(exponentials).chain(summaries).collect()
}

fn point(point: PointRef<'_>, value: &str) -> Point {
    let (start, time) = (time_text(point.start()), time_text(point.time()));
    let attributes = pairs_text(point.pairs());
    let mut line = format!("  {attributes} [{start}..{time}]");
    if point.is_ended() {
        line.push_str(" ended");
    }
    // What has ended has no value, which is what its numbers say, too.
    if !(point.is_ended() && matches!(value, "none" | "count=0" | "count=0 scale=0")) {
        line.push_str(&format!(" {value}"));
    }
    let others = point.flags() & !NO_RECORDED_VALUE;
    if others != 0 {
        line.push_str(&format!(" flags={others}"));
    }
    let mut exemplars: Vec<String> = point.exemplars().map(|row| exemplar(&row)).collect();
    exemplars.sort();
    (attributes, point.time(), point.is_ended(), line + &exemplars.concat())
}

fn exemplar(row: &ExemplarRef<'_>) -> String {
    let value = row.value.map_or("none".to_owned(), number_text);
    let mut line = format!("\n    exemplar {value} at {} {}", time_text(row.time), pairs_text(row.pairs()));
    if row.trace_id != 0 {
        line.push_str(&format!(" trace={:x}", row.trace_id));
    }
    if row.span_id != 0 {
        line.push_str(&format!(" span={:x}", row.span_id));
    }
    line
}

fn number(row: &NumberRef<'_>) -> String {
    row.value.map_or("none".to_owned(), number_text)
}

/// `key=value` for each that is known.
fn known(facts: [(&str, Option<f64>); 3]) -> String {
    let known = facts.into_iter().filter_map(|(key, value)| Some(format!(" {key}={}", double_text(value?))));
    known.collect()
}

fn list<T>(key: &str, values: &[T], text: impl Fn(&T) -> String) -> String {
    let texts: Vec<String> = values.iter().map(text).collect();
    if texts.is_empty() { String::new() } else { format!(" {key}=[{}]", texts.join(" ")) }
}

fn histogram(row: &HistogramRef<'_>) -> String {
    let facts = known([("sum", row.sum), ("min", row.min), ("max", row.max)]);
    let bounds = list("bounds", row.bounds, |bound| double_text(*bound));
    format!("count={}{facts}{bounds}{}", row.count, list("counts", row.counts, u64::to_string))
}

fn exponential(row: &ExponentialRef<'_>) -> String {
    let mut text = format!("count={}", row.count);
    text.push_str(&known([("sum", row.sum), ("min", row.min), ("max", row.max)]));
    text.push_str(&format!(" scale={}", row.scale));
    if row.zero_count != 0 {
        text.push_str(&format!(" zero={}", row.zero_count));
    }
    if row.zero_threshold != 0.0 {
        text.push_str(&format!(" zero_threshold={}", double_text(row.zero_threshold)));
    }
    for (key, (first, counts)) in [("positive", row.positive), ("negative", row.negative)] {
        if !counts.is_empty() {
            let counts: Vec<String> = counts.iter().map(|count| count.to_string()).collect();
            text.push_str(&format!(" {key}=[{first}: {}]", counts.join(" ")));
        }
    }
    text
}

fn summary(row: &SummaryRef<'_>) -> String {
    let quantiles: Vec<(&f64, &f64)> = row.quantiles.iter().zip(row.quantile_values).collect();
    let quantiles = list("quantiles", &quantiles, |(at, value)| {
        format!("{}:{}", double_text(**at), double_text(**value))
    });
    format!("count={} sum={}{quantiles}", row.count, double_text(row.sum))
}
