//! The checks of single points (metrics data model; comments of metrics.proto).

use wasmeter_model::frame::NO_RECORDED_VALUE;
use wasmeter_model::limits::BUCKETS_MAX;

use super::Fault;
use crate::messages::{
    ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint, SummaryDataPoint,
    exponential_histogram_data_point::Buckets,
};

pub(super) fn check_number(point: &NumberDataPoint) -> Result<(), Fault> {
    check_times(point.start_time_unix_nano, point.time_unix_nano)?;
    if point.value.is_none() && point.flags & NO_RECORDED_VALUE == 0 {
        return Err(Fault::MissingValue);
    }
    Ok(())
}

pub(super) fn check_histogram(point: &HistogramDataPoint) -> Result<(), Fault> {
    check_times(point.start_time_unix_nano, point.time_unix_nano)?;
    let (bounds, counts) = (point.explicit_bounds.len(), point.bucket_counts.len());
    check_buckets(counts.max(bounds))?;
    if (bounds, counts) != (0, 0) && counts != bounds + 1 {
        return Err(Fault::BucketCountMismatch { bounds, counts });
    }
    for (bound, next) in point.explicit_bounds.iter().zip(point.explicit_bounds.iter().skip(1)) {
        if bound.partial_cmp(next) != Some(std::cmp::Ordering::Less) {
            return Err(Fault::BoundsNotAscending { bound: *bound, next: *next });
        }
    }
    if let [only] = point.explicit_bounds.as_slice()
        && only.is_nan()
    {
        return Err(Fault::BoundsNotAscending { bound: *only, next: *only });
    }
    if counts == 0 { Ok(()) } else { check_count(point.count, sum(&point.bucket_counts)) }
}

/// Any scale is let through: the data model has no bounds for it, whoever works with the buckets may have.
pub(super) fn check_exponential(point: &ExponentialHistogramDataPoint) -> Result<(), Fault> {
    check_times(point.start_time_unix_nano, point.time_unix_nano)?;
    let mut total = u128::from(point.zero_count);
    for buckets in [&point.positive, &point.negative].into_iter().flatten() {
        check_indices(buckets)?;
        total += sum(&buckets.bucket_counts);
    }
    if point.zero_threshold.is_nan() || point.zero_threshold < 0.0 {
        return Err(Fault::ZeroThreshold { found: point.zero_threshold });
    }
    check_count(point.count, total)
}

pub(super) fn check_summary(point: &SummaryDataPoint) -> Result<(), Fault> {
    check_times(point.start_time_unix_nano, point.time_unix_nano)?;
    check_buckets(point.quantile_values.len())?;
    match point.quantile_values.iter().find(|pair| !(0.0..=1.0).contains(&pair.quantile)) {
        Some(pair) => Err(Fault::QuantileOutOfRange { found: pair.quantile }),
        None => Ok(()),
    }
}

fn check_times(start: u64, time: u64) -> Result<(), Fault> {
    if start != 0 && time < start { Err(Fault::TimeBeforeStart { start, time }) } else { Ok(()) }
}

fn check_buckets(found: usize) -> Result<(), Fault> {
    if found > BUCKETS_MAX { Err(Fault::TooManyBuckets { found }) } else { Ok(()) }
}

fn check_indices(buckets: &Buckets) -> Result<(), Fault> {
    let count = buckets.bucket_counts.len();
    check_buckets(count)?;
    // An exponential bucket's upper boundary is that of the next index, which therefore has to exist too.
    match i32::try_from(count).ok().and_then(|count| buckets.offset.checked_add(count)) {
        Some(_) => Ok(()),
        None => Err(Fault::BucketIndexOverflow { offset: buckets.offset, buckets: count }),
    }
}

fn sum(counts: &[u64]) -> u128 {
    counts.iter().map(|count| u128::from(*count)).sum()
}

fn check_count(count: u64, sum: u128) -> Result<(), Fault> {
    if sum == u128::from(count) { Ok(()) } else { Err(Fault::CountMismatch { count, sum }) }
}
