//! Settings that mean nothing, or nothing for what they are about.

use wasmeter_model::limits::{BUCKETS_MAX, EXEMPLARS_MAX, EXPONENTIAL_SCALE_MAX, EXPONENTIAL_SCALE_MIN};
use wasmeter_model::{Aggregation, ExemplarReservoir, StreamSpec};

use crate::instrument::Form;

/// True if an explicit histogram can have these bounds.
pub(crate) fn are_bounds(bounds: &[f64]) -> bool {
    bounds.len() < BUCKETS_MAX
        && bounds.iter().all(|bound| bound.is_finite())
        && bounds.is_sorted_by(|a, b| a < b)
}

/// What is wrong with an aggregation, in words for whoever wrote the View; `None` if nothing is.
pub(crate) fn aggregation_problem(aggregation: &Aggregation) -> Option<String> {
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

/// What is wrong with the reservoir for exemplars.
pub(super) fn reservoir_problem(spec: &StreamSpec) -> Option<String> {
    match spec.exemplar_reservoir {
        ExemplarReservoir::SimpleFixedSize { size } if size.get() as usize > EXEMPLARS_MAX => {
            Some(format!("its exemplar reservoir has the size {size}, expected at most {EXEMPLARS_MAX}"))
        }
        _ => None,
    }
}

/// What is wrong with the name of a stream; any text but none is one (metrics SDK, "Stream configuration").
pub(super) fn name_problem(spec: &StreamSpec) -> Option<String> {
    (spec.name.as_deref() == Some(""))
        .then(|| "its stream name is empty, expected at least one character".to_owned())
}

/// True if values of a form can be aggregated so. Measurements can become anything; what was received is aggregated
/// already, and only loses detail, unless its buckets may be approximated.
pub(crate) const fn can_become(form: Form, aggregation: &Aggregation, approximate_buckets: bool) -> bool {
    match aggregation {
        Aggregation::Default | Aggregation::Drop | Aggregation::Sum => true,
        Aggregation::LastValue => matches!(form, Form::Measurements | Form::Numbers),
        Aggregation::ExplicitBucketHistogram { .. } => match form {
            Form::Measurements | Form::Explicit => true,
            Form::Exponential => approximate_buckets,
            Form::Numbers => false,
        },
        Aggregation::Base2ExponentialBucketHistogram { .. } => match form {
            Form::Measurements | Form::Exponential => true,
            Form::Explicit => approximate_buckets,
            Form::Numbers => false,
        },
    }
}

/// For messages.
pub(super) const fn aggregation_name(aggregation: &Aggregation) -> &'static str {
    match aggregation {
        Aggregation::Default => "the default",
        Aggregation::Drop => "nothing",
        Aggregation::Sum => "a sum",
        Aggregation::LastValue => "a last value",
        Aggregation::ExplicitBucketHistogram { .. } => "an explicit-bucket histogram",
        Aggregation::Base2ExponentialBucketHistogram { .. } => "an exponential histogram",
    }
}
