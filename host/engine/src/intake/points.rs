//! Received points, checked before the engine believes them.

use std::sync::Arc;

use wasmeter_model::batch::BatchPoint;
use wasmeter_model::frame::{ExponentialRef, HistogramRef, NumberRef};
use wasmeter_model::limits::{BUCKETS_MAX, EXPONENTIAL_SCALE_MAX, EXPONENTIAL_SCALE_MIN};
use wasmeter_model::{InstrumentKind, Number, total_count};

use crate::aggregate::{ExplicitRow, ExponentialPoint, are_equal};
use crate::report::Rejection;

/// The interval makes sense.
pub(super) fn check_time(point: BatchPoint<'_>) -> Result<(), Rejection> {
    // A time of 0 is unset; then the start says nothing about it.
    let is_backwards = !point.time().is_unknown() && point.time() < point.start();
    if is_backwards { Err(Rejection::TimeBeforeStart) } else { Ok(()) }
}

/// A number of an instrument of this kind.
pub(super) fn number(row: &NumberRef<'_>, kind: InstrumentKind) -> Result<Number, Rejection> {
    let value = row.value.ok_or(Rejection::NoValue)?;
    match kind {
        InstrumentKind::Gauge => Ok(value),
        _ if !value.is_finite() => Err(Rejection::NotFinite),
        InstrumentKind::Counter if value.as_f64() < 0.0 => Err(Rejection::Negative),
        _ => Ok(value),
    }
}

fn finite(values: [Option<f64>; 3]) -> Result<(), Rejection> {
    if values.into_iter().flatten().all(f64::is_finite) { Ok(()) } else { Err(Rejection::NotFinite) }
}

/// An explicit histogram (data model, "Histogram").
///
/// `known` are the bounds of the one before, which are checked already and kept if this one has the same; `seen` is where they
/// were read. `has_checked_counts` as in [`BatchMetric`](wasmeter_model::batch::BatchMetric::has_checked_counts).
pub(super) fn explicit<'k, 'a: 'k>(
    row: &'k HistogramRef<'a>,
    has_checked_counts: bool,
    known: &'k mut Option<Arc<[f64]>>,
    seen: &mut Option<&'a [f64]>,
) -> Result<ExplicitRow<'k>, Rejection> {
    finite([row.sum, row.min, row.max])?;
    if row.bounds.len() >= BUCKETS_MAX {
        return Err(Rejection::TooManyBuckets);
    }
    // A batch has equal bounds once, so they mostly are where those of the point before were.
    let is_seen = seen.is_some_and(|seen| std::ptr::eq(seen, row.bounds));
    let is_known = known.as_ref().is_some_and(|known| is_seen || are_equal(known, row.bounds));
    if !is_known {
        let is_ascending = row.bounds.is_sorted_by(|a, b| a < b);
        if !is_ascending || !row.bounds.iter().all(|bound| bound.is_finite()) {
            return Err(Rejection::BadBounds);
        }
        *known = None;
    }
    *seen = Some(row.bounds);
    let bounds = &*known.get_or_insert_with(|| row.bounds.into());
    // Without bounds there may be no counts either; then all values are in the one bucket there is.
    let counts = match (row.bounds, row.counts) {
        ([], []) => std::slice::from_ref(&row.count),
        (bounds, counts) if counts.len() == bounds.len() + 1 => counts,
        _ => return Err(Rejection::CountsMismatch),
    };
    if !has_checked_counts && total_count(counts) != row.count.into() {
        return Err(Rejection::CountsMismatch);
    }
    Ok(ExplicitRow { bounds, counts, count: row.count, sum: row.sum, min: row.min, max: row.max })
}

/// An exponential histogram (data model, "ExponentialHistogram"), in the memory of the one before; `has_checked_counts` as in
/// [`explicit`].
pub(super) fn exponential<'p>(
    row: &ExponentialRef<'_>,
    has_checked_counts: bool,
    point: &'p mut ExponentialPoint,
) -> Result<&'p ExponentialPoint, Rejection> {
    finite([row.sum, row.min, row.max])?;
    if !row.zero_threshold.is_finite() || row.zero_threshold < 0.0 {
        return Err(Rejection::NotFinite);
    }
    let ((positive_offset, positive), (negative_offset, negative)) = (row.positive, row.negative);
    let sides = [(positive_offset, positive.len()), (negative_offset, negative.len())];
    if sides.iter().any(|(_, buckets)| *buckets > BUCKETS_MAX) {
        return Err(Rejection::TooManyBuckets);
    }
    let held = || positive.total() + negative.total() + u128::from(row.zero_count);
    if !has_checked_counts && held() != row.count.into() {
        return Err(Rejection::CountsMismatch);
    }
    let in_range = i8::try_from(row.scale)
        .ok()
        .filter(|scale| (EXPONENTIAL_SCALE_MIN..=EXPONENTIAL_SCALE_MAX).contains(scale));
    let scale = in_range.ok_or(Rejection::ScaleOutOfRange)?;
    let end =
        |(offset, buckets): &(i32, usize)| i64::from(*offset) + i64::try_from(*buckets).unwrap_or(i64::MAX);
    if sides.iter().map(end).any(|end| end > i64::from(i32::MAX)) {
        return Err(Rejection::TooManyBuckets);
    }
    point.positive.set(positive_offset, positive);
    point.negative.set(negative_offset, negative);
    if !point.positive.is_within_doubles(scale) || !point.negative.is_within_doubles(scale) {
        return Err(Rejection::BadBounds);
    }
    (point.scale, point.zero_count, point.count) = (scale, row.zero_count, row.count);
    // Adding zero makes a negative zero positive, so that equal thresholds have equal bits.
    point.zero_threshold = row.zero_threshold + 0.0;
    (point.sum, point.min, point.max) = (row.sum, row.min, row.max);
    Ok(point)
}
