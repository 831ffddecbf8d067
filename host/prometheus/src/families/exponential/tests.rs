//! Boundaries and exactness of the mapping, checked against the definition of a bucket.

use proptest::prelude::*;
use wasmeter_model::Temporality;
use wasmeter_model::frame::{ExponentialRow, FrameBuilder, MetricRow, PointKind};

use super::*;

fn convert(row: ExponentialRow<'_>, grid: Grid) -> Option<Buckets> {
    let mut builder = FrameBuilder::new();
    let none = builder.set([]);
    builder.resource(none, "", 0);
    builder.scope("", "", "", none, 0);
    let metric = MetricRow {
        name: "h",
        description: "",
        unit: "",
        kind: PointKind::ExponentialHistogram,
        temporality: Some(Temporality::Cumulative),
        monotonic: false,
    };
    builder.metric(metric, none);
    builder.exponential(row);
    let frame = builder.finish();
    let point = frame.metrics().next().unwrap().exponentials().next().unwrap();
    buckets(&point, grid)
}

#[test]
fn q7_boundaries_are_powers_of_the_base() {
    for scale in -10..=8 {
        for index in -40..=40 {
            let exact = (f64::from(index) * 2.0_f64.powi(-scale)).exp2();
            let got = power(i64::from(index), scale);
            assert!(
                (got - exact).abs() <= exact * 1e-15 || got == exact,
                "{index} at {scale}: {got} is not {exact}"
            );
        }
    }
    assert_eq!(power(-1074, 0), 5e-324);
    assert_eq!(power(-1075, 0), 0.0);
    assert_eq!(power(1023, 0), 2.0_f64.powi(1023));
    assert_eq!(power(1024, 0), f64::INFINITY);
    assert_eq!(power(i64::MAX, -10), f64::INFINITY);
    assert_eq!(power(i64::MIN, i32::MIN), 0.0);
}

#[test]
fn all_sides_of_a_histogram_in_order() {
    let row = ExponentialRow {
        count: 10,
        sum: Some(1.0),
        scale: 0,
        zero_count: 2,
        zero_threshold: 0.125,
        positive: (1, (&[1, 0, 3]).into()),
        negative: (0, (&[0, 4, 0]).into()),
        ..ExponentialRow::default()
    };
    let buckets = convert(row, Grid::new(2, 160)).unwrap();
    assert_eq!(buckets.cumulative, [(-2.0, 4), (0.125, 6), (2.0, 6), (4.0, 7), (8.0, 7), (16.0, 10)]);
    assert_eq!(buckets.count, 10);
}

#[test]
fn q7_finer_scales_merge_to_the_grid_and_wide_ranges_further() {
    let counts = [1_u64; 64];
    let row = |positive| ExponentialRow { count: 64, scale: 5, positive, ..ExponentialRow::default() };
    // 64 buckets of 2^(1/32) are two doublings: from 1 to 4.
    let fine = convert(row((0, (&counts).into())), Grid::new(2, 160)).unwrap();
    assert_eq!(fine.cumulative.len(), 9);
    assert_eq!(fine.cumulative.first(), Some(&(1.0, 0)));
    assert_eq!(fine.cumulative.get(4), Some(&(2.0, 32)));
    assert_eq!(fine.cumulative.last(), Some(&(4.0, 64)));
    let coarse = convert(row((0, (&counts).into())), Grid::new(2, 2)).unwrap();
    assert_eq!(coarse.cumulative, [(1.0, 0), (2.0, 32), (4.0, 64)]);
}

#[test]
fn what_does_not_add_up_is_refused() {
    let grid = Grid::new(2, 160);
    let row = ExponentialRow { count: 3, positive: (0, (&[1, 1]).into()), ..ExponentialRow::default() };
    assert_eq!(convert(row, grid), None);
    assert_eq!(convert(ExponentialRow { positive: (0, (&[u64::MAX, 3]).into()), ..row }, grid), None);
    assert_eq!(convert(ExponentialRow { count: 2, zero_threshold: f64::NAN, ..row }, grid), None);
    assert_eq!(convert(ExponentialRow { count: 2, zero_threshold: -1.0, ..row }, grid), None);
    assert!(convert(ExponentialRow { count: 2, ..row }, grid).is_some());
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: proptest::test_runner::RngSeed::Fixed(20),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Whatever a sender claims, the result ascends, keeps the total, and never has more lines than counts were sent.
    #[test]
    fn any_point_keeps_its_total(
        scale in prop_oneof![-12..=20_i32, any::<i32>()],
        offset in prop_oneof![-200..200_i32, any::<i32>()],
        positive in prop::collection::vec(0..5_u64, 0..300),
        negative in prop::collection::vec(0..5_u64, 0..300),
        zero_count in 0..3_u64,
        zero_threshold in prop_oneof![Just(0.0), Just(1e-3), Just(1e9)],
        scale_max in -12..12_i32,
        buckets_max in 0..200_usize,
    ) {
        let count = positive.iter().chain(&negative).sum::<u64>() + zero_count;
        let row = ExponentialRow {
            count, scale, zero_count, zero_threshold,
            positive: (offset, (&positive).into()), negative: (offset, (&negative).into()),
            ..ExponentialRow::default()
        };
        let buckets = convert(row, Grid::new(scale_max, buckets_max)).unwrap();
        prop_assert_eq!(buckets.count, count);
        prop_assert!(buckets.cumulative.len() <= positive.len() + negative.len() + 2);
        let ascending = |pair: &[(f64, u64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
        prop_assert!(buckets.cumulative.windows(2).all(ascending), "{:?}", buckets.cumulative);
        prop_assert!(buckets.cumulative.iter().all(|(bound, upto)| *bound < f64::INFINITY && *upto <= count));
    }

    /// The count up to a boundary is that of the values up to it: recorded values, bucketed by the definition.
    #[test]
    fn counts_up_to_a_boundary_are_those_of_the_values(
        values in prop::collection::vec(-100.0..100.0_f64, 1..100),
        scale in -2..=6_i32,
    ) {
        let side = |sign: f64| {
            let magnitudes = values.iter().map(|value| value * sign).filter(|value| *value > 0.0);
            // Upper-inclusive buckets: (base^i, base^(i + 1)].
            let index = |value: f64| (value.log2() * 2.0_f64.powi(scale)).ceil() as i32 - 1;
            let indices: Vec<i32> = magnitudes.map(index).collect();
            let first = indices.iter().copied().min().unwrap_or(0);
            let last = indices.iter().copied().max().unwrap_or(0);
            let mut counts = vec![0_u64; (last - first) as usize + 1];
            for index in indices {
                counts[(index - first) as usize] += 1;
            }
            (first, counts)
        };
        let (positive, negative) = (side(1.0), side(-1.0));
        let row = ExponentialRow {
            count: values.len() as u64,
            zero_count: values.iter().filter(|value| **value == 0.0).count() as u64,
            scale,
            positive: (positive.0, (&positive.1).into()),
            negative: (negative.0, (&negative.1).into()),
            ..ExponentialRow::default()
        };
        let buckets = convert(row, Grid::new(2, 160)).unwrap();
        for (bound, upto) in buckets.cumulative {
            let near = |value: &&f64| (**value - bound).abs() <= bound.abs() * 1e-12;
            let on_bound = values.iter().filter(near).count() as u64;
            let wanted = values.iter().filter(|value| **value <= bound).count() as u64;
            prop_assert!(upto.abs_diff(wanted) <= on_bound, "{upto} up to {bound}, not {wanted}");
        }
    }
}
