//! Exemplars of remote write (compatibility specification, "Exemplar Conversion").

use wasmeter_guest::frame::{ExemplarRef, Number};

use crate::labels::{self, Labels};

/// Characters of all names and values of an exemplar's labels together (OpenMetrics 1.0, "Exemplars").
const CHARS_MAX: usize = 128;

/// An exemplar.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exemplar {
    /// Names and values; trace and span first.
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) value: f64,
    /// Milliseconds since the Unix epoch.
    pub(crate) time_ms: i64,
}

/// The exemplars of a point, oldest first, which is how receivers take them. Those without a number are left out.
pub(crate) fn exemplars<'a>(all: impl Iterator<Item = ExemplarRef<'a>>) -> Vec<Exemplar> {
    let mut exemplars: Vec<Exemplar> = all.filter_map(exemplar).collect();
    exemplars.sort_by_key(|exemplar| exemplar.time_ms);
    exemplars
}

fn exemplar(row: ExemplarRef<'_>) -> Option<Exemplar> {
    let exemplar = row.to_exemplar();
    let value = match exemplar.value? {
        Number::Int(int) => int as f64,
        Number::Double(double) => double,
    };
    if value.is_nan() {
        return None;
    }
    let mut chosen = Vec::new();
    if exemplar.trace_id != 0 {
        chosen.push(("trace_id".to_owned(), format!("{:032x}", exemplar.trace_id)));
    }
    if exemplar.span_id != 0 {
        chosen.push(("span_id".to_owned(), format!("{:016x}", exemplar.span_id)));
    }
    // Of the attributes, by name, those that still fit.
    let mut filtered = Labels::new();
    labels::add(&mut filtered, row.attributes().iter());
    let length = |(name, value): &(String, String)| name.chars().count() + value.chars().count();
    let mut room = CHARS_MAX.saturating_sub(chosen.iter().map(length).sum());
    for label in filtered {
        let is_taken = chosen.iter().any(|(name, _)| *name == label.0);
        if let (false, Some(left)) = (is_taken, room.checked_sub(length(&label))) {
            room = left;
            chosen.push(label);
        }
    }
    let time_ms = i64::try_from(exemplar.time / 1_000_000).unwrap_or(i64::MAX);
    Some(Exemplar { labels: chosen, value, time_ms })
}

/// The latest of those in the bucket that is above `lower` and goes up to `upper`.
pub(crate) fn of_bucket(exemplars: &[Exemplar], lower: f64, upper: f64) -> Vec<Exemplar> {
    let mut found = exemplars.iter().rev();
    found.find(|exemplar| lower < exemplar.value && exemplar.value <= upper).cloned().into_iter().collect()
}
