//! The text format 0.0.4 of families.

use super::draft::Shown;
use super::line::{Lines, comment, push_count};
use crate::Format;
use crate::families::{Families, Value};
use crate::number::{push_double, push_number};
use crate::out::Out;
use wasmeter_model::Number;

const FORMAT: Format = Format::Text;

/// All families as they are.
pub(super) fn shown(families: Families) -> Vec<Shown> {
    let all = families.by_name.into_iter();
    all.map(|(name, family)| Shown { name, kind: family.kind, family }).collect()
}

/// The lines before a family's series.
pub(super) fn push_head(out: &mut Out, Shown { name, kind, family }: &Shown) {
    if !family.help.is_empty() {
        comment(out, "# HELP ", name, &family.help, FORMAT);
    }
    comment(out, "# TYPE ", name, kind.word(FORMAT), FORMAT);
}

/// The lines of a series.
pub(super) fn push_series(mut lines: Lines<'_>, value: &Value) {
    match value {
        Value::Int(int, _) => lines.sample("", None, |out| push_number(out, Number::Int(*int), FORMAT)),
        Value::Double(double, _) => lines.sample("", None, |out| push_double(out, *double, FORMAT)),
        Value::Histogram(histogram) => {
            for (bound, count) in &histogram.cumulative {
                lines.sample("_bucket", Some(("le", *bound)), |out| push_count(out, *count));
            }
            let all = Some(("le", f64::INFINITY));
            lines.sample("_bucket", all, |out| push_count(out, histogram.count));
            if let Some(sum) = histogram.sum {
                lines.sample("_sum", None, |out| push_double(out, sum, FORMAT));
            }
            lines.sample("_count", None, |out| push_count(out, histogram.count));
        }
        Value::Summary(summary) => {
            for (quantile, value) in &summary.values {
                let label = Some(("quantile", *quantile));
                lines.sample("", label, |out| push_double(out, *value, FORMAT));
            }
            lines.sample("_sum", None, |out| push_double(out, summary.sum, FORMAT));
            lines.sample("_count", None, |out| push_count(out, summary.count));
        }
    }
}
