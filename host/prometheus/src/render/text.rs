//! The text format 0.0.4 of families.

use super::line::{Doubles, Lines, comment, push_count};
use crate::Format;
use crate::families::{Families, Family, Value};
use crate::labels::LabelTexts;
use crate::number::{push_double, push_number};

const FORMAT: Format = Format::Text;

pub(super) fn write(families: &Families, texts: &LabelTexts) -> String {
    let (mut out, mut bounds) = (String::new(), Doubles::new(FORMAT));
    for (name, family) in &families.by_name {
        write_family(&mut out, name, family, texts, &mut bounds);
    }
    out
}

fn write_family(out: &mut String, name: &str, family: &Family, texts: &LabelTexts, bounds: &mut Doubles) {
    if !family.help.is_empty() {
        comment(out, "# HELP ", name, &family.help, FORMAT);
    }
    comment(out, "# TYPE ", name, family.kind.word(FORMAT), FORMAT);
    let mut labels = String::new();
    for (ids, series) in family.series.iter() {
        labels.clear();
        texts.write(&mut labels, ids);
        write_series(Lines { out: &mut *out, name, labels: &labels, bounds: &mut *bounds }, &series.value);
    }
}

fn write_series(mut lines: Lines<'_>, value: &Value) {
    match value {
        Value::Number { value, .. } => lines.sample("", None, |out| push_number(out, *value, FORMAT)),
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
