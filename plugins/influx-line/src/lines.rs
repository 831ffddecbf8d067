//! A frame as lines of the line protocol of InfluxDB: `measurement,tag=value field=value time`.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wasmeter_guest::frame::{
    AttributesRef, ExponentialHistogram, Frame, Histogram, MetricRef, NO_RECORDED_VALUE, Number, PointData,
    PointRef, Summary, ValueRef,
};

/// The lines of a frame, and how many points have none.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// Each with its line feed; those of one point are together.
    pub(crate) text: String,
    /// Points without a value, ended ones among them, and points whose only value the protocol has no form for.
    pub(crate) left_out: u64,
    /// Whether integers are written as such.
    integers: bool,
}

/// Writes a frame. Without `integers` all numbers are floats: a database refuses an integer where it has seen a float.
pub(crate) fn lines(frame: &Frame, integers: bool) -> Lines {
    let mut lines = Lines { integers, ..Lines::default() };
    let mut tags = String::new();
    for metric in frame.metrics() {
        for point in metric.points() {
            tags.clear();
            write_tags(&mut tags, &metric, &point);
            let before = lines.text.len();
            if point.flags() & NO_RECORDED_VALUE == 0 {
                lines.point(metric.name(), &tags, &point);
            }
            if lines.text.len() == before {
                lines.left_out += 1;
            }
        }
    }
    lines
}

/// The attributes of the point; those of the scope and the resource that it does not have itself.
fn write_tags(out: &mut String, metric: &MetricRef<'_>, point: &PointRef<'_>) {
    let (scope, resource) = (metric.scope(), metric.scope().resource());
    let sets = [point.attributes(), scope.attributes(), resource.attributes()];
    let mut tags: Vec<(&str, ValueRef<'_>)> = Vec::new();
    for set in sets {
        let is_new = |key: &str, known: &[(&str, ValueRef<'_>)]| known.iter().all(|(other, _)| *other != key);
        for (key, value) in AttributesRef::iter(&set) {
            if is_new(key, &tags) {
                tags.push((key, value));
            }
        }
    }
    if !scope.name().is_empty() && tags.iter().all(|(key, _)| *key != "otel.scope.name") {
        tags.push(("otel.scope.name", ValueRef::Text(scope.name())));
    }
    // Databases are quicker with sorted tags.
    tags.sort_unstable_by_key(|(key, _)| *key);
    for (key, value) in tags {
        tag(out, key, &text(value));
    }
}

/// Adds `,key=value`; nothing if there is no value, as a tag has one.
fn tag(out: &mut String, key: &str, value: &str) {
    if !key.is_empty() && !value.is_empty() {
        out.push(',');
        escape(out, key, &[',', '=', ' ']);
        out.push('=');
        escape(out, value, &[',', '=', ' ']);
    }
}

/// Line feeds cannot be escaped and become spaces. A backslash at the end would escape what comes next, so it becomes a slash.
fn escape(out: &mut String, text: &str, special: &[char]) {
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let character = match character {
            '\n' | '\r' => ' ',
            '\\' if characters.peek().is_none() => '/',
            other => other,
        };
        if special.contains(&character) {
            out.push('\\');
        }
        out.push(character);
    }
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Empty => String::new(),
        ValueRef::Bool(truth) => truth.to_string(),
        ValueRef::Int(int) => int.to_string(),
        ValueRef::Double(double) => double.to_string(),
        ValueRef::Text(text) | ValueRef::Nested(text) => text.to_owned(),
        ValueRef::Bytes(bytes) => STANDARD.encode(bytes),
    }
}

/// What a field says.
type Fields<'a> = &'a [(&'a str, Option<Number>)];

fn count(count: u64) -> Option<Number> {
    Some(i64::try_from(count).map_or(Number::Double(count as f64), Number::Int))
}

impl Lines {
    fn point(&mut self, measurement: &str, tags: &str, point: &PointRef<'_>) {
        let time = point.time();
        match point.data() {
            PointData::Number(value) => self.line(measurement, tags, &[("value", value)], time),
            PointData::Histogram(data) => self.histogram(measurement, tags, &data, time),
            PointData::ExponentialHistogram(data) => self.exponential(measurement, tags, &data, time),
            PointData::Summary(data) => self.summary(measurement, tags, &data, time),
        }
    }

    fn histogram(&mut self, measurement: &str, tags: &str, data: &Histogram<'_>, time: u64) {
        self.totals(measurement, tags, data.count, [data.sum, data.min, data.max], time);
        let mut below = 0;
        for (bound, in_bucket) in data.bounds.iter().zip(data.counts.iter()) {
            below += in_bucket;
            self.bucket(measurement, tags, *bound, below, time);
        }
        if !data.counts.is_empty() {
            self.bucket(measurement, tags, f64::INFINITY, data.count, time);
        }
    }

    /// The buckets that hold something, from the lowest to the highest, as those of an explicit histogram.
    fn exponential(&mut self, measurement: &str, tags: &str, data: &ExponentialHistogram<'_>, time: u64) {
        self.totals(measurement, tags, data.count, [data.sum, data.min, data.max], time);
        let base = |index: i64| 2_f64.powf(index as f64 * 2_f64.powi(-data.scale));
        let mut below = 0;
        // Of negative values the highest index holds the lowest ones; its upper bound is the lower one of the magnitude.
        let negative = (i64::from(data.negative.offset)..).zip(data.negative.counts.iter());
        for (index, in_bucket) in negative.collect::<Vec<_>>().into_iter().rev() {
            below += in_bucket;
            if *in_bucket > 0 {
                self.bucket(measurement, tags, -base(index), below, time);
            }
        }
        below += data.zero_count;
        if data.zero_count > 0 {
            self.bucket(measurement, tags, data.zero_threshold, below, time);
        }
        for (index, in_bucket) in (i64::from(data.positive.offset)..).zip(data.positive.counts.iter()) {
            below += in_bucket;
            if *in_bucket > 0 {
                self.bucket(measurement, tags, base(index + 1), below, time);
            }
        }
        self.bucket(measurement, tags, f64::INFINITY, data.count, time);
    }

    fn summary(&mut self, measurement: &str, tags: &str, data: &Summary<'_>, time: u64) {
        self.totals(measurement, tags, data.count, [Some(data.sum), None, None], time);
        for (quantile, value) in data.quantiles.iter().zip(data.values.iter()) {
            let mut tags = tags.to_owned();
            tag(&mut tags, "quantile", &quantile.to_string());
            self.line(measurement, &tags, &[("value", Some(Number::Double(*value)))], time);
        }
    }

    fn totals(&mut self, measurement: &str, tags: &str, all: u64, known: [Option<f64>; 3], time: u64) {
        let [sum, min, max] = known.map(|value| value.map(Number::Double));
        self.line(
            measurement,
            tags,
            &[("count", count(all)), ("sum", sum), ("min", min), ("max", max)],
            time,
        );
    }

    fn bucket(&mut self, measurement: &str, tags: &str, bound: f64, below: u64, time: u64) {
        let mut tags = tags.to_owned();
        let bound = if bound == f64::INFINITY { "+Inf".to_owned() } else { bound.to_string() };
        tag(&mut tags, "le", &bound);
        self.line(measurement, &tags, &[("bucket", count(below))], time);
    }

    /// A line; none if no field has a value that the protocol has a form for.
    fn line(&mut self, measurement: &str, tags: &str, fields: Fields<'_>, time: u64) {
        let mut written = String::new();
        for (name, value) in fields {
            let Some(value) = value else { continue };
            let value = match *value {
                Number::Int(value) if self.integers => format!("{value}i"),
                Number::Int(value) => value.to_string(),
                Number::Double(value) if value.is_finite() => value.to_string(),
                Number::Double(_) => continue,
            };
            let comma = if written.is_empty() { "" } else { "," };
            // Writing to a string cannot fail.
            let _written = write!(written, "{comma}{name}={value}");
        }
        if !written.is_empty() {
            escape(&mut self.text, measurement, &[',', ' ']);
            let _written = writeln!(self.text, "{tags} {written} {time}");
        }
    }
}

#[cfg(test)]
mod tests;
