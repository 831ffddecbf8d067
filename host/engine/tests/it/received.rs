//! Received numbers: baselines, resets, writers, duplicates, both directions of temporality.

use std::sync::Arc;

use wasmeter_engine::{Engine, Rejection, Views};
use wasmeter_model::Temporality::{Cumulative, Delta};

use crate::support::*;

fn rejected(report: &wasmeter_engine::IngestReport) -> Vec<(Rejection, u64)> {
    report.rejected.iter().map(|(reason, count)| (*reason, *count)).collect()
}

#[test]
fn j7_resets_and_restarts_do_not_bend_the_series() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    let point = |start, time, value| {
        engine.ingest(
            &Otlp::of("").counter("req", Cumulative, &[("", start, time, int(value))]).frame(),
            at(time),
        )
    };
    point(1, 5, 100);
    point(1, 6, 30); // decrease: 30 new ones
    point(7, 8, 5); // a new start: 5 new ones
    point(7, 9, 6);
    expect(&engine, 0, 10, &["req{} sum+ cum 136 @1..10"]);
    expect(&engine, 1, 10, &["req{} sum+ delta 136 @1..10"]);
    // The old process speaks a last time, between points of the new one.
    point(1, 11, 31);
    point(7, 12, 8);
    expect(&engine, 0, 20, &["req{} sum+ cum 139 @1..20"]);
    expect(&engine, 1, 20, &["req{} sum+ delta 3 @10..20"]);
    // Far beyond what a double can tell apart.
    let big = 1 << 60;
    point(7, 21, big);
    point(7, 22, big - 1);
    expect(&engine, 1, 30, &[&format!("req{{}} sum+ delta {} @20..30", (big - 8) + (big - 1))]);
}

#[test]
fn j7_forked_workers_that_share_an_identity_are_kept_apart_by_their_start() {
    let engine = engine(&[CUMULATIVE], no_views());
    for (start, time, value) in [(3, 5, 10), (4, 5, 100), (3, 6, 11), (4, 6, 105), (3, 7, 12)] {
        let frame = Otlp::of("").counter("req", Cumulative, &[("", start, time, int(value))]).frame();
        engine.ingest(&frame, at(time));
    }
    expect(&engine, 0, 10, &["req{} sum+ cum 117 @3..10"]);
    // One of them ends: the baseline of the other stays.
    engine.ingest(&Otlp::of("").ended("req", "", 3, 11).frame(), at(11));
    let frame = Otlp::of("").counter("req", Cumulative, &[("", 4, 12, int(106))]).frame();
    engine.ingest(&frame, at(12));
    expect(&engine, 0, 20, &["req{} sum+ cum 118 @3..20"]);
}

#[test]
fn j1_j7_deltas_become_cumulative_and_the_other_way_round() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    let frame = |start, time, value, total| {
        Otlp::of("")
            .counter("delta", Delta, &[("", start, time, int(value))])
            .counter("total", Cumulative, &[("", 2, time, double(total))])
            .frame()
    };
    engine.ingest(&frame(2, 9, 5, 0.5), at(9));
    expect(&engine, 0, 10, &["delta{} sum+ cum 5 @2..10", "total{} sum+ cum 0.5 @2..10"]);
    expect(&engine, 1, 10, &["delta{} sum+ delta 5 @2..10", "total{} sum+ delta 0.5 @2..10"]);
    engine.ingest(&frame(9, 19, 7, 2.0), at(19));
    expect(&engine, 0, 20, &["delta{} sum+ cum 12 @2..20", "total{} sum+ cum 2.0 @2..20"]);
    expect(&engine, 1, 20, &["delta{} sum+ delta 7 @10..20", "total{} sum+ delta 1.5 @10..20"]);
}

#[test]
fn integers_and_doubles_of_one_metric_stay_what_they_are_and_both_end() {
    let engine = engine(&[CUMULATIVE], no_views());
    let mixed = [("a=1", 1, 5, int(1)), ("a=2", 1, 5, double(2.0))];
    let report = engine.ingest(&Otlp::of("").counter("m", Cumulative, &mixed).frame(), at(5));
    assert_eq!((report.accepted, report.rejected_points()), (2, 0));
    expect(&engine, 0, 10, &["m{a=1} sum+ cum 1 @1..10", "m{a=2} sum+ cum 2.0 @1..10"]);
    for set in ["a=1", "a=2", "a=3"] {
        let report = engine.ingest(&Otlp::of("").ended("m", set, 1, 11).frame(), at(11));
        assert_eq!(report.accepted, 1);
    }
    expect(
        &engine,
        0,
        20,
        &[
            "m{a=1} sum+ cum 1 @1..11",
            "m{a=1} sum+ cum end @1..20",
            "m{a=2} sum+ cum 2.0 @1..11",
            "m{a=2} sum+ cum end @1..20",
        ],
    );
    expect(&engine, 0, 30, &[]);
    assert_eq!(engine.counts().sources, 0);
    assert_eq!(engine.counts().series, 0);
}

/// The Python SDK sends what was added: `add(1)` makes an integer of the total, and the first `add(0.5)` a double.
#[test]
fn a_series_that_turns_from_integers_to_doubles_is_one_series() {
    let engine = engine(&[CUMULATIVE, DELTA], merging(&["pid"]));
    let send = |pid: &str,
                time: u64,
                count: wasmeter_model::Number,
                in_use: wasmeter_model::Number,
                level: wasmeter_model::Number| {
        let frame = Otlp::of(pid)
            .counter("c", Cumulative, &[("", 1, time, count)])
            .up_down("u", Cumulative, &[("", 1, time, in_use)])
            .gauge("g", &[("", time, level)])
            .frame();
        assert_eq!(engine.ingest(&frame, at(time)).rejected_points(), 0);
    };
    send("pid=1", 5, int(3), int(7), int(1));
    send("pid=2", 6, int(10), int(10), int(2));
    expect(&engine, 0, 10, &["c{} sum+ cum 13 @1..10", "g{} gauge 2 @0..10", "u{} sum cum 17 @1..10"]);
    expect(&engine, 1, 10, &["c{} sum+ delta 13 @1..10", "g{} gauge 2 @0..10", "u{} sum cum 17 @1..10"]);
    send("pid=1", 15, double(3.5), double(6.5), double(1.5));
    expect(&engine, 0, 20, &["c{} sum+ cum 13.5 @1..20", "g{} gauge 1.5 @0..20", "u{} sum cum 16.5 @1..20"]);
    expect(
        &engine,
        1,
        20,
        &["c{} sum+ delta 0.5 @10..20", "g{} gauge 1.5 @0..20", "u{} sum cum 16.5 @1..20"],
    );
    // And back: a gauge may be whole again.
    send("pid=1", 25, double(4.0), int(6), int(4));
    expect(&engine, 0, 30, &["c{} sum+ cum 14.0 @1..30", "g{} gauge 4 @0..30", "u{} sum cum 16 @1..30"]);
}

#[test]
fn h8_what_is_wrong_is_refused_with_its_reason_and_the_rest_is_taken() {
    let engine = engine(&[CUMULATIVE], no_views());
    let frame = Otlp::of("")
        .unspecified("none")
        .counter("backwards", Cumulative, &[("", 5, 4, int(1))])
        .counter("", Cumulative, &[("", 1, 2, int(1)), ("", 1, 2, double(1.0))])
        .counter("bad", Cumulative, &[("a=1", 1, 2, double(f64::NAN)), ("a=2", 1, 2, double(-1.0))])
        .valueless("empty")
        .raw_histogram("counts", 3, &[1.0], &[1, 1])
        .raw_histogram("shape", 2, &[1.0, 2.0], &[1, 1])
        .raw_histogram("bounds", 3, &[2.0, 1.0], &[1, 1, 1])
        .exponential(
            "scale",
            Cumulative,
            &[Expo { start: 1, time: 2, scale: 21, zero: 1, ..Expo::default() }],
        )
        .exponential(
            "index",
            Cumulative,
            &[Expo { start: 1, time: 2, scale: -10, positive: (1 << 30, vec![1]), ..Expo::default() }],
        )
        .counter("good", Cumulative, &[("", 1, 2, int(1))])
        .frame();
    let report = engine.ingest(&frame, at(2));
    assert_eq!(
        rejected(&report),
        [
            (Rejection::UnspecifiedTemporality, 1),
            (Rejection::TimeBeforeStart, 1),
            (Rejection::NotFinite, 1),
            (Rejection::Negative, 1),
            (Rejection::CountsMismatch, 2),
            (Rejection::BadBounds, 2),
            (Rejection::ScaleOutOfRange, 1),
            (Rejection::NoValue, 1),
            (Rejection::NoName, 2),
        ]
    );
    assert_eq!(report.accepted, 1);
    assert_eq!(report.first, Some((Rejection::UnspecifiedTemporality, "none".to_owned())));
    assert!(report.message().contains("2 x no_name: the metric has no name"), "{}", report.message());
    expect(&engine, 0, 10, &["good{} sum+ cum 1 @1..10"]);
}

#[test]
fn summaries_are_exported_in_the_order_they_came() {
    use wasmeter_model::frame::{FrameBuilder, MetricRow, PointHeader, PointKind, SummaryRow};
    use wasmeter_model::{Timestamp, ValueRef};

    let mut frame = FrameBuilder::new();
    let none = frame.set([]);
    frame.resource(none, "", 0);
    frame.scope("", "", "", none, 0);
    let row = MetricRow {
        name: "s",
        description: "",
        unit: "",
        kind: PointKind::Summary,
        temporality: None,
        monotonic: false,
    };
    frame.metric(row, none);
    for count in 0..100 {
        let attributes = frame.set([("source", ValueRef::Int(count * 7919 % 100))]);
        let header = PointHeader { attributes, start: Timestamp(1), time: Timestamp(2), flags: 0 };
        frame.summary(SummaryRow { header, count: count.unsigned_abs(), ..SummaryRow::default() });
    }
    let engine = engine(&[CUMULATIVE], no_views());
    assert_eq!(engine.ingest(&frame.finish(), at(3)).accepted, 100);
    let exported = engine.collect(0, at(4));
    let counts: Vec<u64> =
        exported.metrics().flat_map(|metric| metric.summaries()).map(|row| row.count).collect();
    assert_eq!(counts, (0..100).collect::<Vec<u64>>());
}

#[test]
fn points_of_disabled_meters_are_counted_as_such_and_are_no_fault_of_the_sender() {
    let engine = engine(&[CUMULATIVE], Views { meters: Some(Arc::new(|_| false)), ..no_views() });
    let request = |time, total| {
        Otlp::of("").counter("c", Cumulative, &[("", 1, time, int(total))]).summary("s", time, 2).frame()
    };
    let report = engine.ingest(&request(5, 3), at(5));
    assert_eq!((report.accepted, report.disabled, report.message()), (0, 2, String::new()));
    expect(&engine, 0, 10, &[]);
    let counted = |engine: &Engine| {
        let rejected = engine.counts().rejected.into_iter().filter(|(_, count)| *count > 0);
        rejected.collect::<Vec<_>>()
    };
    assert_eq!(counted(&engine), [(Rejection::MeterDisabled, 2)]);
    // What was there before it was enabled is not in the series.
    engine.swap(no_views(), at(12)).unwrap();
    let report = engine.ingest(&request(15, 7), at(15));
    assert_eq!((report.accepted, report.disabled), (2, 0));
    expect(
        &engine,
        0,
        20,
        &["c{} sum+ cum 4 @12..20", "s{} summary n=2 sum=2.5 [0.5, 0.9]:[1.0, 2.0] @1..15"],
    );
    assert_eq!(counted(&engine), [(Rejection::MeterDisabled, 2)]);
}
