//! A point in another unit.

use wasmeter_guest::frame::{Buckets, Exemplar, ExponentialHistogram, Histogram, Number, Point, PointData};

use crate::config::Exponential;
use crate::factor::Factor;

/// Why a point cannot be converted; its metric then stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// Buckets of an exponential histogram have no counterpart.
    NoSuchBuckets,
    /// Bounds are no longer apart, or no longer numbers, at this magnitude.
    OutOfRange,
}

impl Obstacle {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::NoSuchBuckets => {
                "its exponential buckets have no counterpart in the other unit; the factor is no power of two (or one too \
                 small for so coarse a scale): set `exponential_histograms = \"nearest\"`, or record in the wanted unit"
            }
            Self::OutOfRange => {
                "its buckets are too close together or too far out to be told apart in the other unit"
            }
        }
    }
}

/// Converts a point with its exemplars.
pub(crate) fn convert(point: &mut Point<'_>, factor: Factor, inexact: Exponential) -> Result<(), Obstacle> {
    match &mut point.data {
        PointData::Number(number) => *number = number.map(|number| of_number(number, factor)),
        PointData::Histogram(histogram) => of_histogram(histogram, factor)?,
        PointData::ExponentialHistogram(histogram) => of_exponential(histogram, factor, inexact)?,
        PointData::Summary(summary) => {
            summary.sum = factor.apply(summary.sum);
            summary.values.to_mut().iter_mut().for_each(|value| *value = factor.apply(*value));
        }
    }
    for Exemplar { value, .. } in &mut point.exemplars {
        *value = value.map(|number| of_number(number, factor));
    }
    Ok(())
}

/// Integers stay integers where the factor is whole; a total that grows beyond their range goes on as a double.
fn of_number(number: Number, factor: Factor) -> Number {
    match number {
        Number::Int(int) => match factor.apply_int(int) {
            Some(converted) => Number::Int(converted),
            None => Number::Double(factor.apply(int as f64)),
        },
        Number::Double(double) => Number::Double(factor.apply(double)),
    }
}

fn of_histogram(histogram: &mut Histogram<'_>, factor: Factor) -> Result<(), Obstacle> {
    let bounds: Vec<f64> = histogram.bounds.iter().map(|bound| factor.apply(*bound)).collect();
    let were_finite = histogram.bounds.iter().all(|bound| bound.is_finite());
    if !bounds.is_sorted_by(|low, high| low < high)
        || bounds.iter().all(|bound| bound.is_finite()) != were_finite
    {
        return Err(Obstacle::OutOfRange);
    }
    histogram.bounds = bounds.into();
    for known in [&mut histogram.sum, &mut histogram.min, &mut histogram.max] {
        *known = known.map(|value| factor.apply(value));
    }
    Ok(())
}

/// Bucket `i` is above `2^(i / 2^scale)`; times `2^n` that is bucket `i + n * 2^scale`.
fn of_exponential(
    histogram: &mut ExponentialHistogram<'_>,
    factor: Factor,
    inexact: Exponential,
) -> Result<(), Obstacle> {
    let per_power = 2_f64.powi(histogram.scale);
    let exact = factor.power_of_two().map(|power| f64::from(power) * per_power);
    let shift = match (exact.filter(|shift| shift.fract() == 0.0), inexact) {
        (Some(shift), _) => shift,
        (None, Exponential::Leave) => return Err(Obstacle::NoSuchBuckets),
        (None, Exponential::Nearest) => (factor.log2() * per_power).round(),
    };
    let shifted = |buckets: &Buckets<'_>| {
        let first = f64::from(buckets.offset) + shift;
        let last = first + buckets.counts.len() as f64;
        let fits = first >= f64::from(i32::MIN) && last < f64::from(i32::MAX);
        if fits { Ok(first as i32) } else { Err(Obstacle::OutOfRange) }
    };
    let (positive, negative) = (shifted(&histogram.positive)?, shifted(&histogram.negative)?);
    let threshold = factor.apply(histogram.zero_threshold);
    if threshold.is_nan() {
        return Err(Obstacle::OutOfRange);
    }
    for (buckets, offset) in [(&mut histogram.positive, positive), (&mut histogram.negative, negative)] {
        if !buckets.counts.is_empty() {
            buckets.offset = offset;
        }
    }
    histogram.zero_threshold = threshold;
    for known in [&mut histogram.sum, &mut histogram.min, &mut histogram.max] {
        *known = known.map(|value| factor.apply(value));
    }
    Ok(())
}
