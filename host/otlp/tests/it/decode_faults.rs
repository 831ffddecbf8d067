//! A point that is wrong is refused, with its reason; its neighbours stay.

use wasmeter_model::frame::NO_RECORDED_VALUE;
use wasmeter_model::limits::BUCKETS_MAX;
use wasmeter_otlp::decode::{Decoded, Reason, decode_protobuf};
use wasmeter_otlp::messages::exponential_histogram_data_point::Buckets;
use wasmeter_otlp::messages::summary_data_point::ValueAtQuantile;
use wasmeter_otlp::messages::*;

use crate::support::messages::*;

fn decode(metric: Metric) -> Decoded {
    decode_protobuf(&bytes(metric)).unwrap()
}

/// Asserts that the one point is refused for `reason` and that the message says what was found.
#[track_caller]
fn assert_refused(metric: Metric, reason: Reason, found: &str) {
    let decoded = decode(metric);
    assert_eq!(decoded.refused.iter().collect::<Vec<_>>(), [(reason, 1)]);
    assert_eq!(decoded.frame.point_count(), 0);
    let message = decoded.refused.to_string();
    assert!(
        message.contains(found) && message.contains("expected") && message.contains(reason.name()),
        "{message}"
    );
}

#[track_caller]
fn assert_taken(metric: Metric) {
    let decoded = decode(metric);
    assert_eq!((decoded.refused.total(), decoded.frame.point_count()), (0, 1), "{}", decoded.refused);
}

fn buckets(bounds: &[f64], counts: &[u64], count: u64) -> Metric {
    let (explicit_bounds, bucket_counts) = (bounds.to_vec(), counts.to_vec());
    histogram(HistogramDataPoint { explicit_bounds, bucket_counts, count, ..HistogramDataPoint::default() })
}

fn side(offset: i32, buckets: usize) -> Metric {
    exponential(ExponentialHistogramDataPoint {
        positive: Some(Buckets { offset, bucket_counts: vec![0; buckets] }),
        ..ExponentialHistogramDataPoint::default()
    })
}

#[test]
fn sound_neighbours_of_a_refused_point_stay() {
    let late = NumberDataPoint { start_time_unix_nano: 3_000_000_000, ..int_point(2) };
    let decoded = decode(sum(vec![int_point(1), late, int_point(3)]));
    assert_eq!(decoded.frame.point_count(), 2);
    assert_eq!(
        decoded.refused.to_string(),
        "1 points refused (1 time_before_start); first: metric `requests`: time 2000000000 ns is before start time \
         3000000000 ns; expected it not to be"
    );
}

#[test]
fn a_point_may_not_end_before_it_starts() {
    let point = |start_time_unix_nano, time_unix_nano| NumberDataPoint {
        start_time_unix_nano,
        time_unix_nano,
        ..int_point(1)
    };
    assert_refused(sum(vec![point(2, 1)]), Reason::TimeBeforeStart, "1 ns is before start time 2 ns");
    assert_taken(sum(vec![point(2, 2)]));
    assert_taken(sum(vec![point(0, 1)]));
}

#[test]
fn a_missing_value_needs_its_flag() {
    let point = |flags| NumberDataPoint { value: None, flags, ..int_point(1) };
    assert_refused(sum(vec![point(0)]), Reason::MissingValue, "no value");
    assert_refused(sum(vec![point(2)]), Reason::MissingValue, "no value");
    assert_taken(sum(vec![point(NO_RECORDED_VALUE)]));
}

#[test]
fn a_metric_needs_a_name() {
    let metric = Metric { name: String::new(), ..sum(vec![int_point(1)]) };
    assert_refused(metric, Reason::EmptyName, "no name");
}

#[test]
fn sums_and_histograms_need_a_temporality() {
    for code in [0, 3, -1] {
        let data = Sum { data_points: vec![int_point(1)], aggregation_temporality: code, is_monotonic: true };
        assert_refused(
            metric(metric::Data::Sum(data)),
            Reason::UnspecifiedTemporality,
            &format!("temporality {code};"),
        );
    }
    assert_taken(metric(metric::Data::Gauge(Gauge { data_points: vec![int_point(1)] })));
}

#[test]
fn bucket_counts_fit_the_bounds() {
    assert_taken(buckets(&[], &[], 7));
    assert_taken(buckets(&[], &[7], 7));
    assert_taken(buckets(&[1.0, 2.0], &[1, 2, 3], 6));
    assert_refused(buckets(&[1.0], &[1], 1), Reason::BucketCountMismatch, "1 bucket counts for 1 bounds");
    assert_refused(buckets(&[1.0], &[], 0), Reason::BucketCountMismatch, "0 bucket counts for 1 bounds");
    assert_refused(buckets(&[], &[1, 2], 3), Reason::BucketCountMismatch, "2 bucket counts for 0 bounds");
}

#[test]
fn bounds_ascend_and_are_numbers() {
    assert_taken(buckets(&[f64::NEG_INFINITY, 0.0, f64::INFINITY], &[0; 4], 0));
    assert_refused(buckets(&[2.0, 1.0], &[0; 3], 0), Reason::BoundsNotAscending, "bound 1 follows 2");
    assert_refused(buckets(&[1.0, 1.0], &[0; 3], 0), Reason::BoundsNotAscending, "bound 1 follows 1");
    assert_refused(buckets(&[f64::NAN], &[0; 2], 0), Reason::BoundsNotAscending, "NaN");
    assert_refused(buckets(&[1.0, f64::NAN], &[0; 3], 0), Reason::BoundsNotAscending, "NaN");
}

#[test]
fn buckets_add_up_to_the_count_without_overflow() {
    assert_refused(buckets(&[1.0], &[1, 2], 4), Reason::CountMismatch, "add up to 3");
    assert_refused(
        buckets(&[1.0], &[u64::MAX, 2], 1),
        Reason::CountMismatch,
        "add up to 18446744073709551617",
    );
    let point =
        ExponentialHistogramDataPoint { count: 2, zero_count: 1, ..ExponentialHistogramDataPoint::default() };
    assert_refused(exponential(point), Reason::CountMismatch, "add up to 1");
}

#[test]
fn the_number_of_buckets_is_bounded() {
    let bounds = |count: u32| (0..count).map(f64::from).collect::<Vec<_>>();
    let most = u32::try_from(BUCKETS_MAX).unwrap();
    assert_taken(buckets(&bounds(most - 1), &vec![0; BUCKETS_MAX], 0));
    assert_refused(
        buckets(&bounds(most), &vec![0; BUCKETS_MAX + 1], 0),
        Reason::TooManyBuckets,
        "16385 buckets",
    );
    assert_taken(side(0, BUCKETS_MAX));
    assert_refused(side(0, BUCKETS_MAX + 1), Reason::TooManyBuckets, "16385 buckets");
}

#[test]
fn exponential_buckets_stay_within_their_indices() {
    assert_taken(side(i32::MIN, 5));
    assert_taken(side(i32::MAX - 5, 5));
    assert_refused(side(i32::MAX - 4, 5), Reason::BucketIndexOverflow, "5 buckets from index 2147483643");
}

#[test]
fn zero_thresholds_are_not_negative() {
    let point = |zero_threshold| ExponentialHistogramDataPoint { zero_threshold, ..<_>::default() };
    assert_taken(exponential(point(0.5)));
    assert_refused(exponential(point(-1.0)), Reason::ZeroThreshold, "-1");
    assert_refused(exponential(point(f64::NAN)), Reason::ZeroThreshold, "NaN");
}

#[test]
fn any_scale_is_let_through() {
    for scale in [i32::MIN, -11, 21, i32::MAX] {
        assert_taken(exponential(ExponentialHistogramDataPoint { scale, ..<_>::default() }));
    }
}

#[test]
fn quantiles_are_between_0_and_1() {
    let point = |quantile| SummaryDataPoint {
        quantile_values: vec![ValueAtQuantile { quantile, value: 1.0 }],
        ..SummaryDataPoint::default()
    };
    assert_taken(summary(point(0.0)));
    assert_taken(summary(point(1.0)));
    assert_refused(summary(point(1.1)), Reason::QuantileOutOfRange, "1.1");
    assert_refused(summary(point(f64::NAN)), Reason::QuantileOutOfRange, "NaN");
}

#[test]
fn an_example_quotes_no_endless_name() {
    let metric = Metric { name: "é".repeat(100_000), ..sum(vec![NumberDataPoint::default()]) };
    assert!(decode(metric).refused.to_string().len() < 600);
}
