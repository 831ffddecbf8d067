//! Exponential histograms.

use wasmeter_model::limits::{EXPONENTIAL_SCALE_MAX, EXPONENTIAL_SIZE_DEFAULT};
use wasmeter_model::{Aggregation, InstrumentKind as Kind, NumberKind, StreamSpec, Temporality};

use crate::support::*;

/// Scale, count of zeros and of buckets, and the point's text, of a histogram of these values.
fn histogram(max_size: u32, values: &[f64]) -> (i32, u64, usize, String) {
    let aggregation = Aggregation::Base2ExponentialBucketHistogram {
        max_size,
        max_scale: EXPONENTIAL_SCALE_MAX,
        record_min_max: true,
    };
    let engine = engine(&[CUMULATIVE], plugins([every(StreamSpec { aggregation, ..StreamSpec::default() })]));
    let recorder = engine.instrument(instrument(Kind::Histogram, "h", NumberKind::Double), at(1)).unwrap();
    values.iter().for_each(|value| recorder.record(double(*value), &attrs(""), at(2)));
    let frame = engine.collect(0, at(10));
    let metric = frame.metrics().next().unwrap();
    let point = metric.exponentials().next().unwrap();
    let counted: u64 = point.zero_count + point.positive.1.iter().chain(point.negative.1.iter()).sum::<u64>();
    assert_eq!(counted, point.count);
    let size = point.positive.1.len().max(point.negative.1.len());
    (point.scale, point.zero_count, size, rows(&frame).remove(0))
}

/// Values from `low` to `high`, evenly on a logarithmic scale.
fn spread(low: f64, high: f64) -> Vec<f64> {
    (0..=1000).map(|step| (low * (high / low).powf(f64::from(step) / 1000.0)).clamp(low, high)).collect()
}

#[test]
fn h1_h3_one_value_has_the_finest_scale_and_each_sign_its_own_room() {
    assert_eq!((EXPONENTIAL_SIZE_DEFAULT, EXPONENTIAL_SCALE_MAX), (160, 20));
    let (scale, zeros, size, row) = histogram(160, &[3.0]);
    assert_eq!((scale, zeros, size), (20, 0, 1));
    assert!(row.contains(" min=3 max=3 "), "{row}");
    let (scale, zeros, size, _) = histogram(160, &[3.0, -3.0, 0.0]);
    assert_eq!((scale, zeros, size), (20, 1, 1));
    // As many buckets as there may be of each sign, beside the zeros: no reason to go down.
    let positive = (0..160).map(|index| f64::exp2((f64::from(index) + 0.5) / 1_048_576.0));
    let both: Vec<f64> = positive.flat_map(|value| [value, -value]).chain([0.0]).collect();
    let (scale, zeros, size, _) = histogram(160, &both);
    assert_eq!((scale, zeros, size), (20, 1, 160));
}

#[test]
fn h3_h7_the_scale_is_the_finest_that_holds_the_range() {
    // The specification's table of ranges and scales at 160 buckets.
    for (low, high, scale) in [(1e-3, 1.0, 4), (1e-3, 100.0, 3), (1e-6, 10.0, 2)] {
        let mut values = spread(low, high);
        let (found, _, size, _) = histogram(160, &values);
        assert_eq!(found, scale, "{low} to {high}");
        assert!(size <= 160);
        // In whatever order they come.
        values.reverse();
        assert_eq!(histogram(160, &values).0, scale);
    }
}

#[test]
fn h2_every_finite_double_is_counted_and_no_other() {
    let ends = [f64::MAX, f64::MIN_POSITIVE, 5e-324, 1.0];
    let all: Vec<f64> = ends.iter().flat_map(|value| [*value, -value]).chain([0.0, -0.0]).collect();
    let (scale, zeros, size, row) = histogram(160, &all);
    assert!(row.contains(" n=10 "), "{row}");
    assert_eq!(zeros, 2, "the smallest doubles are not zero");
    // 2^-1022 to 2^1024 in 160 buckets: each spans 2^16.
    assert_eq!((scale, size), (-4, 128));
    let (_, _, _, row) = histogram(2, &[f64::MAX, f64::MIN_POSITIVE, f64::NAN, f64::INFINITY]);
    assert!(row.contains(" n=2 ") && row.contains(" s-10 "), "{row}");
    assert!(!row.contains("NaN") && !row.contains("inf"), "{row}");
}

#[test]
fn h4_powers_of_two_are_on_a_boundary_at_every_scale() {
    for exponent in [-1000, -3, -1, 0, 1, 2, 10, 1000] {
        let power = f64::exp2(f64::from(exponent));
        // One bucket down from a value just above: a boundary lies between them.
        let (scale, _, size, row) = histogram(160, &[power, power * (1.0 + 1e-6)]);
        assert_eq!((scale, size), (20, 3), "{row}");
        let last = (i64::from(exponent) << 20) - 1;
        assert!(row.contains(&format!(" +({last}, [1, 0, 1]) ")), "{row}");
    }
}

#[test]
fn h8_points_whose_buckets_no_double_reaches_are_refused() {
    let engine = engine(&[CUMULATIVE], no_views());
    let points = [
        Expo { scale: 21, zero: 1, ..Expo::default() },
        Expo { scale: -11, zero: 1, ..Expo::default() },
        Expo { scale: 0, positive: (1024, vec![1]), ..Expo::default() },
        Expo { scale: 0, negative: (-2000, vec![1]), ..Expo::default() },
        Expo { scale: 20, positive: (i32::MAX, vec![1]), ..Expo::default() },
    ]
    .map(|point| Expo { start: 1, time: 2, ..point });
    let report =
        engine.ingest(&Otlp::of("").exponential("e", Temporality::Cumulative, &points).frame(), at(2));
    assert_eq!((report.accepted, report.rejected_points()), (0, 5), "{}", report.message());
    let sound = [Expo { start: 1, time: 2, scale: 0, positive: (1023, vec![1]), ..Expo::default() }];
    let report =
        engine.ingest(&Otlp::of("").exponential("e", Temporality::Cumulative, &sound).frame(), at(2));
    assert_eq!(report.accepted, 1, "{}", report.message());
}
