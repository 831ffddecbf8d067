//! Explicit histograms reproduce the population: every bucket, count, sum and extreme equals a recount.

use std::sync::Arc;

use proptest::prelude::*;
use wasmeter_model::frame::HistogramRef;
use wasmeter_model::{Aggregation, InstrumentKind as Kind, NumberKind, StreamSpec};

use super::{check, collect_both, histogram};
use crate::support::*;

#[derive(Clone, Debug)]
enum Step {
    /// A value in one of three attribute sets, which the View makes one series.
    Record(u64, f64),
    Collect,
}

/// Multiples of 1/8, so that sums are exact and many values lie on bounds.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-80..80_i32).prop_map(|eighths| f64::from(eighths) / 8.0),
        1 => any::<i32>().prop_map(f64::from),
    ]
}

fn bounds() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(number(), 0..6).prop_map(|mut bounds| {
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        bounds
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..3_u64, number()).prop_map(|(set, value)| Step::Record(set, value)),
        1 => Just(Step::Collect),
    ];
    prop::collection::vec(step, 0..60)
}

fn assert_is_of(found: Option<HistogramRef<'_>>, population: &[f64], bounds: &[f64]) {
    let Some(found) = found else {
        assert!(population.is_empty(), "no histogram of {population:?}");
        return;
    };
    let mut counts = vec![0_u64; bounds.len() + 1];
    for value in population {
        let bucket = bounds.iter().position(|bound| value <= bound).unwrap_or(bounds.len());
        counts[bucket] += 1;
    }
    // A single bucket says no more than the count.
    let counts = if bounds.is_empty() { Vec::new() } else { counts };
    assert_eq!((found.bounds, found.counts), (bounds, counts.as_slice()));
    assert_eq!(found.count, population.len() as u64);
    assert_eq!(found.sum, Some(population.iter().sum()));
    assert_eq!(found.min, population.iter().copied().reduce(f64::min));
    assert_eq!(found.max, population.iter().copied().reduce(f64::max));
}

#[test]
fn g6_buckets_count_sum_and_extremes_are_those_of_the_population() {
    check(200, (bounds(), steps()), |(bounds, steps)| {
        let aggregation = Aggregation::ExplicitBucketHistogram {
            boundaries: Some(Arc::from(bounds.as_slice())),
            record_min_max: true,
        };
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
                    let [cumulative, delta] = collect_both(&engine, now);
                    assert_is_of(histogram(&cumulative), &all, &bounds);
                    assert_is_of(histogram(&delta), &interval, &bounds);
                    interval.clear();
                }
            }
        }
        Ok(())
    });
}
