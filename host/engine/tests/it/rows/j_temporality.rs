//! Temporality, start times, and readers side by side.

use wasmeter_model::Temporality::{Cumulative, Delta};
use wasmeter_model::{InstrumentKind as Kind, NumberKind, TemporalityPreference};

use crate::support::*;

#[test]
fn j2_the_table_of_preferences() {
    let of = |preference: TemporalityPreference| Kind::ALL.map(|kind| preference.of(kind));
    assert_eq!(of(TemporalityPreference::default()), [Cumulative; 7]);
    // Counter, up-down-counter, histogram, gauge, then the observable ones.
    assert_eq!(of(DELTA), [Delta, Cumulative, Delta, Cumulative, Delta, Cumulative, Cumulative]);
    assert_eq!(of(LOW_MEMORY), [Delta, Cumulative, Delta, Cumulative, Cumulative, Cumulative, Cumulative]);
}

#[test]
fn j3_cumulative_series_stay_delta_series_are_those_measured_since() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    for kind in [Kind::Counter, Kind::Histogram] {
        let recorder = recorder(&engine, kind, kind.name());
        ["a=1", "a=2"].into_iter().for_each(|set| recorder.record(int(1), &attrs(set), at(2)));
    }
    let sets = |reader, secs| {
        let rows = collect(&engine, reader, secs);
        rows.iter().filter_map(|row| row.split(' ').next().map(str::to_owned)).collect::<Vec<_>>()
    };
    let all = ["counter{a=1}", "counter{a=2}", "histogram{a=1}", "histogram{a=2}"];
    assert_eq!(
        (sets(0, 10), sets(1, 10)),
        (all.map(str::to_owned).to_vec(), all.map(str::to_owned).to_vec())
    );
    recorder(&engine, Kind::Counter, "counter").record(int(1), &attrs("a=2"), at(12));
    assert_eq!(sets(0, 20), all);
    assert_eq!(sets(1, 20), ["counter{a=2}"]);
    assert_eq!(sets(0, 30), all);
    assert_eq!(sets(1, 30), [] as [&str; 0]);
}

#[test]
fn j4_cumulative_starts_stay_delta_starts_follow_the_collection_before() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    let counter = recorder(&engine, Kind::Counter, "c");
    let mut before = 1;
    for (turn, secs) in [(1, 10), (2, 17), (3, 30)] {
        counter.record(int(1), &attrs(""), at(secs - 2));
        expect(&engine, 0, secs, &[&format!("c{{}} sum+ cum {turn} @8..{secs}")]);
        expect(&engine, 1, secs, &[&format!("c{{}} sum+ delta 1 @{before}..{secs}")]);
        before = secs;
    }
}

#[test]
fn j5_a_cumulative_series_starts_with_its_first_measurement() {
    let engine = engine(&[CUMULATIVE], no_views());
    let counter = recorder(&engine, Kind::Counter, "c");
    counter.record(int(1), &attrs("a=1"), at(5));
    expect(&engine, 0, 10, &["c{a=1} sum+ cum 1 @5..10"]);
    counter.record(int(1), &attrs("a=2"), at(15));
    expect(&engine, 0, 20, &["c{a=1} sum+ cum 1 @5..20", "c{a=2} sum+ cum 1 @15..20"]);
}

#[test]
fn j6_a_reader_sees_the_same_whatever_the_others_do() {
    let history = |others: u64| {
        let engine = engine(&[CUMULATIVE, DELTA, DELTA], no_views());
        let counter = recorder(&engine, Kind::Counter, "c");
        let gauge = vec![instrument(Kind::ObservableCounter, "o", NumberKind::Int)];
        let total = |observer: &mut wasmeter_engine::Observer<'_>| {
            let secs = i64::try_from(observer.now().0 / 1_000_000_000).unwrap();
            observer.observe(0, int(secs), &attrs(""));
        };
        engine.observe(gauge, total, at(1)).unwrap();
        let mut seen = Vec::new();
        for turn in 1..6 {
            counter.record(int(1), &attrs(&format!("a={}", turn % 3)), at(10 * turn + 1));
            for other in 0..others {
                engine.collect(2, at(10 * turn + 2 + other));
            }
            seen.push((collect(&engine, 0, 10 * turn + 5), collect(&engine, 1, 10 * turn + 5)));
        }
        seen
    };
    let alone = history(0);
    assert_eq!(history(1), alone);
    assert_eq!(history(3), alone);
}

#[test]
fn j1_j9_smallest_and_largest_survive_into_cumulative_and_not_into_delta() {
    let point = |start, time, count: u64, extreme| Hist {
        start,
        time,
        sum: Some(extreme),
        min: Some(extreme),
        max: Some(extreme),
        bounds: vec![4.0],
        counts: vec![count, 0],
        ..Hist::default()
    };
    let received = |temporality, points: [Hist; 2]| {
        let engine = engine(&[CUMULATIVE, DELTA], no_views());
        let mut delta = Vec::new();
        for point in points {
            let secs = point.time;
            let frame = Otlp::of("").histogram("h", temporality, &[point]).frame();
            assert_eq!(engine.ingest(&frame, at(secs)).accepted, 1);
            delta.extend(collect(&engine, 1, secs + 1));
        }
        (collect(&engine, 0, 30), delta)
    };
    let (cumulative, _) = received(Delta, [point(1, 5, 1, 3.0), point(5, 15, 1, 2.0)]);
    assert_eq!(cumulative, ["h{} hist cum n=2 sum=5 min=2 max=3 [4.0]:[2, 0] @1..30"]);
    let (_, delta) = received(Cumulative, [point(1, 5, 1, 3.0), point(1, 15, 2, 3.0)]);
    assert_eq!(delta[1], "h{} hist delta n=1 sum=0 [4.0]:[1, 0] @6..16");
}
