//! Settings that mean nothing.

use wasmeter_model::Aggregation;
use wasmeter_model::limits::{BUCKETS_MAX, EXPONENTIAL_SCALE_MAX, EXPONENTIAL_SCALE_MIN};

/// True if an explicit histogram can have these bounds.
pub(crate) fn are_bounds(bounds: &[f64]) -> bool {
    bounds.len() < BUCKETS_MAX
        && bounds.iter().all(|bound| bound.is_finite())
        && bounds.is_sorted_by(|a, b| a < b)
}

/// What is wrong with an aggregation, in words for whoever wrote the View; `None` if nothing is.
pub(crate) fn problem_of(aggregation: &Aggregation) -> Option<String> {
    match aggregation {
        Aggregation::ExplicitBucketHistogram { boundaries: Some(boundaries), .. }
            if !are_bounds(boundaries) =>
        {
            Some(format!("its boundaries are not finite, strictly ascending and fewer than {BUCKETS_MAX}"))
        }
        Aggregation::Base2ExponentialBucketHistogram { max_size, .. }
            if !(2..=BUCKETS_MAX).contains(&usize::try_from(*max_size).unwrap_or(usize::MAX)) =>
        {
            Some(format!("its max_size is {max_size}, expected 2 to {BUCKETS_MAX}"))
        }
        Aggregation::Base2ExponentialBucketHistogram { max_scale, .. }
            if !(EXPONENTIAL_SCALE_MIN..=EXPONENTIAL_SCALE_MAX).contains(max_scale) =>
        {
            Some(format!(
                "its max_scale is {max_scale}, expected {EXPONENTIAL_SCALE_MIN} to {EXPONENTIAL_SCALE_MAX}"
            ))
        }
        _ => None,
    }
}
