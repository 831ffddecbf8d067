//! The text format 0.0.4 of families.

use crate::families::{Families, Family, Value};
use crate::labels;
use crate::number::{push_double, push_number};

pub(super) fn write(families: &Families) -> String {
    let mut out = String::new();
    for (name, family) in &families.by_name {
        write_family(&mut out, name, family);
    }
    out
}

fn write_family(out: &mut String, name: &str, family: &Family) {
    if !family.help.is_empty() {
        out.push_str("# HELP ");
        out.push_str(name);
        out.push(' ');
        for character in family.help.chars() {
            match character {
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                other => out.push(other),
            }
        }
        out.push('\n');
    }
    out.push_str("# TYPE ");
    out.push_str(name);
    out.push(' ');
    out.push_str(family.kind.as_str());
    out.push('\n');
    for (labels, value) in &family.series {
        write_series(out, name, labels, value);
    }
}

fn write_series(out: &mut String, name: &str, labels: &str, value: &Value) {
    match value {
        Value::Number { value, .. } => sample(out, name, "", labels, None, |out| push_number(out, *value)),
        Value::Histogram(histogram) => {
            for (bound, count) in &histogram.cumulative {
                sample(out, name, "_bucket", labels, Some(("le", *bound)), |out| push_count(out, *count));
            }
            let all = Some(("le", f64::INFINITY));
            sample(out, name, "_bucket", labels, all, |out| push_count(out, histogram.count));
            if let Some(sum) = histogram.sum {
                sample(out, name, "_sum", labels, None, |out| push_double(out, sum));
            }
            sample(out, name, "_count", labels, None, |out| push_count(out, histogram.count));
        }
        Value::Summary(summary) => {
            for (quantile, value) in &summary.values {
                let label = Some(("quantile", *quantile));
                sample(out, name, "", labels, label, |out| push_double(out, *value));
            }
            sample(out, name, "_sum", labels, None, |out| push_double(out, summary.sum));
            sample(out, name, "_count", labels, None, |out| push_count(out, summary.count));
        }
    }
}

/// One line; `bound` is the label that the type adds to those of the series.
fn sample(
    out: &mut String,
    name: &str,
    suffix: &str,
    labels: &str,
    bound: Option<(&str, f64)>,
    value: impl FnOnce(&mut String),
) {
    out.push_str(name);
    out.push_str(suffix);
    if !labels.is_empty() || bound.is_some() {
        out.push('{');
        out.push_str(labels);
        if let Some((label, bound)) = bound {
            let mut text = String::new();
            push_double(&mut text, bound);
            labels::push(out, label, &text);
        }
        out.push('}');
    }
    out.push(' ');
    value(out);
    out.push('\n');
}

fn push_count(out: &mut String, count: u64) {
    out.push_str(&count.to_string());
}
