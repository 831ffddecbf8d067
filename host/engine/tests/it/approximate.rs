//! Received histograms in buckets that only approximate what was received: only where a View says so, and nothing but the place of
//! a value in its bucket is lost.

use proptest::prelude::*;
use wasmeter_model::Temporality::{Cumulative, Delta};
use wasmeter_model::{Aggregation, StreamSpec};

use crate::support::*;

fn exponential(max_size: u32, max_scale: i8) -> Aggregation {
    Aggregation::Base2ExponentialBucketHistogram { max_size, max_scale, record_min_max: true }
}

fn explicit(bounds: &[f64]) -> Aggregation {
    Aggregation::ExplicitBucketHistogram { boundaries: Some(bounds.into()), record_min_max: true }
}

fn asking(aggregation: Aggregation, approximate_buckets: bool) -> wasmeter_engine::Views {
    plugins([every(StreamSpec { aggregation, approximate_buckets, ..StreamSpec::default() })])
}

#[test]
fn explicit_buckets_become_exponential_ones_where_that_is_allowed() {
    let bounds = [1.0, 4.0, 16.0];
    let engine = engine(&[CUMULATIVE, DELTA], asking(exponential(160, 0), true));
    let point = |time, counts: &[u64], sum, min, max| {
        let point = hist(2, time, &bounds, counts);
        ingest(&engine, "", Hist { sum: Some(sum), min: Some(min), max: Some(max), ..point });
    };
    point(5, &[1, 2, 3, 4], 111.5, 0.25, 40.0);
    // In the middle of (0, 1], (1, 4] and (4, 16], and just above 16.
    let buckets = "+(-2, [1, 0, 2, 0, 3, 0, 4]) -(0, [])";
    let expected = format!("n=10 sum=111.5 min=0.25 max=40 s0 z0 {buckets}");
    expect(&engine, 0, 10, &[&format!("h{{}} expo cum {expected} @2..10")]);
    expect(&engine, 1, 10, &[&format!("h{{}} expo delta {expected} @2..10")]);
    point(15, &[1, 3, 3, 4], 113.5, 0.25, 40.0);
    let buckets = "+(-2, [1, 0, 3, 0, 3, 0, 4]) -(0, [])";
    expect(
        &engine,
        0,
        20,
        &[&format!("h{{}} expo cum n=11 sum=113.5 min=0.25 max=40 s0 z0 {buckets} @2..20")],
    );
    expect(&engine, 1, 20, &["h{} expo delta n=1 sum=2 s0 z0 +(0, [1]) -(0, []) @10..20"]);
    // A restart is all new.
    point(25, &[0, 0, 0, 1], 17.0, 17.0, 17.0);
    expect(&engine, 1, 30, &["h{} expo delta n=1 sum=17 s0 z0 +(4, [1]) -(0, []) @20..30"]);
    assert_eq!(messages(&engine), [] as [&str; 0]);
}

#[test]
fn values_below_zero_and_at_zero_have_their_own_sides() {
    let engine = engine(&[CUMULATIVE], asking(exponential(160, 0), true));
    ingest(&engine, "", hist(2, 5, &[-4.0, -1.0, 0.0, 1.0], &[1, 2, 3, 4, 5]));
    // -4, -2, -0.5, 0.5 and just above 1.
    expect(&engine, 0, 10, &["h{} expo cum n=15 s0 z0 +(-2, [4, 0, 5]) -(-2, [3, 0, 2, 1]) @2..10"]);
    ingest(&engine, "pid=2", hist(2, 5, &[0.0, 8.0], &[7, 0, 0]));
    let rows = collect(&engine, 0, 10);
    assert!(rows[0].starts_with("[pid=2] h{} expo cum n=7 s0 z7 "), "{rows:?}");
}

#[test]
fn without_a_word_of_it_what_is_not_exact_stays_as_received() {
    for (aggregation, notice) in [
        (
            exponential(160, 20),
            "the received explicit-bucket histogram cannot become an exponential histogram exactly; it stays as received: set `approximate_buckets` ",
        ),
        (
            explicit(&[1.5]),
            "the boundaries the View asks for are not a subset of the received ones, so the received ones stay: set `approximate_buckets` ",
        ),
    ] {
        let engine = engine(&[CUMULATIVE], asking(aggregation, false));
        ingest(&engine, "", hist(2, 5, &[1.0, 2.0], &[1, 2, 3]));
        expect(&engine, 0, 10, &["h{} hist cum n=6 [1.0, 2.0]:[1, 2, 3] @2..10"]);
        let told = messages(&engine);
        assert!(told.iter().any(|told| told.starts_with(notice)), "{told:?}");
    }
    let engine = engine(&[CUMULATIVE], asking(explicit(&[1.5]), false));
    let point = Expo { start: 2, time: 5, positive: (0, vec![1, 2]), ..Expo::default() };
    engine.ingest(&Otlp::of("").exponential("e", Delta, &[point]).frame(), at(5));
    expect(&engine, 0, 10, &["e{} expo cum n=3 s0 z0 +(0, [1, 2]) -(0, []) @2..10"]);
}

#[test]
fn numbers_have_no_buckets_to_approximate() {
    let engine = engine(&[CUMULATIVE], asking(exponential(160, 20), true));
    engine.ingest(&Otlp::of("").counter("c", Cumulative, &[("", 1, 5, int(3))]).frame(), at(5));
    expect(&engine, 0, 10, &["c{} sum+ cum 3 @1..10"]);
    let notice = "the received number cannot become an exponential histogram; it stays as received";
    let told = messages(&engine);
    assert!(told.iter().any(|told| told.starts_with(notice)), "{told:?}");
}

#[test]
fn other_bounds_are_exact_as_far_as_they_can_be() {
    let engine = engine(&[CUMULATIVE], asking(explicit(&[1.0, 3.0, 10.0]), true));
    // (1, 2] lies below 3, (2, 8] has its middle at 4, (8, 20] at 12.6.
    ingest(&engine, "", Hist { sum: Some(99.0), ..hist(2, 5, &[1.0, 2.0, 8.0, 20.0], &[1, 2, 4, 8, 16]) });
    expect(&engine, 0, 10, &["h{} hist cum n=31 sum=99 [1.0, 3.0, 10.0]:[1, 2, 4, 24] @2..10"]);
    // Another sender's bounds are no reason to give any up.
    let merged = engine_of_two();
    expect(&merged, 0, 10, &["h{} hist cum n=10 [1.0, 3.0, 10.0]:[1, 5, 4, 0] @2..10"]);
    assert_eq!(messages(&merged), [] as [&str; 0]);
}

/// Two processes in one series, of which only one has a bound that is wanted.
fn engine_of_two() -> wasmeter_engine::Engine {
    let spec = StreamSpec {
        aggregation: explicit(&[1.0, 3.0, 10.0]),
        approximate_buckets: true,
        resource: without(&["pid"]),
        ..StreamSpec::default()
    };
    let engine = engine(&[CUMULATIVE], plugins([every(spec)]));
    ingest(&engine, "pid=1", hist(2, 5, &[1.0, 3.0, 10.0], &[1, 2, 4, 0]));
    ingest(&engine, "pid=2", hist(2, 5, &[5.0], &[3, 0]));
    engine
}

#[test]
fn exponential_buckets_become_explicit_ones() {
    let engine = engine(&[CUMULATIVE, DELTA], asking(explicit(&[0.0, 1.0, 3.0, 10.0]), true));
    let point = |time, positive: Vec<u64>| Expo {
        start: 2,
        time,
        zero: 5,
        negative: (0, vec![1]),
        positive: (0, positive),
        ..Expo::default()
    };
    let ingest = |point: Expo| {
        let time = point.time;
        let report = engine.ingest(&Otlp::of("").exponential("e", Cumulative, &[point]).frame(), at(time));
        assert_eq!(report.accepted, 1);
    };
    // (1, 2] has its middle at 1.4, (2, 4] at 2.8, (4, 8] at 5.7, (8, 16] at 11.3.
    ingest(point(5, vec![1, 2, 4, 8]));
    expect(&engine, 0, 10, &["e{} hist cum n=21 [0.0, 1.0, 3.0, 10.0]:[6, 0, 3, 4, 8] @2..10"]);
    expect(&engine, 1, 10, &["e{} hist delta n=21 [0.0, 1.0, 3.0, 10.0]:[6, 0, 3, 4, 8] @2..10"]);
    ingest(point(15, vec![1, 2, 5, 8]));
    expect(&engine, 1, 20, &["e{} hist delta n=1 [0.0, 1.0, 3.0, 10.0]:[0, 0, 0, 1, 0] @10..20"]);
}

#[test]
fn exponential_buckets_of_either_sign_find_their_bounds() {
    let engine = engine(&[CUMULATIVE], asking(explicit(&[-3.0, -1.0, 0.0, 1.0, 3.0]), true));
    let sides = [(0, vec![1, 2, 4]), (-1, vec![8, 16, 0, 32])];
    let [positive, negative] = sides;
    let point = Expo { start: 2, time: 5, zero: 64, positive, negative, ..Expo::default() };
    engine.ingest(&Otlp::of("").exponential("e", Delta, &[point]).frame(), at(5));
    // 1.4, 2.8 and 5.7; -0.7, -1.4 and -5.7.
    expect(&engine, 0, 10, &["e{} hist cum n=127 [-3.0, -1.0, 0.0, 1.0, 3.0]:[32, 16, 72, 0, 3, 4] @2..10"]);
}

#[test]
fn exponential_buckets_without_a_wish_for_bounds_have_the_specified_ones() {
    let aggregation = Aggregation::ExplicitBucketHistogram { boundaries: None, record_min_max: true };
    let engine = engine(&[CUMULATIVE], asking(aggregation, true));
    let point = Expo { start: 2, time: 5, positive: (2, vec![9]), ..Expo::default() };
    engine.ingest(&Otlp::of("").exponential("e", Delta, &[point]).frame(), at(5));
    let rows = collect(&engine, 0, 10);
    assert!(
        rows[0].starts_with("e{} hist cum n=9 [0.0, 5.0, 10.0, ") && rows[0].contains(":[0, 0, 9, 0,"),
        "{rows:?}"
    );
}

#[test]
fn senders_of_both_sorts_are_one_series() {
    for aggregation in [exponential(160, 0), explicit(&[1.0, 10.0])] {
        let is_exponential = aggregation == exponential(160, 0);
        let engine = engine(&[CUMULATIVE], asking(aggregation, true));
        ingest(&engine, "", hist(2, 5, &[1.0, 4.0], &[0, 1, 0]));
        let point = Expo { start: 2, time: 5, positive: (0, vec![1]), ..Expo::default() };
        engine.ingest(&Otlp::of("").exponential("h", Cumulative, &[point]).frame(), at(5));
        let expected = if is_exponential {
            "h{} expo cum n=2 s0 z0 +(0, [2]) -(0, []) @2..10"
        } else {
            "h{} hist cum n=2 [1.0, 10.0]:[0, 2, 0] @2..10"
        };
        expect(&engine, 0, 10, &[expected]);
    }
}

#[test]
fn what_was_not_granted_is_once_a_swap_grants_it() {
    let engine = engine(&[CUMULATIVE], asking(explicit(&[3.0]), false));
    ingest(&engine, "", hist(2, 5, &[1.0, 4.0], &[1, 1, 0]));
    expect(&engine, 0, 10, &["h{} hist cum n=2 [1.0, 4.0]:[1, 1, 0] @2..10"]);
    engine.swap(asking(explicit(&[3.0]), true), at(11)).unwrap();
    ingest(&engine, "", hist(2, 15, &[1.0, 4.0], &[2, 1, 4]));
    let rows = collect(&engine, 0, 20);
    assert!(rows.contains(&"h{} hist cum n=5 [3.0]:[1, 4] @11..20".to_owned()), "{rows:?}");
}

/// Ascending bounds, and counts of two points of which the second is the later one.
fn points() -> impl Strategy<Value = (Vec<f64>, Vec<u64>, Vec<u64>)> {
    let bound = prop_oneof![(-50i32..50).prop_map(f64::from), -1e9..1e9, 1e-9..1e-3];
    let bounds = prop::collection::vec(bound, 0..8).prop_map(|mut bounds| {
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        bounds
    });
    bounds.prop_flat_map(|bounds| {
        let counts = prop::collection::vec(0u64..1000, bounds.len() + 1);
        (Just(bounds), counts.clone(), counts)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// What is counted, and where, does not depend on how it came: at once, or as a difference to what was there.
    #[test]
    fn what_comes_in_steps_is_what_comes_at_once((bounds, first, more) in points(), wanted in points()) {
        for aggregation in [exponential(20, 20), explicit(&wanted.0)] {
            let [steps, once] = [(); 2].map(|()| engine(&[CUMULATIVE], asking(aggregation.clone(), true)));
            let both: Vec<u64> = first.iter().zip(&more).map(|(first, more)| first + more).collect();
            ingest(&steps, "", hist(2, 5, &bounds, &first));
            ingest(&steps, "", hist(2, 6, &bounds, &both));
            ingest(&once, "", hist(2, 6, &bounds, &both));
            let (steps, once) = (steps.collect(0, at(10)), once.collect(0, at(10)));
            prop_assert_eq!(rows(&steps), rows(&once));
            let total: u64 = both.iter().sum();
            for metric in once.metrics() {
                let explicit = metric.histograms().map(|point| (point.count, point.counts.iter().sum()));
                let exponential = metric.exponentials().map(|point| {
                    let buckets: u64 = point.positive.1.iter().chain(point.negative.1.iter()).sum();
                    (point.count, buckets + point.zero_count)
                });
                for (count, buckets) in explicit.chain(exponential) {
                    prop_assert_eq!((count, buckets), (total, if wanted.0.is_empty() && buckets == 0 { 0 } else { total }));
                }
            }
        }
    }

    /// Where no bucket has to be split, there is nothing to approximate.
    #[test]
    fn a_subset_of_the_bounds_is_exact((bounds, counts, _) in points(), keep in any::<u8>()) {
        let kept = bounds.iter().enumerate().filter(|(at, _)| keep >> at & 1 == 1).map(|(_, bound)| *bound);
        let kept: Vec<f64> = kept.collect();
        let [exact, approximate] = [false, true].map(|allowed| {
            let engine = engine(&[CUMULATIVE], asking(explicit(&kept), allowed));
            ingest(&engine, "", hist(2, 5, &bounds, &counts));
            collect(&engine, 0, 10)
        });
        prop_assert_eq!(exact, approximate);
    }
}
