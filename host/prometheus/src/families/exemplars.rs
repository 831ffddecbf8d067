//! The exemplars of a series: the latest one of each bucket (compatibility specification, "Exemplar Conversion").

use std::collections::BTreeMap;

use wasmeter_model::frame::ExemplarRef;
use wasmeter_model::{Number, Timestamp};

use super::{Buckets, Value};
use crate::labels::{self, Label, Origin};
use crate::number::as_double;
use crate::out::Out;
use crate::{TranslationStrategy, names};

/// Characters of all names and values of an exemplar's labels together (OpenMetrics 1.0, "Exemplars").
const CHARS_MAX: usize = 128;

/// What OpenMetrics shows of an exemplar.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exemplar {
    /// Between the braces.
    pub(crate) labels: String,
    /// Never NaN.
    pub(crate) value: Number,
    pub(crate) time: Timestamp,
}

/// By the position of the bucket; that of a counter is 0.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::box_collection, reason = "there is one for each sample of a page, and most are empty")]
pub(crate) struct Exemplars(Option<Box<BTreeMap<usize, Exemplar>>>);

impl Exemplars {
    /// The exemplars of a point. Those without a number are left out: no bucket has them in its range.
    pub(crate) fn new<'a>(
        strategy: TranslationStrategy,
        value: &Value,
        all: impl Iterator<Item = ExemplarRef<'a>>,
    ) -> Self {
        let mut latest = BTreeMap::<usize, (Number, ExemplarRef<'a>)>::new();
        for exemplar in all {
            let Some(number) = exemplar.value.filter(|number| !as_double(*number).is_nan()) else {
                continue;
            };
            let position = match value {
                Value::Histogram(buckets) => bucket(buckets, as_double(number)),
                Value::Int(..) | Value::Double(..) | Value::Summary(_) => 0,
            };
            if latest.get(&position).is_none_or(|(_, known)| known.time <= exemplar.time) {
                latest.insert(position, (number, exemplar));
            }
        }
        let shown = |(value, exemplar): (Number, ExemplarRef<'_>)| Exemplar {
            labels: text(strategy, &exemplar),
            value,
            time: exemplar.time,
        };
        let shown = latest.into_iter().map(|(position, chosen)| (position, shown(chosen)));
        let shown: BTreeMap<_, _> = shown.collect();
        Self((!shown.is_empty()).then(|| Box::new(shown)))
    }

    /// That of a bucket; the one up to `+Inf` comes behind all others.
    pub(crate) fn of(&self, position: usize) -> Option<&Exemplar> {
        self.0.as_ref()?.get(&position)
    }

    /// Takes those of another series with the same buckets.
    pub(super) fn merge(&mut self, others: Self) {
        let Some(others) = others.0 else { return };
        let all = self.0.get_or_insert_default();
        for (position, other) in *others {
            if all.get(&position).is_none_or(|known| known.time <= other.time) {
                all.insert(position, other);
            }
        }
    }
}

/// The labels: trace and span before all, then of the attributes, by name, those that still fit.
fn text(strategy: TranslationStrategy, exemplar: &ExemplarRef<'_>) -> String {
    let mut chosen = Vec::new();
    if exemplar.trace_id != 0 {
        chosen.push(("trace_id".to_owned(), format!("{:032x}", exemplar.trace_id)));
    }
    if exemplar.span_id != 0 {
        chosen.push(("span_id".to_owned(), format!("{:016x}", exemplar.span_id)));
    }
    let length = |(name, value): &(String, String)| name.chars().count() + value.chars().count();
    let mut room = CHARS_MAX.saturating_sub(chosen.iter().map(length).sum());
    let filtered: Vec<Label<'_>> = exemplar
        .pairs()
        .map(|(key, value)| Label::new(names::label(strategy, key), key, Origin::Point, value))
        .collect();
    for label in labels::settle(&[], &filtered, None) {
        let taken = chosen.iter().any(|(name, _)| *name == label.0);
        if let (false, Some(left)) = (taken, room.checked_sub(length(&label))) {
            room = left;
            chosen.push(label);
        }
    }
    let mut text = Out::default();
    for (name, value) in &chosen {
        labels::push(&mut text, name, value);
    }
    text.into_string()
}

/// The position of the bucket that has `number` in its range.
fn bucket(buckets: &Buckets, number: f64) -> usize {
    buckets.cumulative.partition_point(|(upper, _)| *upper < number)
}
