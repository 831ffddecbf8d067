//! Two series that turned out to be one.
//!
//! Adding up is what a view would do with them, and exact while both sources report. It still is the worse way: when one
//! of the sources ends, the total falls and Prometheus takes that for a reset. Hence the warning.

use wasmeter_model::{Number, Timestamp};

use super::{Additive, Buckets, Series, Value};
use crate::number::as_double;

/// What became of a series that was to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// It is a series of its own.
    New,
    /// It was added to an earlier one.
    Merged,
    /// An earlier one has its labels and cannot take it.
    Refused,
}

pub(super) fn into(earlier: &mut Series, later: Series) -> Added {
    let added = values(&mut earlier.value, later.value);
    if added == Added::Merged {
        // The sum holds what either counted since its own start; if one of them is unknown, so is that of the sum.
        let unknown = earlier.start.is_unknown() || later.start.is_unknown();
        earlier.start = if unknown { Timestamp::UNKNOWN } else { earlier.start.min(later.start) };
        earlier.exemplars.merge(later.exemplars);
    }
    added
}

fn values(earlier: &mut Value, later: Value) -> Added {
    if let (Some((sum, Additive(true))), Some((summand, Additive(true)))) =
        (earlier.as_number(), later.as_number())
    {
        *earlier = Value::number(add(sum, summand), Additive(true));
        return Added::Merged;
    }
    match (earlier, later) {
        (Value::Histogram(earlier), Value::Histogram(later)) => match histograms(earlier, &later) {
            Some(sum) => {
                **earlier = sum;
                Added::Merged
            }
            None => Added::Refused,
        },
        _ => Added::Refused,
    }
}

fn add(a: Number, b: Number) -> Number {
    if let (Number::Int(a), Number::Int(b)) = (a, b)
        && let Some(sum) = a.checked_add(b)
    {
        return Number::Int(sum);
    }
    Number::Double(as_double(a) + as_double(b))
}

fn histograms(a: &Buckets, b: &Buckets) -> Option<Buckets> {
    if a.cumulative.len() != b.cumulative.len() {
        return None;
    }
    let mut cumulative = Vec::with_capacity(a.cumulative.len());
    for ((a_bound, a_count), (b_bound, b_count)) in a.cumulative.iter().zip(&b.cumulative) {
        if a_bound != b_bound {
            return None;
        }
        cumulative.push((*a_bound, a_count.checked_add(*b_count)?));
    }
    let sum = match (a.sum, b.sum) {
        (Some(a), Some(b)) => Some(a + b),
        _ => None,
    };
    Some(Buckets { cumulative, sum, count: a.count.checked_add(b.count)? })
}
