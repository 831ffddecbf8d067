//! Cardinality and the engine's own bounds: nothing is lost, refusals are counted, what is dead makes room.

use std::num::NonZeroU32;
use std::time::Duration;

use wasmeter_engine::{Engine, EngineConfig, ReaderConfig};
use wasmeter_model::Temporality::{Cumulative, Delta};
use wasmeter_model::limits::Limits;
use wasmeter_model::{InstrumentKind as Kind, NumberKind, StreamSpec};

use crate::support::*;

fn limited(limit: u32) -> wasmeter_engine::Views {
    plugins([every(StreamSpec { cardinality_limit: NonZeroU32::new(limit), ..StreamSpec::default() })])
}

#[test]
fn l1_l2_l3_exactly_the_limit_of_sets_is_kept_and_the_rest_overflows() {
    let engine = engine(&[CUMULATIVE, DELTA], limited(3));
    let counter = recorder(&engine, Kind::Counter, "c");
    let record = |set: &str, value| counter.record(int(value), &attrs(set), at(2));
    ["a=1", "a=2", "a=3"].into_iter().for_each(|set| record(set, 1));
    expect(
        &engine,
        0,
        10,
        &["c{a=1} sum+ cum 1 @2..10", "c{a=2} sum+ cum 1 @2..10", "c{a=3} sum+ cum 1 @2..10"],
    );
    ["a=4", "a=5", "a=1", "a=4"].into_iter().for_each(|set| record(set, 10));
    expect(
        &engine,
        0,
        20,
        &[
            "c{a=1} sum+ cum 11 @2..20",
            "c{a=2} sum+ cum 1 @2..20",
            "c{a=3} sum+ cum 1 @2..20",
            "c{otel.metric.overflow=true} sum+ cum 30 @2..20",
        ],
    );
    expect(
        &engine,
        1,
        20,
        &[
            "c{a=1} sum+ delta 11 @1..20",
            "c{a=2} sum+ delta 1 @1..20",
            "c{a=3} sum+ delta 1 @1..20",
            "c{otel.metric.overflow=true} sum+ delta 30 @1..20",
        ],
    );
    // A delta stream starts every interval with all its room.
    ["a=5", "a=4"].into_iter().for_each(|set| record(set, 1));
    expect(&engine, 1, 30, &["c{a=4} sum+ delta 1 @20..30", "c{a=5} sum+ delta 1 @20..30"]);
    record("a=4", 1);
    expect(&engine, 1, 40, &["c{a=4} sum+ delta 1 @30..40"]);
    // A cumulative one keeps a set where it has once been counted.
    let cumulative = collect(&engine, 0, 40);
    assert_eq!(cumulative[3], "c{otel.metric.overflow=true} sum+ cum 33 @2..40");
}

#[test]
fn e7_l1_l5_the_reader_has_a_limit_for_each_kind_and_a_view_wins_over_it() {
    let cardinality_limits = [(Kind::Counter, NonZeroU32::new(1).unwrap())].into_iter().collect();
    let reader = ReaderConfig { cardinality_limits, ..ReaderConfig::default() };
    let series = |views| {
        let config = EngineConfig { readers: vec![reader.clone()], ..EngineConfig::default() };
        let engine = Engine::new(config, views, at(1));
        for kind in [Kind::Counter, Kind::UpDownCounter] {
            let recorder = recorder(&engine, kind, kind.name());
            (0..5).for_each(|set| recorder.record(int(1), &attrs(&format!("a={set}")), at(2)));
        }
        let rows = collect(&engine, 0, 10);
        let of = |name: &str| rows.iter().filter(|row| row.starts_with(name)).count();
        (of("counter{"), of("up_down_counter{"))
    };
    assert_eq!(series(no_views()), (2, 5));
    assert_eq!(series(limited(3)), (4, 4));
}

#[test]
fn l1_l2_l3_the_default_limit_is_two_thousand_and_nothing_is_lost() {
    let engine = engine(&[CUMULATIVE], no_views());
    let counter = recorder(&engine, Kind::Counter, "c");
    for set in 0..2500 {
        counter.record(int(1), &attrs(&format!("a={set}")), at(2));
    }
    let frame = engine.collect(0, at(10));
    assert_eq!(frame.point_count(), 2001);
    assert!(rows(&frame).contains(&"c{otel.metric.overflow=true} sum+ cum 500 @2..10".to_owned()));
}

#[test]
fn what_is_not_heard_of_for_long_is_forgotten_with_its_instrument() {
    let limits = Limits { idle_expiry: Duration::from_secs(60), ..Limits::default() };
    let engine = engine_with(&[CUMULATIVE], no_views(), limits);
    // One with a source, one whose only point was refused, one whose source its sender has ended.
    let frame = Otlp::of("pid=1")
        .counter("c", Cumulative, &[("", 1, 5, int(1))])
        .counter("bad", Cumulative, &[("", 1, 5, int(-1))])
        .counter("over", Cumulative, &[("", 1, 5, int(3))])
        .ended("over", "", 1, 5)
        .frame();
    engine.ingest(&frame, at(5));
    assert_eq!(engine.counts().instruments, 3);
    expect(
        &engine,
        0,
        65,
        &[
            "[pid=1] c{} sum+ cum 1 @1..65",
            "[pid=1] over{} sum+ cum 3 @1..65",
            "[pid=1] over{} sum+ cum end @1..65",
        ],
    );
    expect(&engine, 0, 66, &["[pid=1] c{} sum+ cum 1 @1..66", "[pid=1] c{} sum+ cum end @1..66"]);
    expect(&engine, 0, 67, &[]);
    let counts = engine.counts();
    assert_eq!((counts.instruments, counts.sources, counts.series), (0, 0, 0));
    // It may come back.
    engine.ingest(&Otlp::of("pid=1").counter("c", Cumulative, &[("", 68, 69, int(1))]).frame(), at(69));
    expect(&engine, 0, 70, &["[pid=1] c{} sum+ cum 1 @68..70"]);
}

#[test]
fn each_source_is_forgotten_on_time_whatever_collections_there_were_before() {
    let limits = Limits { idle_expiry: Duration::from_secs(60), ..Limits::default() };
    let engine = engine_with(&[CUMULATIVE], no_views(), limits);
    // When each is heard of.
    let heard = [("set=a", 5), ("set=b", 30), ("set=a", 40), ("set=c", 70), ("set=d", 71), ("set=d", 200)];
    let is_there = |set: &str, now: u64| {
        let last =
            heard.iter().filter(|(other, secs)| *other == set && *secs <= now).map(|(_, secs)| *secs).max();
        last.is_some_and(|last| now <= last + 60)
    };
    for now in 1..300 {
        for (set, _) in heard.iter().filter(|(_, secs)| *secs == now) {
            let points = [(*set, 1, now, int(1))];
            engine.ingest(&Otlp::of("pid=1").counter("c", Cumulative, &points).frame(), at(now));
        }
        // Some of them in every second, some seldom.
        if now % 50 < 20 || now % 7 == 0 {
            collect(&engine, 0, now);
            let there = ["set=a", "set=b", "set=c", "set=d"].into_iter().filter(|set| is_there(set, now));
            assert_eq!(engine.counts().sources, there.count(), "after {now} s");
        }
    }
}

#[test]
fn idle_series_of_deltas_are_forgotten_and_totals_are_kept_in_mind() {
    let limits = Limits { idle_expiry: Duration::from_secs(60), ..Limits::default() };
    let engine = engine_with(&[DELTA], no_views(), limits);
    let send = |temporality, name: &str, start: u64, time: u64, value: i64| {
        let frame = Otlp::of("").counter(name, temporality, &[("", start, time, int(value))]).frame();
        engine.ingest(&frame, at(time));
    };
    send(Delta, "deltas", 1, 5, 3);
    send(Cumulative, "totals", 1, 5, 3);
    expect(&engine, 0, 10, &["deltas{} sum+ delta 3 @1..10", "totals{} sum+ delta 3 @1..10"]);
    assert_eq!(engine.counts().sources, 2);
    expect(&engine, 0, 70, &[]);
    let counts = engine.counts();
    assert_eq!((counts.instruments, counts.sources, counts.series), (1, 1, 0));
    // All that it is for: what has been counted does not count again.
    send(Delta, "deltas", 75, 80, 4);
    send(Cumulative, "totals", 1, 80, 5);
    expect(&engine, 0, 90, &["deltas{} sum+ delta 4 @75..90", "totals{} sum+ delta 2 @70..90"]);
}

#[test]
fn observed_sets_that_stay_away_make_room() {
    let limits = Limits { idle_expiry: Duration::from_secs(60), ..Limits::default() };
    let engine = engine_with(&[CUMULATIVE], limited(2), limits);
    let gauge = vec![instrument(Kind::ObservableGauge, "g", NumberKind::Int)];
    let callback = |observer: &mut wasmeter_engine::Observer<'_>| {
        let secs = observer.now().0 / 1_000_000_000;
        observer.observe(0, int(1), &attrs(&format!("pod={}", secs / 100)));
    };
    engine.observe(gauge, callback, at(1)).unwrap();
    for secs in (100..2000).step_by(20) {
        let last = collect(&engine, 0, secs).into_iter().rfind(|row| !row.contains(" end ")).unwrap();
        assert_eq!(last, format!("g{{pod={}}} gauge 1 @0..{secs}", secs / 100));
    }
    assert!(engine.counts().sources <= 2);
}

#[test]
fn a_source_that_returns_to_a_series_others_kept_alive_counts_only_what_is_new() {
    const HOUR: u64 = 3600;
    let engine = engine(&[CUMULATIVE, DELTA], merging(&["pid"]));
    let send = |pid: &str, time: u64, value: i64| {
        let points = [("", 1, time, int(value))];
        let buckets = [Hist {
            start: 1,
            time,
            bounds: vec![1.0],
            counts: vec![value.unsigned_abs(), 0],
            ..Hist::default()
        }];
        let frame =
            Otlp::of(pid).counter("c", Cumulative, &points).histogram("h", Cumulative, &buckets).frame();
        assert_eq!(engine.ingest(&frame, at(time)).rejected_points(), 0);
    };
    let total = |reader: usize, secs: u64| {
        let frame = engine.collect(reader, at(secs));
        let live = frame.metrics().flat_map(|metric| metric.numbers().collect::<Vec<_>>());
        let sum: f64 = live.filter_map(|row| row.value).map(|value| value.as_f64()).sum();
        (
            sum,
            frame
                .metrics()
                .flat_map(|metric| metric.histograms().collect::<Vec<_>>())
                .map(|row| row.count)
                .sum::<u64>(),
        )
    };
    send("pid=1", 5, 100);
    send("pid=2", 5, 10);
    assert_eq!((total(0, 6), total(1, 6)), ((110.0, 110), (110.0, 110)));
    // The one is silent for ten hours, the other is not.
    for hour in 1..=10 {
        send("pid=2", hour * HOUR, 10 + i64::try_from(hour).unwrap());
        assert_eq!(total(1, hour * HOUR + 1), (1.0, 1));
        total(0, hour * HOUR + 1);
    }
    send("pid=1", 10 * HOUR + 10, 103);
    assert_eq!((total(0, 10 * HOUR + 11), total(1, 10 * HOUR + 11)), ((123.0, 123), (3.0, 3)));
    // Where nobody is left, the series ends after an hour, and its sources are forgotten a day later at the latest.
    total(0, 12 * HOUR);
    assert_eq!(rows(&engine.collect(0, at(12 * HOUR + 1))), Vec::<String>::new());
    total(1, 40 * HOUR);
    assert_eq!(engine.counts().sources, 0);
}
