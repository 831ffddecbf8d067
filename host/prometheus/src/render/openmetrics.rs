//! OpenMetrics 1.0 of families.

use super::draft::Shown;
use super::line::{Lines, comment, push_count};
use super::rows::TARGET_INFO;
use crate::families::{Exemplar, Families, Family, Series, Value};
use crate::number::{as_double, push_double, push_number, push_time};
use crate::out::Out;
use crate::{FamilyKind, Format, Warning};

const FORMAT: Format = Format::OpenMetrics;

/// What a page ends with.
pub(super) const END: &str = "# EOF\n";

/// All families, that of the targets first; adds what cannot be shown to the warnings.
pub(super) fn shown(mut families: Families, warnings: &mut Vec<Warning>) -> Vec<Shown> {
    let shapes = shapes(&mut families, warnings);
    let (mut all, others): (Vec<_>, Vec<_>) =
        families.by_name.into_iter().zip(shapes).partition(|((name, _), _)| *name == TARGET_INFO);
    all.extend(others);
    let shown = all.into_iter().map(|((full, family), Shape { name, kind })| {
        let (sum, quantiles) = left_out(&family);
        if sum {
            warnings.push(Warning::SumLeftOut { family: full.clone() });
        }
        if quantiles {
            warnings.push(Warning::QuantilesLeftOut { family: full });
        }
        Shown { name, kind, family }
    });
    shown.collect()
}

/// What a family is in OpenMetrics.
struct Shape {
    /// On the lines of its metadata.
    name: String,
    kind: FamilyKind,
}

/// The shapes of all families, in their order. Counters have the first choice of names, since they have more to lose.
fn shapes(families: &mut Families, warnings: &mut Vec<Warning>) -> Vec<Shape> {
    let all = families.by_name.iter();
    let mut shapes: Vec<Shape> =
        all.map(|(name, family)| Shape { name: name.clone(), kind: family.kind }).collect();
    for shape in shapes.iter_mut().filter(|shape| shape.kind == FamilyKind::Counter) {
        match base(&shape.name, "_total") {
            Some(base) if families.claim([base.clone(), format!("{base}_created")]) => shape.name = base,
            Some(_) => hide(shape, FamilyKind::Untyped, warnings),
            // As the user's strategy has it, so no reason to warn.
            None => shape.kind = FamilyKind::Untyped,
        }
    }
    for shape in shapes.iter_mut().filter(|shape| shape.kind == FamilyKind::Info) {
        let is_info = families.by_name.get(&shape.name).is_some_and(is_info);
        match base(&shape.name, "_info") {
            Some(base) if is_info && families.claim([base.clone()]) => shape.name = base,
            // A value other than 1 has more to say than an info metric can.
            _ if !is_info => shape.kind = FamilyKind::Gauge,
            _ => hide(shape, FamilyKind::Gauge, warnings),
        }
    }
    shapes
}

fn hide(shape: &mut Shape, shown: FamilyKind, warnings: &mut Vec<Warning>) {
    warnings.push(Warning::TypeHidden { family: shape.name.clone(), shown });
    shape.kind = shown;
}

fn base(name: &str, suffix: &str) -> Option<String> {
    name.strip_suffix(suffix).filter(|base| !base.is_empty()).map(str::to_owned)
}

fn is_info(family: &Family) -> bool {
    family
        .series
        .values()
        .all(|series| series.value.as_number().is_some_and(|(value, _)| as_double(value) == 1.0))
}

/// Whether a sum, or a quantile, is not on the page.
fn left_out(family: &Family) -> (bool, bool) {
    let (mut sum, mut quantiles) = (false, false);
    for series in family.series.values() {
        match &series.value {
            Value::Int(..) | Value::Double(..) => {}
            Value::Histogram(histogram) => sum |= histogram.sum.is_some() && histogram_sum(series).is_none(),
            Value::Summary(summary) => {
                sum |= !is_total(summary.sum);
                quantiles |= summary.values.iter().any(|(_, value)| *value < 0.0);
            }
        }
    }
    (sum, quantiles)
}

/// Sums are counters to OpenMetrics.
fn is_total(sum: f64) -> bool {
    sum >= 0.0
}

/// The sum of a histogram, unless it has values that are negative.
fn histogram_sum(series: &Series) -> Option<f64> {
    let Value::Histogram(histogram) = &series.value else {
        return None;
    };
    let is_negative = histogram.cumulative.first().is_some_and(|(bound, _)| *bound < 0.0);
    histogram.sum.filter(|sum| !is_negative && is_total(*sum))
}

/// The lines before a family's series.
pub(super) fn push_head(out: &mut Out, Shown { name, kind, family }: &Shown) {
    comment(out, "# TYPE ", name, kind.word(FORMAT), FORMAT);
    // A family that is shown under its full name as something else ends in the suffix of its type, not in its unit.
    let ends_in_unit = name.strip_suffix(&family.unit).is_some_and(|rest| rest.ends_with('_'));
    if !family.unit.is_empty() && ends_in_unit && *kind != FamilyKind::Info {
        comment(out, "# UNIT ", name, &family.unit, FORMAT);
    }
    if !family.help.is_empty() {
        comment(out, "# HELP ", name, &family.help, FORMAT);
    }
}

fn push_value(out: &mut Out, value: &Value) {
    let number = value.as_number();
    number.into_iter().for_each(|(number, _)| push_number(out, number, FORMAT));
}

/// The lines of a series.
pub(super) fn push_series(mut lines: Lines<'_>, kind: FamilyKind, series: &Series) {
    let exemplar = |out: &mut Out, position| push_exemplar(out, series.exemplars.of(position));
    match &series.value {
        Value::Int(..) | Value::Double(..) => {
            let number = |out: &mut Out| push_value(out, &series.value);
            match kind {
                FamilyKind::Counter => {
                    lines.sample("_total", None, |out| {
                        number(out);
                        exemplar(out, 0);
                    });
                    created(&mut lines, series);
                }
                FamilyKind::Info => lines.sample("_info", None, number),
                _ => lines.sample("", None, number),
            }
        }
        Value::Histogram(histogram) => {
            let all = [(f64::INFINITY, histogram.count)];
            for (position, (bound, count)) in histogram.cumulative.iter().chain(&all).enumerate() {
                lines.sample("_bucket", Some(("le", *bound)), |out| {
                    push_count(out, *count);
                    exemplar(out, position);
                });
            }
            if let Some(sum) = histogram_sum(series) {
                lines.sample("_count", None, |out| push_count(out, histogram.count));
                lines.sample("_sum", None, |out| push_double(out, sum, FORMAT));
            }
            created(&mut lines, series);
        }
        Value::Summary(summary) => {
            let values = summary.values.iter().filter(|(_, value)| *value >= 0.0 || value.is_nan());
            for (quantile, value) in values {
                lines.sample("", Some(("quantile", *quantile)), |out| push_double(out, *value, FORMAT));
            }
            lines.sample("_count", None, |out| push_count(out, summary.count));
            if is_total(summary.sum) {
                lines.sample("_sum", None, |out| push_double(out, summary.sum, FORMAT));
            }
            created(&mut lines, series);
        }
    }
}

/// Since when a series counts.
fn created(lines: &mut Lines<'_>, series: &Series) {
    if !series.start.is_unknown() {
        lines.sample("_created", None, |out| push_time(out, series.start));
    }
}

fn push_exemplar(out: &mut Out, exemplar: Option<&Exemplar>) {
    let Some(exemplar) = exemplar else {
        return;
    };
    out.push_str(" # {");
    out.push_str(&exemplar.labels);
    out.push_str("} ");
    push_number(out, exemplar.value, FORMAT);
    if !exemplar.time.is_unknown() {
        out.push(' ');
        push_time(out, exemplar.time);
    }
}
