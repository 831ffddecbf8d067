//! Temporality, start times, and readers side by side.

use wasmeter_engine::Rejection;
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
fn j5_delta_points_of_an_instrument_share_the_start_of_their_interval() {
    let engine = engine(&[DELTA], no_views());
    // The first interval begins with the instrument, whatever was collected before.
    expect(&engine, 0, 5, &[]);
    let counter = engine.instrument(instrument(Kind::Counter, "c", NumberKind::Int), at(7)).unwrap();
    for (first, second, before, secs) in [(8, 12, 7, 15), (16, 19, 15, 20), (28, 29, 20, 30)] {
        counter.record(int(1), &attrs("a=1"), at(first));
        counter.record(int(1), &attrs("a=2"), at(second));
        let row = |set| format!("c{{a={set}}} sum+ delta 1 @{before}..{secs}");
        expect(&engine, 0, secs, &[&row(1), &row(2)]);
    }
    // An interval without a measurement has passed, too.
    expect(&engine, 0, 40, &[]);
    counter.record(int(1), &attrs("a=1"), at(41));
    expect(&engine, 0, 50, &["c{a=1} sum+ delta 1 @40..50"]);
}

#[test]
fn j5_observed_series_start_with_the_instrument_or_with_the_collection_before() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    expect(&engine, 0, 5, &[]);
    let observe = |observer: &mut wasmeter_engine::Observer<'_>| {
        // `a=2` comes with the second collection of each reader, and is away in the third.
        observer.observe(0, int(1), &attrs("a=1"));
        if ![0, 3].contains(&(observer.now().0 / 10_000_000_000 - 1)) {
            observer.observe(0, int(1), &attrs("a=2"));
        }
    };
    let counter = vec![instrument(Kind::ObservableCounter, "c", NumberKind::Int)];
    engine.observe(counter, observe, at(7)).unwrap();
    expect(&engine, 0, 10, &["c{a=1} sum+ cum 1 @7..10"]);
    expect(&engine, 1, 11, &["c{a=1} sum+ delta 1 @7..11"]);
    expect(&engine, 0, 20, &["c{a=1} sum+ cum 1 @7..20", "c{a=2} sum+ cum 1 @10..20"]);
    expect(&engine, 1, 21, &["c{a=1} sum+ delta 0 @11..21", "c{a=2} sum+ delta 1 @11..21"]);
    // A start is kept while the series is away.
    expect(&engine, 0, 40, &["c{a=1} sum+ cum 1 @7..40"]);
    expect(&engine, 1, 41, &["c{a=1} sum+ delta 0 @21..41"]);
    expect(&engine, 0, 50, &["c{a=1} sum+ cum 1 @7..50", "c{a=2} sum+ cum 1 @10..50"]);
    expect(&engine, 1, 51, &["c{a=1} sum+ delta 0 @41..51", "c{a=2} sum+ delta 0 @41..51"]);
}

/// Sends one delta of a counter and a histogram; true if it was counted.
fn send_delta(engine: &wasmeter_engine::Engine, start: u64, time: u64) -> bool {
    let bucket = Hist { start, time, bounds: vec![1.0], counts: vec![1, 0], ..Hist::default() };
    let request =
        Otlp::of("").counter("c", Delta, &[("", start, time, int(1))]).histogram("h", Delta, &[bucket]);
    let report = engine.ingest(&request.frame(), at(40));
    assert!([0, 2].contains(&report.accepted), "{}", report.message());
    assert!(report.rejected.keys().all(|reason| *reason == Rejection::DuplicateOrOutOfOrder));
    report.accepted > 0
}

fn told(engine: &wasmeter_engine::Engine) -> Vec<String> {
    let mut notices: Vec<_> = engine.notices().into_iter().map(|notice| notice.message).collect();
    notices.dedup();
    notices
}

#[test]
fn j8_aligned_deltas_add_up_from_the_start_of_the_first() {
    let engine = engine(&[CUMULATIVE], no_views());
    for (start, time, sum) in [(3, 10, 1), (10, 20, 2), (20, 30, 3)] {
        assert!(send_delta(&engine, start, time));
        let rows = [
            format!("c{{}} sum+ cum {sum} @3..{}", time + 1),
            format!("h{{}} hist cum n={sum} [1.0]:[{sum}, 0] @3..{}", time + 1),
        ];
        expect(&engine, 0, time + 1, &[&rows[0], &rows[1]]);
    }
    assert_eq!(told(&engine), [] as [&str; 0]);
}

#[test]
fn j8_a_gap_is_an_idle_interval_and_no_reset() {
    // An SDK exports a delta series only if it was measured: what was idle comes back with a gap, and nothing was lost.
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    for (start, time) in [(3, 10), (20, 30)] {
        assert!(send_delta(&engine, start, time));
    }
    expect(&engine, 0, 31, &["c{} sum+ cum 2 @3..31", "h{} hist cum n=2 [1.0]:[2, 0] @3..31"]);
    assert_eq!(told(&engine), [] as [&str; 0]);
}

#[test]
fn j8_overlapping_deltas_are_of_several_writers_all_counted_and_told_once() {
    let engine = engine(&[CUMULATIVE], no_views());
    for (start, time) in [(3, 10), (4, 11), (10, 20), (11, 21)] {
        assert!(send_delta(&engine, start, time));
    }
    expect(&engine, 0, 31, &["c{} sum+ cum 4 @3..31", "h{} hist cum n=4 [1.0]:[4, 0] @3..31"]);
    let notices = engine.notices();
    assert_eq!(notices.len(), 2, "one for each instrument: {notices:?}");
    assert!(notices[0].message.ends_with("give each process its own `service.instance.id`"));
    // The same interval again is the same request again.
    assert!(!send_delta(&engine, 11, 21));
}

#[test]
fn j8_a_delta_from_before_the_start_moves_it_until_it_was_exported_and_then_is_dropped_and_counted() {
    let engine = engine(&[CUMULATIVE], no_views());
    assert!(send_delta(&engine, 10, 20));
    assert!(send_delta(&engine, 5, 10));
    expect(&engine, 0, 31, &["c{} sum+ cum 2 @5..31", "h{} hist cum n=2 [1.0]:[2, 0] @5..31"]);
    assert!(!send_delta(&engine, 3, 5));
    // What reaches into the series is counted.
    assert!(send_delta(&engine, 4, 6));
    expect(&engine, 0, 32, &["c{} sum+ cum 3 @5..32", "h{} hist cum n=3 [1.0]:[3, 0] @5..32"]);
    assert!(
        told(&engine).contains(
            &"a received delta ended before its series began, and is not counted there; send deltas in order"
                .to_owned()
        )
    );
    assert!(engine.counts().rejected.contains(&(Rejection::DuplicateOrOutOfOrder, 2)));
}

#[test]
fn j8_a_late_delta_counts_for_the_reader_that_can_tell_its_time() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    assert!(send_delta(&engine, 10, 20));
    expect(&engine, 0, 31, &["c{} sum+ cum 1 @10..31", "h{} hist cum n=1 [1.0]:[1, 0] @10..31"]);
    // The reader of deltas has exported nothing yet.
    assert!(send_delta(&engine, 5, 10));
    expect(&engine, 0, 32, &["c{} sum+ cum 1 @10..32", "h{} hist cum n=1 [1.0]:[1, 0] @10..32"]);
    expect(&engine, 1, 33, &["c{} sum+ delta 2 @5..33", "h{} hist delta n=2 [1.0]:[2, 0] @5..33"]);
}

#[test]
fn j8_deltas_without_times_are_all_added() {
    let engine = engine(&[CUMULATIVE], no_views());
    assert!(send_delta(&engine, 0, 0));
    let _ = collect(&engine, 0, 31);
    assert!(send_delta(&engine, 0, 0));
    let rows = collect(&engine, 0, 32);
    assert!(rows[0].starts_with("c{} sum+ cum 2 ") && rows[1].starts_with("h{} hist cum n=2 "), "{rows:?}");
    assert_eq!(told(&engine), [] as [&str; 0]);
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
