//! Exponential histograms reproduce the population at the scale they report, and no finer scale was reachable.

use std::collections::BTreeMap;

use proptest::prelude::*;
use wasmeter_model::frame::{ExponentialRef, PackedCounts};
use wasmeter_model::limits::EXPONENTIAL_SCALE_MIN;
use wasmeter_model::{Aggregation, InstrumentKind as Kind, NumberKind, StreamSpec};

use super::{check, collect_both, exponential_histogram};
use crate::support::*;

/// How many values each bucket has, by its index.
type Counts = BTreeMap<i64, u64>;

/// The bucket of a value other than 0: that of its magnitude (data model, "ExponentialHistogram": the upper bound is the
/// inclusive one).
fn index(value: f64, scale: i32) -> i64 {
    let magnitude = value.abs();
    let exponent = i64::from((magnitude.to_bits() >> 52) as i32) - 1023;
    let is_power_of_two = magnitude.to_bits() << 12 == 0;
    match (is_power_of_two, scale) {
        (true, 0..) => (exponent << scale) - 1,
        (true, _) => (exponent - 1) >> -scale,
        (false, 0..) => (magnitude.log2() * f64::from(scale).exp2()).floor() as i64,
        (false, _) => exponent >> -scale,
    }
}

/// The buckets of the values of one sign.
pub(super) fn counts(values: &[f64], is_mine: impl Fn(f64) -> bool, scale: i32) -> Counts {
    let mut counts = Counts::new();
    for value in values.iter().filter(|value| is_mine(**value)) {
        *counts.entry(index(*value, scale)).or_default() += 1;
    }
    counts
}

pub(super) fn is_positive(value: f64) -> bool {
    value > 0.0
}

pub(super) fn is_negative(value: f64) -> bool {
    value < 0.0
}

fn width(counts: &Counts) -> i64 {
    match (counts.first_key_value(), counts.last_key_value()) {
        (Some((first, _)), Some((last, _))) => last - first + 1,
        _ => 0,
    }
}

/// The finest scale up to `scale_max` at which the values of either sign fit.
pub(super) fn finest(values: &[f64], scale_max: i32, max_size: u32) -> i32 {
    let fits = |scale: &i32| {
        let sides = [counts(values, is_positive, *scale), counts(values, is_negative, *scale)];
        sides.iter().all(|side| width(side) <= i64::from(max_size))
    };
    let scales = (i32::from(EXPONENTIAL_SCALE_MIN)..=scale_max).rev();
    scales.into_iter().find(fits).unwrap_or(EXPONENTIAL_SCALE_MIN.into())
}

fn exported((offset, buckets): (i32, PackedCounts<'_>)) -> Counts {
    (i64::from(offset)..).zip(buckets.iter()).filter(|(_, count)| *count > 0).collect()
}

/// The point is the histogram of the population, at the finest scale that was possible.
pub(super) fn assert_is_of(found: &ExponentialRef<'_>, population: &[f64], scale_max: i32, max_size: u32) {
    let scale = found.scale;
    assert_eq!(exported(found.positive), counts(population, is_positive, scale), "positive at scale {scale}");
    assert_eq!(exported(found.negative), counts(population, is_negative, scale), "negative at scale {scale}");
    let zeros = population.iter().filter(|value| **value == 0.0).count();
    assert_eq!((found.zero_count, found.count), (zeros as u64, population.len() as u64));
    for (_, buckets) in [found.positive, found.negative] {
        assert!(buckets.len() <= max_size as usize, "{} buckets", buckets.len());
    }
    assert_eq!(scale, finest(population, scale_max, max_size), "the finest scale of {population:?}");
}

/// Values whose bucket is beyond doubt at every scale: powers of two, whose bucket is exact, and others that are not next
/// to a bound, where the specification lets an implementation err by one bucket.
pub(super) fn number() -> impl Strategy<Value = f64> {
    let exponent = || prop_oneof![3 => -6..6_i32, 1 => -1000..1000_i32];
    let power = exponent().prop_map(|exponent| f64::from(exponent).exp2());
    let other = (exponent(), 1.0..2.0_f64)
        .prop_map(|(exponent, significand)| significand * f64::from(exponent).exp2())
        .prop_filter("next to a bound", |value| {
            let position = value.log2() * 20_f64.exp2();
            value.to_bits() << 12 != 0 && (0.01..0.99).contains(&(position - position.floor()))
        });
    let magnitude = prop_oneof![1 => power, 3 => other, 1 => Just(0.0)];
    (magnitude, prop_oneof![3 => Just(1.0), 1 => Just(-1.0)]).prop_map(|(magnitude, sign)| magnitude * sign)
}

#[derive(Clone, Debug)]
enum Step {
    /// A value in one of three attribute sets, which the View makes one series.
    Record(u64, f64),
    Collect,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..3_u64, number()).prop_map(|(set, value)| Step::Record(set, value)),
        1 => Just(Step::Collect),
    ];
    prop::collection::vec(step, 0..50)
}

#[test]
fn h1_h3_h4_the_population_is_reproduced_at_the_finest_scale_that_fits() {
    let sizes = prop::sample::select(vec![2_u32, 3, 5, 20, 160]);
    let scales = prop::sample::select(vec![-10_i8, -2, 0, 3, 20]);
    check(300, (sizes, scales, steps()), |(max_size, max_scale, steps)| {
        let aggregation =
            Aggregation::Base2ExponentialBucketHistogram { max_size, max_scale, record_min_max: true };
        let spec = StreamSpec { aggregation, attributes: without(&["set"]), ..StreamSpec::default() };
        let engine = engine(&[CUMULATIVE, DELTA], plugins([every(spec)]));
        let recorder =
            engine.instrument(instrument(Kind::Histogram, "h", NumberKind::Double), at(1)).unwrap();
        let (mut all, mut interval) = (Vec::new(), Vec::new());
        for (now, step) in (2..).zip(steps.iter().chain([&Step::Collect])) {
            match step {
                Step::Record(set, value) => {
                    recorder.record(double(*value), &attrs(&format!("set={set}")), at(now));
                    all.push(*value);
                    interval.push(*value);
                }
                Step::Collect => {
                    let frames = collect_both(&engine, now);
                    for (frame, population) in frames.iter().zip([&all, &interval]) {
                        let Some(found) = exponential_histogram(frame) else {
                            assert!(population.is_empty(), "no histogram of {population:?}");
                            continue;
                        };
                        assert_is_of(&found, population, max_scale.into(), max_size);
                        assert_eq!(found.min, population.iter().copied().reduce(f64::min));
                        assert_eq!(found.max, population.iter().copied().reduce(f64::max));
                        let magnitude: f64 = population.iter().map(|value| value.abs()).sum();
                        let sum: f64 = population.iter().sum();
                        assert!((found.sum.unwrap() - sum).abs() <= magnitude * 1e-12, "sum {sum}");
                    }
                    interval.clear();
                }
            }
        }
        Ok(())
    });
}

#[test]
fn a_single_value_has_the_finest_scale() {
    check(100, (number(), -10..=20_i8), |(value, max_scale)| {
        let aggregation =
            Aggregation::Base2ExponentialBucketHistogram { max_size: 2, max_scale, record_min_max: true };
        let spec = StreamSpec { aggregation, ..StreamSpec::default() };
        let engine = engine(&[CUMULATIVE], plugins([every(spec)]));
        let recorder =
            engine.instrument(instrument(Kind::Histogram, "h", NumberKind::Double), at(1)).unwrap();
        recorder.record(double(value), &attrs(""), at(2));
        let frame = engine.collect(0, at(3));
        let found = exponential_histogram(&frame).expect("a histogram");
        assert_eq!(found.scale, i32::from(max_scale));
        assert_is_of(&found, &[value], max_scale.into(), 2);
        Ok(())
    });
}
