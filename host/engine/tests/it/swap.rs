//! The swap rule, case by case; `history` tries them in any order.

use wasmeter_model::Temporality::Cumulative;
use wasmeter_model::{Aggregation, InstrumentKind as Kind, NumberKind, StreamSpec};

use crate::support::*;

#[test]
fn a7_what_does_not_change_keeps_accumulator_and_start() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    let counter = recorder(&engine, Kind::Counter, "c");
    counter.record(int(1), &attrs("a=1"), at(2));
    counter.record(int(2), &attrs("b=1"), at(3));
    // Removes what the one set does not have.
    let report = engine.swap(dropping(&["b"]), at(5)).unwrap();
    assert_eq!((report.generation, report.instruments), (2, 1));
    assert_eq!((report.kept, report.started, report.ended), (2, 1, 2));
    counter.record(int(4), &attrs("a=1"), at(6));
    counter.record(int(8), &attrs("b=1"), at(7));
    expect(
        &engine,
        0,
        10,
        &[
            "c{a=1} sum+ cum 5 @2..10",
            "c{b=1} sum+ cum 2 @3..5",
            "c{b=1} sum+ cum end @3..10",
            "c{} sum+ cum 8 @5..10",
        ],
    );
    expect(
        &engine,
        1,
        10,
        &[
            "c{a=1} sum+ delta 5 @1..10",
            "c{b=1} sum+ delta 2 @1..5",
            "c{b=1} sum+ delta end @1..10",
            "c{} sum+ delta 8 @5..10",
        ],
    );
    // And back: the old series is a new one now.
    engine.swap(no_views(), at(12)).unwrap();
    counter.record(int(16), &attrs("b=1"), at(13));
    expect(
        &engine,
        0,
        20,
        &[
            "c{a=1} sum+ cum 5 @2..20",
            "c{b=1} sum+ cum 16 @12..20",
            "c{} sum+ cum 8 @5..12",
            "c{} sum+ cum end @5..20",
        ],
    );
    expect(&engine, 1, 20, &["c{b=1} sum+ delta 16 @12..20"]);
    assert_eq!(engine.counts().series, 2);
}

#[test]
fn a_swap_and_its_reversal_within_an_interval_leave_no_trace() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    let counter = recorder(&engine, Kind::Counter, "c");
    counter.record(int(1), &attrs("a=1"), at(2));
    engine.swap(dropping(&["a"]), at(5)).unwrap();
    engine.swap(no_views(), at(6)).unwrap();
    counter.record(int(2), &attrs("a=1"), at(7));
    expect(&engine, 0, 10, &["c{a=1} sum+ cum 3 @2..10"]);
    expect(&engine, 1, 10, &["c{a=1} sum+ delta 3 @1..10"]);
}

#[test]
fn received_series_are_rerouted_with_their_baselines() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    let point = |pid: u64, time, value| {
        let frame = Otlp::of(&format!("pid={pid}"))
            .counter("c", Cumulative, &[("", 1 + pid, time, int(value))])
            .frame();
        engine.ingest(&frame, at(time));
    };
    point(1, 5, 100);
    point(2, 5, 50);
    engine.swap(merging(&["pid"]), at(6)).unwrap();
    point(1, 7, 101);
    point(2, 7, 52);
    // First heard after the swap: from its declared start.
    point(3, 8, 10);
    expect(
        &engine,
        0,
        10,
        &[
            "[pid=1] c{} sum+ cum 100 @2..6",
            "[pid=1] c{} sum+ cum end @2..10",
            "[pid=2] c{} sum+ cum 50 @3..6",
            "[pid=2] c{} sum+ cum end @3..10",
            "c{} sum+ cum 13 @4..10",
        ],
    );
    let delta = collect(&engine, 1, 10);
    assert_eq!(delta.last().unwrap(), "c{} sum+ delta 13 @4..10");
}

#[test]
fn another_aggregation_is_another_series() {
    let engine = engine(&[CUMULATIVE], no_views());
    let hist = recorder(&engine, Kind::Histogram, "h");
    hist.record(int(3), &attrs(""), at(2));
    let sum = StreamSpec { aggregation: Aggregation::Sum, ..StreamSpec::default() };
    engine.swap(plugins([every(sum)]), at(5)).unwrap();
    hist.record(int(4), &attrs(""), at(6));
    let rows = collect(&engine, 0, 10);
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(rows[0].starts_with("h{} hist cum end") && rows[1].starts_with("h{} hist cum n=1 sum=3"));
    assert_eq!(rows[2], "h{} sum+ cum 4 @5..10");
}

#[test]
fn a_drop_ends_everything_and_a_later_swap_starts_afresh() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    let counter = recorder(&engine, Kind::Counter, "c");
    counter.record(int(1), &attrs(""), at(2));
    let drop = StreamSpec { aggregation: Aggregation::Drop, ..StreamSpec::default() };
    engine.swap(plugins([every(drop)]), at(5)).unwrap();
    counter.record(int(2), &attrs(""), at(6));
    expect(&engine, 0, 10, &["c{} sum+ cum 1 @2..5", "c{} sum+ cum end @2..10"]);
    expect(&engine, 0, 20, &[]);
    assert_eq!(engine.counts().series, 1, "that of the reader that has not collected");
    engine.swap(no_views(), at(25)).unwrap();
    counter.record(int(4), &attrs(""), at(26));
    expect(&engine, 0, 30, &["c{} sum+ cum 4 @25..30"]);
    expect(&engine, 1, 30, &["c{} sum+ delta 5 @1..30"]);
}

#[test]
fn states_move_whole_and_keep_the_start_of_what_they_hold() {
    let engine = engine(&[CUMULATIVE], no_views());
    let updown = recorder(&engine, Kind::UpDownCounter, "u");
    let gauge = recorder(&engine, Kind::Gauge, "g");
    for (set, value) in [("a=1", 5), ("a=2", 3)] {
        updown.record(int(value), &attrs(set), at(2));
        gauge.record(int(value), &attrs(set), at(u64::try_from(value).unwrap()));
    }
    engine.swap(dropping(&["a"]), at(6)).unwrap();
    expect(
        &engine,
        0,
        10,
        &[
            "u{a=1} sum cum 5 @2..6",
            "u{a=1} sum cum end @2..10",
            "u{a=2} sum cum 3 @2..6",
            "u{a=2} sum cum end @2..10",
            "u{} sum cum 8 @2..10",
            "g{a=1} gauge 5 @0..6",
            "g{a=1} gauge end @0..10",
            "g{a=2} gauge 3 @0..6",
            "g{a=2} gauge end @0..10",
            "g{} gauge 5 @0..10",
        ],
    );
}

#[test]
fn observed_totals_lose_no_increment_and_count_none_twice() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};
    let total = Arc::new(AtomicI64::new(100));
    let engine = engine(&[DELTA, CUMULATIVE], no_views());
    let seen = total.clone();
    engine
        .observe(
            vec![instrument(Kind::ObservableCounter, "c", NumberKind::Int)],
            move |observer| observer.observe(0, int(seen.load(Ordering::Relaxed)), &attrs("a=1")),
            at(1),
        )
        .unwrap();
    expect(&engine, 0, 10, &["c{a=1} sum+ delta 100 @1..10"]);
    expect(&engine, 1, 10, &["c{a=1} sum+ cum 100 @1..10"]);
    engine.swap(dropping(&["a"]), at(12)).unwrap();
    total.store(107, Ordering::Relaxed);
    expect(&engine, 0, 20, &["c{} sum+ delta 7 @12..20"]);
    // The whole total, so it says the start of the total.
    expect(&engine, 1, 20, &["c{a=1} sum+ cum end @1..20", "c{} sum+ cum 107 @1..20"]);
    // What grows while the instrument is dropped belongs to that generation.
    let drop = StreamSpec { aggregation: Aggregation::Drop, ..StreamSpec::default() };
    engine.swap(plugins([every(drop)]), at(22)).unwrap();
    total.store(150, Ordering::Relaxed);
    engine.collect(0, at(30));
    engine.swap(no_views(), at(32)).unwrap();
    total.store(151, Ordering::Relaxed);
    expect(&engine, 0, 40, &["c{a=1} sum+ delta 1 @32..40"]);
}

#[test]
fn a_limit_that_a_swap_gives_room_under_is_used() {
    let limit = |limit, attributes| {
        plugins([every(StreamSpec {
            attributes,
            cardinality_limit: std::num::NonZeroU32::new(limit),
            ..StreamSpec::default()
        })])
    };
    let engine = engine(&[CUMULATIVE], limit(2, vec![]));
    let counter = recorder(&engine, Kind::Counter, "c");
    let record =
        || ["a=1,b=1", "a=1,b=2"].into_iter().for_each(|set| counter.record(int(1), &attrs(set), at(2)));
    record();
    engine.swap(limit(2, without(&["b"])), at(5)).unwrap();
    record();
    engine.collect(0, at(10));
    engine.swap(limit(2, without(&["a"])), at(12)).unwrap();
    record();
    expect(
        &engine,
        0,
        20,
        &[
            "c{a=1} sum+ cum 2 @5..12",
            "c{a=1} sum+ cum end @5..20",
            "c{b=1} sum+ cum 1 @12..20",
            "c{b=2} sum+ cum 1 @12..20",
        ],
    );
}

#[test]
fn what_goes_on_has_its_room_before_what_is_new() {
    let views = |attributes| {
        plugins([every(StreamSpec {
            attributes,
            cardinality_limit: std::num::NonZeroU32::new(3),
            ..StreamSpec::default()
        })])
    };
    let sets = ["a=1", "a=2", "b=1,c=1", "b=1,c=2"];
    for _ in 0..8 {
        let engine = engine(&[CUMULATIVE], views(without(&["c"])));
        let counter = recorder(&engine, Kind::Counter, "c");
        let record = || sets.into_iter().for_each(|set| counter.record(int(1), &attrs(set), at(2)));
        record();
        engine.collect(0, at(4));
        // `b=1` becomes two, and only one has room beside those that were there.
        engine.swap(views(vec![]), at(5)).unwrap();
        record();
        let rows = collect(&engine, 0, 10);
        assert_eq!(rows[..2], ["c{a=1} sum+ cum 2 @2..10", "c{a=2} sum+ cum 2 @2..10"]);
        let overflow: Vec<_> = rows.iter().filter(|row| row.contains("overflow")).collect();
        assert_eq!(overflow, ["c{otel.metric.overflow=true} sum+ cum 1 @5..10"]);
    }
}

#[test]
fn a_series_that_starts_with_a_swap_does_not_claim_extremes_of_before() {
    let engine = engine(&[CUMULATIVE], no_views());
    let point = |time, min, counts: &[u64]| {
        let point = Hist {
            attributes: "a=1",
            start: 2,
            time,
            sum: Some(0.0),
            min: Some(min),
            bounds: vec![5.0],
            counts: counts.to_vec(),
            ..Hist::default()
        };
        engine.ingest(&Otlp::of("").histogram("h", Cumulative, &[point]).frame(), at(time));
    };
    point(3, 1.0, &[1, 0]);
    engine.swap(dropping(&["a"]), at(5)).unwrap();
    // The smallest value of the whole history says nothing about what came after the swap.
    point(6, 1.0, &[1, 1]);
    let rows = collect(&engine, 0, 10);
    assert_eq!(rows[2], "h{} hist cum n=1 sum=0 [5.0]:[0, 1] @5..10");
    assert_eq!(rows[1], "h{a=1} hist cum n=1 sum=0 min=1 [5.0]:[1, 0] @2..5");
}

#[test]
fn a_source_that_stays_as_received_goes_on_through_a_swap_that_changes_nothing_for_it() {
    let engine = engine(&[CUMULATIVE], merging(&["pid"]));
    let point = |pid: &str, time, bound: f64, count| {
        let point = Hist { start: 2, time, bounds: vec![bound], counts: vec![count, 0], ..Hist::default() };
        engine
            .ingest(&Otlp::of(&format!("pid={pid}")).histogram("h", Cumulative, &[point]).frame(), at(time));
    };
    point("1", 3, 5.0, 1);
    point("2", 3, 7.0, 10);
    engine.collect(0, at(4));
    engine.swap(merging(&["pid", "other"]), at(5)).unwrap();
    expect(
        &engine,
        0,
        6,
        &["h{} hist cum n=1 [5.0]:[1, 0] @2..6", "[pid=2] h{} hist cum n=10 [7.0]:[10, 0] @2..6"],
    );
    point("2", 7, 7.0, 11);
    expect(
        &engine,
        0,
        10,
        &["h{} hist cum n=1 [5.0]:[1, 0] @2..10", "[pid=2] h{} hist cum n=11 [7.0]:[11, 0] @2..10"],
    );
    // Where they are not merged any more, each has its own.
    engine.swap(no_views(), at(12)).unwrap();
    point("2", 13, 7.0, 12);
    let rows = collect(&engine, 0, 20);
    assert!(rows.contains(&"[pid=2] h{} hist cum n=12 [7.0]:[12, 0] @2..20".to_owned()), "{rows:?}");
}
