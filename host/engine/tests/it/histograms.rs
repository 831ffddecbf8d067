//! Received histograms: what is exact is merged, what is not stays as received, and no count is ever lost.

use wasmeter_model::Temporality::{Cumulative, Delta};

use crate::support::*;

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

#[test]
fn an_exponential_bucket_that_shrinks_is_a_reset_and_all_of_the_point_is_new() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    // All of them and the first bucket have grown, so that something was taken away before the second one is seen to have shrunk.
    for (time, zero, counts) in [(5, 5, vec![5, 5]), (6, 20, vec![6, 1])] {
        let point = Expo { zero, ..expo(time, 0, (0, counts)) };
        let frame = Otlp::of("").exponential("e", Cumulative, &[point]).frame();
        assert_eq!(engine.ingest(&frame, at(time)).rejected_points(), 0);
    }
    expect(&engine, 0, 10, &["e{} expo cum n=42 s0 z25 +(0, [11, 6]) -(0, []) @2..10"]);
}
