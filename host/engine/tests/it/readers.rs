//! Readers that come and go with a swap.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::Relaxed;

use wasmeter_engine::{Engine, ReaderConfig, SwapReport, Views};
use wasmeter_model::{InstrumentKind as Kind, NumberKind, Temporality, TemporalityPreference};

use crate::support::*;

/// Swaps Views and readers at `secs`.
fn change(engine: &Engine, removed: &[usize], added: &[TemporalityPreference], secs: u64) -> SwapReport {
    let mut prepared = engine.prepare_swap(Views::default()).unwrap();
    removed.iter().for_each(|reader| prepared.remove_reader(*reader));
    for temporality in added {
        prepared.add_reader(ReaderConfig { temporality: *temporality, ..ReaderConfig::default() });
    }
    engine.commit_swap(prepared, at(secs))
}

#[test]
fn an_added_reader_has_what_comes_after_it_and_the_others_keep_what_they_have() {
    let engine = engine(&[DELTA, CUMULATIVE], no_views());
    let counter = recorder(&engine, Kind::Counter, "c");
    let active = recorder(&engine, Kind::UpDownCounter, "u");
    let gauge = recorder(&engine, Kind::Gauge, "g");
    counter.record(int(1), &attrs("a=1"), at(2));
    active.record(int(10), &attrs(""), at(2));
    gauge.record(int(7), &attrs(""), at(2));
    let report = change(&engine, &[], &[CUMULATIVE, DELTA], 5);
    assert_eq!((report.readers, report.ended), (vec![2, 3], 0));
    counter.record(int(2), &attrs("a=1"), at(6));
    active.record(int(20), &attrs(""), at(6));
    let gauged = "g{} gauge 7 @0..10";
    expect(&engine, 0, 10, &["c{a=1} sum+ delta 3 @1..10", gauged, "u{} sum cum 30 @2..10"]);
    expect(&engine, 1, 10, &["c{a=1} sum+ cum 3 @2..10", gauged, "u{} sum cum 30 @2..10"]);
    // Increments count from the swap on; what is a state is that state, and goes as far back as that of the others.
    expect(&engine, 2, 10, &["c{a=1} sum+ cum 2 @5..10", gauged, "u{} sum cum 30 @2..10"]);
    expect(&engine, 3, 10, &["c{a=1} sum+ delta 2 @5..10", gauged, "u{} sum cum 30 @2..10"]);
}

#[test]
fn a_removed_reader_has_nothing_and_leaves_nothing() {
    let engine = engine(&[CUMULATIVE, DELTA, CUMULATIVE], no_views());
    let counter = recorder(&engine, Kind::Counter, "c");
    counter.record(int(1), &attrs(""), at(2));
    engine.ingest(&Otlp::of("").summary("s", 3, 2).frame(), at(3));
    assert_eq!(engine.counts().series, 3);
    let report = change(&engine, &[1, 7], &[], 5);
    assert_eq!((report.readers, report.ended), (vec![], 1));
    counter.record(int(2), &attrs(""), at(6));
    expect(&engine, 1, 10, &[]);
    expect(&engine, 7, 10, &[]);
    assert_eq!(engine.counts().series, 2);
    for reader in [0, 2] {
        let rows = collect(&engine, reader, 10);
        assert_eq!(rows.first().map(String::as_str), Some("c{} sum+ cum 3 @2..10"), "reader {reader}");
    }
}

#[test]
fn what_a_removed_reader_had_not_collected_is_its_last_frame() {
    let engine = engine(&[DELTA, CUMULATIVE], no_views());
    let counter = recorder(&engine, Kind::Counter, "c");
    let gauge = recorder(&engine, Kind::Gauge, "g");
    counter.record(int(1), &attrs(""), at(2));
    engine.collect(0, at(3));
    counter.record(int(2), &attrs(""), at(4));
    let mut prepared = engine.prepare_swap(Views::default()).unwrap();
    // What comes between the halves of a swap is counted before it.
    counter.record(int(4), &attrs(""), at(5));
    gauge.record(int(7), &attrs(""), at(5));
    prepared.remove_reader(7);
    prepared.remove_reader(0);
    prepared.add_reader(ReaderConfig { temporality: DELTA, ..ReaderConfig::default() });
    let report = engine.commit_swap(prepared, at(6));
    counter.record(int(8), &attrs(""), at(7));
    let [nothing, last] = &report.last[..] else { panic!("{:?}", report.last) };
    assert_eq!(rows(nothing), [""; 0]);
    let expected =
        ["c{} sum+ delta 6 @3..6", "c{} sum+ delta end @3..6", "g{} gauge 7 @0..6", "g{} gauge end @0..6"];
    assert_eq!(rows(last), expected);
    expect(&engine, 2, 10, &["c{} sum+ delta 8 @6..10", "g{} gauge 7 @0..10"]);
    expect(&engine, 1, 10, &["c{} sum+ cum 15 @2..10", "g{} gauge 7 @0..10"]);
}

#[test]
fn whoever_still_collects_for_a_reader_that_is_gone_takes_nothing_of_another() {
    let engine = engine(&[CUMULATIVE], no_views());
    let counter = recorder(&engine, Kind::Counter, "c");
    assert_eq!(change(&engine, &[], &[DELTA], 2).readers, [1]);
    // A collection of the reader that goes may be under way for longer than it takes to have another one in its place: it has
    // the runs of the callbacks, and waits for them.
    let runs = engine.callback_runs(at(3));
    change(&engine, &[1], &[], 3);
    assert_eq!(change(&engine, &[], &[DELTA, DELTA], 4).readers, [2, 3]);
    counter.record(int(7), &attrs(""), at(5));
    let observed = runs.into_iter().map(|run| run.run().unwrap()).collect();
    assert_eq!(rows(&engine.collect_observed(1, observed, at(6))), [""; 0]);
    expect(&engine, 1, 6, &[]);
    // Nor does it take one away: whoever asks for its removal once more removes nobody.
    let report = change(&engine, &[1], &[], 7);
    assert_eq!((report.ended, rows(&report.last[0])), (0, vec![]));
    expect(&engine, 2, 8, &["c{} sum+ delta 7 @4..8"]);
    expect(&engine, 3, 8, &["c{} sum+ delta 7 @4..8"]);
}

/// An engine with a callback that reports what the result is set to.
fn counting(readers: &[TemporalityPreference], sets: &'static [&'static str]) -> (Engine, Arc<AtomicI64>) {
    let engine = engine(readers, no_views());
    let total = Arc::new(AtomicI64::new(0));
    let reported = total.clone();
    let observe = move |observer: &mut wasmeter_engine::Observer<'_>| {
        // A set is there once the total is large enough.
        for (at, set) in (0..).zip(sets) {
            let value = reported.load(Relaxed) - 100 * at;
            if value > 0 {
                observer.observe(0, int(value), &attrs(set));
            }
        }
    };
    engine.observe(vec![instrument(Kind::ObservableCounter, "o", NumberKind::Int)], observe, at(1)).unwrap();
    (engine, total)
}

#[test]
fn a_reader_of_deltas_goes_on_from_what_callbacks_reported_last() {
    let (engine, total) = counting(&[DELTA], &["", "b=1"]);
    total.store(100, Relaxed);
    expect(&engine, 0, 2, &["o{} sum+ delta 100 @1..2"]);
    change(&engine, &[0], &[], 3);
    change(&engine, &[], &[DELTA], 4);
    // It has not been told anything, but the hundred were before its time. A set that nobody has seen counts whole.
    total.store(110, Relaxed);
    expect(&engine, 1, 5, &["o{b=1} sum+ delta 10 @4..5", "o{} sum+ delta 10 @4..5"]);
    total.store(130, Relaxed);
    expect(&engine, 1, 6, &["o{b=1} sum+ delta 20 @5..6", "o{} sum+ delta 20 @5..6"]);
    // Each that is there keeps its own differences when another one comes, whose own begin with what was known then.
    total.store(160, Relaxed);
    change(&engine, &[], &[DELTA], 7);
    expect(&engine, 2, 8, &["o{b=1} sum+ delta 30 @7..8", "o{} sum+ delta 30 @7..8"]);
    total.store(200, Relaxed);
    expect(&engine, 1, 9, &["o{b=1} sum+ delta 70 @6..9", "o{} sum+ delta 70 @6..9"]);
    // It began anew.
    total.store(5, Relaxed);
    expect(&engine, 2, 10, &["o{} sum+ delta 5 @8..10"]);
}

#[test]
fn what_callbacks_report_counts_once_where_a_reader_gives_way_to_another() {
    let (engine, total) = counting(&[DELTA, CUMULATIVE], &[""]);
    total.store(100, Relaxed);
    expect(&engine, 0, 2, &["o{} sum+ delta 100 @1..2"]);
    total.store(130, Relaxed);
    expect(&engine, 1, 4, &["o{} sum+ cum 130 @1..4"]);
    // What the other one was told meanwhile is the last that the first one says, and where the next one begins.
    let report = change(&engine, &[0], &[DELTA, LOW_MEMORY], 5);
    assert_eq!(rows(&report.last[0]), ["o{} sum+ delta 30 @2..5", "o{} sum+ delta end @2..5"]);
    total.store(150, Relaxed);
    expect(&engine, 2, 6, &["o{} sum+ delta 20 @5..6"]);
    expect(&engine, 3, 7, &["o{} sum+ cum 150 @1..7"]);
    let report = change(&engine, &[2], &[], 8);
    assert_eq!(rows(&report.last[0]), ["o{} sum+ delta 0 @6..8", "o{} sum+ delta end @6..8"]);
}

#[test]
fn totals_of_callbacks_reach_back_to_where_they_count_from() {
    let (engine, total) = counting(&[DELTA], &["", "b=1"]);
    total.store(100, Relaxed);
    expect(&engine, 0, 2, &["o{} sum+ delta 100 @1..2"]);
    total.store(110, Relaxed);
    expect(&engine, 0, 3, &["o{b=1} sum+ delta 10 @2..3", "o{} sum+ delta 10 @2..3"]);
    let report = change(&engine, &[0], &[CUMULATIVE], 4);
    assert_eq!(rows(&report.last[0]), [""; 0], "it was told everything");
    total.store(120, Relaxed);
    // Were they to start with the swap, whoever reads this would take all that is in them to have come since.
    expect(&engine, 1, 5, &["o{b=1} sum+ cum 20 @2..5", "o{} sum+ cum 120 @1..5"]);
    // The other way round: what another reader was told since is the last that the first one says.
    change(&engine, &[], &[CUMULATIVE], 6);
    total.store(125, Relaxed);
    expect(&engine, 2, 7, &["o{b=1} sum+ cum 25 @2..7", "o{} sum+ cum 125 @1..7"]);
    let report = change(&engine, &[1], &[DELTA], 8);
    let last = rows(&report.last[0]);
    assert_eq!(
        last,
        [
            "o{b=1} sum+ cum 25 @2..8",
            "o{b=1} sum+ cum end @2..8",
            "o{} sum+ cum 125 @1..8",
            "o{} sum+ cum end @1..8",
        ]
    );
    total.store(126, Relaxed);
    expect(&engine, 3, 9, &["o{b=1} sum+ delta 1 @8..9", "o{} sum+ delta 1 @8..9"]);
}

#[test]
fn received_totals_go_on_where_they_are_and_begin_for_a_new_reader() {
    let engine = engine(&[CUMULATIVE], no_views());
    let total = |secs, value| {
        Otlp::of("").counter("r", Temporality::Cumulative, &[("a=1", 1, secs, int(value))]).frame()
    };
    engine.ingest(&total(2, 100), at(2));
    change(&engine, &[], &[DELTA, CUMULATIVE], 3);
    engine.ingest(&total(4, 130), at(4));
    expect(&engine, 0, 5, &["r{a=1} sum+ cum 130 @1..5"]);
    expect(&engine, 1, 5, &["r{a=1} sum+ delta 30 @3..5"]);
    expect(&engine, 2, 5, &["r{a=1} sum+ cum 30 @3..5"]);
}

#[test]
fn a_reader_can_be_added_to_an_engine_that_has_none() {
    let engine = engine(&[], no_views());
    let counter = recorder(&engine, Kind::Counter, "c");
    assert!(!counter.is_enabled());
    counter.record(int(1), &attrs(""), at(2));
    assert_eq!(change(&engine, &[], &[CUMULATIVE], 3).readers, [0]);
    assert!(counter.is_enabled());
    counter.record(int(2), &attrs(""), at(4));
    expect(&engine, 0, 5, &["c{} sum+ cum 2 @3..5"]);
    change(&engine, &[0], &[], 6);
    assert!(!counter.is_enabled());
    assert_eq!(engine.counts().series, 0);
}

#[test]
fn what_a_new_reader_asks_for_and_cannot_have_is_told() {
    let engine = engine(&[CUMULATIVE], no_views());
    let mut prepared = engine.prepare_swap(Views::default()).unwrap();
    let aggregation = wasmeter_model::Aggregation::ExplicitBucketHistogram {
        boundaries: Some([2.0, 1.0].into()),
        record_min_max: true,
    };
    let aggregations = [(Kind::Histogram, aggregation)].into();
    prepared.add_reader(ReaderConfig { aggregations, ..ReaderConfig::default() });
    engine.commit_swap(prepared, at(2));
    let notices = engine.notices();
    assert_eq!(notices.len(), 1);
    assert!(notices[0].message.contains("reader 1"), "{}", notices[0].message);
}
