//! The checks of single points (metrics data model; comments of metrics.proto).

use wasmeter_model::frame::NO_RECORDED_VALUE;
use wasmeter_model::limits::BUCKETS_MAX;
use wasmeter_model::total_count;

use super::Fault;
use crate::messages::{
    ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint, SummaryDataPoint,
    exponential_histogram_data_point::Buckets,
};

pub(super) fn check_number(point: &NumberDataPoint) -> Result<(), Fault> {
    check_times(point.start_time_unix_nano, point.time_unix_nano)?;
    check_value(point.value.is_some(), point.flags)
}

/// A point has a value unless it says that its series has ended.
#[inline]
pub(crate) fn check_value(has_value: bool, flags: u32) -> Result<(), Fault> {
    if !has_value && flags & NO_RECORDED_VALUE == 0 {
        return Err(Fault::MissingValue);
    }
    Ok(())
}

pub(super) fn check_histogram(point: &HistogramDataPoint) -> Result<(), Fault> {
    check_times(point.start_time_unix_nano, point.time_unix_nano)?;
    check_lengths(point.explicit_bounds.len(), point.bucket_counts.len())?;
    if !point.bucket_counts.is_empty() {
        check_count(point.count, total_count(&point.bucket_counts))?;
    }
    check_bounds(&point.explicit_bounds)
}

/// How many bounds and counts an explicit histogram has.
#[inline]
pub(crate) fn check_lengths(bounds: usize, counts: usize) -> Result<(), Fault> {
    check_buckets(counts.max(bounds))?;
    if (bounds, counts) != (0, 0) && counts != bounds + 1 {
        return Err(Fault::BucketCountMismatch { bounds, counts });
    }
    Ok(())
}

/// The bounds of an explicit histogram: ascending numbers.
pub(crate) fn check_bounds(explicit_bounds: &[f64]) -> Result<(), Fault> {
    for (bound, next) in explicit_bounds.iter().zip(explicit_bounds.iter().skip(1)) {
        if bound.partial_cmp(next) != Some(std::cmp::Ordering::Less) {
            return Err(Fault::BoundsNotAscending { bound: *bound, next: *next });
        }
    }
    match explicit_bounds {
        [only] if only.is_nan() => Err(Fault::BoundsNotAscending { bound: *only, next: *only }),
        _ => Ok(()),
    }
}

/// Any scale is let through: the data model has no bounds for it, whoever works with the buckets may have.
pub(super) fn check_exponential(point: &ExponentialHistogramDataPoint) -> Result<(), Fault> {
    check_times(point.start_time_unix_nano, point.time_unix_nano)?;
    let sides = [&point.positive, &point.negative].map(|side| buckets(side.as_ref()));
    check_exponential_shape(point.zero_threshold, sides.map(|(offset, counts)| (offset, counts.len())))?;
    let total = sides.iter().map(|(_, counts)| total_count(counts)).sum::<u128>();
    check_count(point.count, total + u128::from(point.zero_count))
}

fn buckets(buckets: Option<&Buckets>) -> (i32, &[u64]) {
    buckets.map_or((0, &[]), |buckets| (buckets.offset, &buckets.bucket_counts))
}

/// The buckets of an exponential histogram: the width of the zero bucket, and the offset and how many there are of either sign. What
/// they count is not looked at.
pub(crate) fn check_exponential_shape(zero_threshold: f64, sides: [(i32, usize); 2]) -> Result<(), Fault> {
    for (offset, buckets) in sides {
        check_indices(offset, buckets)?;
    }
    if zero_threshold.is_nan() || zero_threshold < 0.0 {
        return Err(Fault::ZeroThreshold { found: zero_threshold });
    }
    Ok(())
}

pub(super) fn check_summary(point: &SummaryDataPoint) -> Result<(), Fault> {
    check_times(point.start_time_unix_nano, point.time_unix_nano)?;
    check_quantiles(point.quantile_values.iter().map(|pair| pair.quantile))
}

/// The quantiles of a summary.
pub(crate) fn check_quantiles(mut quantiles: impl ExactSizeIterator<Item = f64>) -> Result<(), Fault> {
    check_buckets(quantiles.len())?;
    match quantiles.find(|quantile| !(0.0..=1.0).contains(quantile)) {
        Some(found) => Err(Fault::QuantileOutOfRange { found }),
        None => Ok(()),
    }
}

#[inline]
pub(crate) fn check_times(start: u64, time: u64) -> Result<(), Fault> {
    if start != 0 && time < start { Err(Fault::TimeBeforeStart { start, time }) } else { Ok(()) }
}

fn check_buckets(found: usize) -> Result<(), Fault> {
    if found > BUCKETS_MAX { Err(Fault::TooManyBuckets { found }) } else { Ok(()) }
}

fn check_indices(offset: i32, count: usize) -> Result<(), Fault> {
    check_buckets(count)?;
    // An exponential bucket's upper boundary is that of the next index, which therefore has to exist too.
    match i32::try_from(count).ok().and_then(|count| offset.checked_add(count)) {
        Some(_) => Ok(()),
        None => Err(Fault::BucketIndexOverflow { offset, buckets: count }),
    }
}

fn check_count(count: u64, sum: u128) -> Result<(), Fault> {
    if sum == u128::from(count) { Ok(()) } else { Err(Fault::CountMismatch { count, sum }) }
}
