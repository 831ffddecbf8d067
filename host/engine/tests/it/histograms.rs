//! Received histograms: what is exact is merged, what is not stays as received, and no count is ever lost.

use wasmeter_model::Temporality::{Cumulative, Delta};
use wasmeter_model::{Aggregation, StreamSpec};

use crate::support::*;

fn hist(start: u64, time: u64, bounds: &[f64], counts: &[u64]) -> Hist {
    Hist { start, time, bounds: bounds.to_vec(), counts: counts.to_vec(), ..Hist::default() }
}

fn ingest(engine: &wasmeter_engine::Engine, resource: &str, point: Hist) {
    let time = point.time;
    let report = engine.ingest(&Otlp::of(resource).histogram("h", Cumulative, &[point]).frame(), at(time));
    assert_eq!(report.rejected_points(), 0, "{}", report.message());
}

fn messages(engine: &wasmeter_engine::Engine) -> Vec<String> {
    engine.notices().into_iter().map(|notice| notice.message).collect()
}

#[test]
fn j9_equal_bounds_add_bucket_by_bucket_over_several_resources() {
    let engine = engine(&[CUMULATIVE, DELTA], merging(&["pid"]));
    let facts = |sum, min, max| (Some(sum), Some(min), Some(max));
    let point = |pid: &str, time, counts: &[u64], (sum, min, max)| {
        ingest(&engine, &format!("pid={pid}"), Hist { sum, min, max, ..hist(2, time, &[5.0, 10.0], counts) });
    };
    point("1", 5, &[1, 2, 0], facts(15.0, 1.0, 9.0));
    point("2", 5, &[0, 0, 1], facts(20.0, 20.0, 20.0));
    expect(&engine, 0, 10, &["h{} hist cum n=4 sum=35 min=1 max=20 [5.0, 10.0]:[1, 2, 1] @2..10"]);
    expect(&engine, 1, 10, &["h{} hist delta n=4 sum=35 min=1 max=20 [5.0, 10.0]:[1, 2, 1] @2..10"]);
    point("1", 15, &[2, 2, 0], facts(15.5, 0.5, 9.0));
    // The smallest value since the start is known, that of the interval is not (conformance row J9).
    expect(&engine, 0, 20, &["h{} hist cum n=5 sum=35.5 min=0.5 max=20 [5.0, 10.0]:[2, 2, 1] @2..20"]);
    expect(&engine, 1, 20, &["h{} hist delta n=1 sum=0.5 [5.0, 10.0]:[1, 0, 0] @10..20"]);
    // A reset: the new counts are new, the smallest value of all time stays.
    point("1", 25, &[0, 1, 0], facts(7.0, 7.0, 7.0));
    expect(&engine, 0, 30, &["h{} hist cum n=6 sum=42.5 min=0.5 max=20 [5.0, 10.0]:[2, 3, 1] @2..30"]);
    assert_eq!(messages(&engine), [] as [&str; 0]);
}

#[test]
fn j9_deltas_have_exact_extremes_in_both_temporalities() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    for (start, time, value) in [(1, 5, 3.0), (5, 8, 1.0), (12, 15, 2.0)] {
        let point = Hist {
            sum: Some(value),
            min: Some(value),
            max: Some(value),
            ..hist(start, time, &[2.0], &[u64::from(value <= 2.0), u64::from(value > 2.0)])
        };
        engine.ingest(&Otlp::of("").histogram("h", Delta, &[point]).frame(), at(time));
        if time == 8 {
            expect(&engine, 1, 10, &["h{} hist delta n=2 sum=4 min=1 max=3 [2.0]:[1, 1] @1..10"]);
        }
    }
    expect(&engine, 0, 20, &["h{} hist cum n=3 sum=6 min=1 max=3 [2.0]:[2, 1] @1..20"]);
    expect(&engine, 1, 20, &["h{} hist delta n=1 sum=2 min=2 max=2 [2.0]:[1, 0] @10..20"]);
}

fn rebucketed(boundaries: &[f64]) -> wasmeter_engine::Views {
    let aggregation =
        Aggregation::ExplicitBucketHistogram { boundaries: Some(boundaries.into()), record_min_max: true };
    plugins([every(StreamSpec { aggregation, ..StreamSpec::default() })])
}

#[test]
fn a_view_may_coarsen_received_bounds_and_nothing_else() {
    let received = |views| {
        let engine = engine(&[CUMULATIVE], views);
        ingest(&engine, "", hist(2, 5, &[1.0, 2.0, 3.0], &[1, 2, 4, 8]));
        ingest(&engine, "", hist(2, 6, &[1.0, 2.0, 3.0], &[2, 3, 5, 9]));
        (collect(&engine, 0, 10), messages(&engine))
    };
    let (rows, notices) = received(rebucketed(&[2.0]));
    assert_eq!((&rows[0][..], notices.len()), ("h{} hist cum n=19 [2.0]:[5, 14] @2..10", 0));
    let (rows, notices) = received(rebucketed(&[2.5]));
    assert_eq!(rows, ["h{} hist cum n=19 [1.0, 2.0, 3.0]:[2, 3, 5, 9] @2..10"]);
    assert_eq!(
        notices,
        ["the boundaries the View asks for are not a subset of the received ones, so the received ones stay"]
    );
    let exponential =
        Aggregation::Base2ExponentialBucketHistogram { max_size: 160, max_scale: 20, record_min_max: true };
    let (rows, notices) =
        received(plugins([every(StreamSpec { aggregation: exponential, ..StreamSpec::default() })]));
    assert_eq!(rows, ["h{} hist cum n=19 [1.0, 2.0, 3.0]:[2, 3, 5, 9] @2..10"]);
    assert_eq!(
        notices,
        [
            "the received explicit-bucket histogram cannot become an exponential histogram; it stays as received"
        ]
    );
}

#[test]
fn sources_of_other_bounds_stay_as_received() {
    let engine = engine(&[CUMULATIVE, DELTA], merging(&["pid"]));
    ingest(&engine, "pid=1", hist(2, 5, &[1.0, 2.0], &[1, 1, 1]));
    ingest(&engine, "pid=2", hist(3, 5, &[1.0, 3.0], &[2, 2, 2]));
    // Finer bounds are counted in the coarser ones of the series.
    ingest(&engine, "pid=3", hist(4, 5, &[1.0, 1.5, 2.0], &[0, 5, 0, 0]));
    let expected = |temporality: &str| {
        [
            format!("h{{}} hist {temporality} n=8 [1.0, 2.0]:[1, 6, 1] @2..10"),
            format!("[pid=2] h{{}} hist {temporality} n=6 [1.0, 3.0]:[2, 2, 2] @3..10"),
        ]
    };
    let text = expected("cum");
    expect(&engine, 0, 10, &text.each_ref().map(String::as_str));
    let text = expected("delta");
    expect(&engine, 1, 10, &text.each_ref().map(String::as_str));
    assert_eq!(
        messages(&engine),
        [
            "bounds of a received explicit-bucket histogram differ from those of the series it would join; it stays as received"
        ]
    );
    ingest(&engine, "pid=2", hist(3, 15, &[1.0, 3.0], &[2, 2, 3]));
    ingest(&engine, "pid=1", hist(2, 15, &[1.0, 2.0], &[2, 1, 1]));
    expect(
        &engine,
        0,
        20,
        &[
            "h{} hist cum n=9 [1.0, 2.0]:[2, 6, 1] @2..20",
            "[pid=2] h{} hist cum n=7 [1.0, 3.0]:[2, 2, 3] @3..20",
        ],
    );
}

#[test]
fn one_identity_with_several_bounds_keeps_every_count_in_the_common_ones() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    ingest(&engine, "", hist(2, 5, &[1.0, 2.0, 4.0], &[1, 1, 1, 1]));
    // A restart with other buckets, then the old process once more.
    ingest(&engine, "", hist(6, 7, &[1.0, 3.0, 4.0], &[0, 3, 0, 2]));
    ingest(&engine, "", hist(2, 8, &[1.0, 2.0, 4.0], &[2, 1, 1, 1]));
    expect(&engine, 0, 10, &["h{} hist cum n=10 [1.0, 4.0]:[2, 5, 3] @2..10"]);
    expect(&engine, 1, 10, &["h{} hist delta n=10 [1.0, 4.0]:[2, 5, 3] @2..10"]);
    ingest(&engine, "", hist(6, 15, &[1.0, 3.0, 4.0], &[0, 3, 1, 2]));
    expect(&engine, 0, 20, &["h{} hist cum n=11 [1.0, 4.0]:[2, 6, 3] @2..20"]);
    // The next interval begins with the bounds it is sent.
    expect(&engine, 1, 20, &["h{} hist delta n=1 [1.0, 3.0, 4.0]:[0, 0, 1, 0] @10..20"]);
}

#[test]
fn bounds_that_meet_in_the_overflow_keep_every_count() {
    let views = plugins([every(StreamSpec {
        cardinality_limit: std::num::NonZeroU32::new(1),
        ..StreamSpec::default()
    })]);
    let engine = engine(&[CUMULATIVE], views);
    for (attributes, bound) in [("a=1", 1.0), ("a=2", 2.0), ("a=3", 3.0), ("a=2", 2.0)] {
        let time = 5 + engine.counts().accepted;
        ingest(&engine, "", Hist { attributes, ..hist(time - 1, time, &[bound], &[1, 1]) });
    }
    expect(
        &engine,
        0,
        20,
        &[
            "h{a=1} hist cum n=2 [1.0]:[1, 1] @4..20",
            "h{otel.metric.overflow=true} hist cum n=6 []:[] @5..20",
        ],
    );
}

#[test]
fn histograms_of_counts_only_and_without_sums_are_taken() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    for (time, count) in [(5, 3), (6, 7)] {
        ingest(&engine, "", hist(2, time, &[], &[count]));
    }
    engine.ingest(&Otlp::of("").raw_histogram("c", 4, &[], &[]).frame(), at(7));
    expect(&engine, 0, 10, &["h{} hist cum n=7 []:[] @2..10", "c{} hist cum n=4 []:[] @1..10"]);
    expect(&engine, 1, 10, &["h{} hist delta n=7 []:[] @2..10", "c{} hist delta n=4 []:[] @1..10"]);
}

#[test]
fn the_sum_of_a_received_histogram_is_a_stream_if_a_view_wants_it() {
    let sum = every(StreamSpec { aggregation: Aggregation::Sum, ..StreamSpec::default() });
    let engine = engine(&[CUMULATIVE, DELTA], plugins([sum]));
    for (time, sum) in [(5, 1.5), (6, 4.0)] {
        ingest(&engine, "", Hist { sum: Some(sum), ..hist(2, time, &[1.0], &[time, 0]) });
    }
    expect(&engine, 0, 10, &["h{} sum+ cum 4.0 @2..10"]);
    ingest(&engine, "", hist(2, 11, &[1.0], &[20, 0]));
    expect(&engine, 1, 20, &["h{} sum+ delta 4.0 @2..20"]);
    assert_eq!(messages(&engine), ["a histogram without a sum adds nothing to a sum"]);
}

fn expo(time: u64, scale: i32, positive: (i32, Vec<u64>)) -> Expo {
    Expo { start: 2, time, scale, positive, ..Expo::default() }
}

#[test]
fn h6_exponential_histograms_of_other_scales_meet_at_the_coarsest() {
    let engine = engine(&[CUMULATIVE, DELTA], merging(&["pid"]));
    let ingest = |pid: &str, point: Expo| {
        let time = point.time;
        let frame = Otlp::of(&format!("pid={pid}")).exponential("e", Cumulative, &[point]).frame();
        assert_eq!(engine.ingest(&frame, at(time)).rejected_points(), 0);
    };
    ingest("1", Expo { zero: 1, ..expo(5, 1, (0, vec![1, 2, 3, 4])) });
    ingest("2", Expo { negative: (0, vec![7]), ..expo(5, 0, (1, vec![10])) });
    expect(&engine, 0, 10, &["e{} expo cum n=28 s0 z1 +(0, [3, 17]) -(0, [7]) @2..10"]);
    expect(&engine, 1, 10, &["e{} expo delta n=28 s0 z1 +(0, [3, 17]) -(0, [7]) @2..10"]);
    // The first source has come down in scale since; one bucket grew.
    ingest("1", Expo { zero: 1, ..expo(15, 0, (0, vec![3, 7, 1])) });
    expect(&engine, 0, 20, &["e{} expo cum n=29 s0 z1 +(0, [3, 17, 1]) -(0, [7]) @2..20"]);
    expect(&engine, 1, 20, &["e{} expo delta n=1 s0 z0 +(2, [1]) -(0, []) @10..20"]);
}

#[test]
fn an_empty_exponential_point_does_not_lower_the_resolution() {
    let engine = engine(&[CUMULATIVE], no_views());
    let delta = |start, time, scale, positive| {
        let point = Expo { start, ..expo(time, scale, positive) };
        engine.ingest(&Otlp::of("").exponential("e", Delta, &[point]).frame(), at(time))
    };
    delta(2, 5, 5, (7, vec![1]));
    assert_eq!(delta(5, 6, -10, (0, vec![])).accepted, 1);
    delta(6, 7, 5, (8, vec![1]));
    expect(&engine, 0, 10, &["e{} expo cum n=2 s5 z0 +(7, [1, 1]) -(0, []) @2..10"]);
}

#[test]
fn buckets_at_both_ends_of_the_doubles_merge_in_bounded_memory() {
    let engine = engine(&[CUMULATIVE], no_views());
    let end = 1023 << 20;
    let frame = |start, time, scale, positive| {
        Otlp::of("").exponential("e", Delta, &[Expo { start, ..expo(time, scale, positive) }]).frame()
    };
    assert_eq!(engine.ingest(&frame(2, 5, 20, (end, vec![1])), at(5)).accepted, 1);
    assert_eq!(engine.ingest(&frame(5, 6, 20, (-1075 << 20, vec![1])), at(6)).accepted, 1);
    let rows = collect(&engine, 0, 10);
    assert!(rows[0].starts_with("e{} expo cum n=2 s-4 z0 +(-68, [1, 0,"), "{rows:?}");
    assert!(rows[0].len() < 1000, "{rows:?}");
}
