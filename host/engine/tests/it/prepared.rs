//! A swap in two halves: what happens between them goes by the Views in service, and is taken over.

use wasmeter_model::InstrumentKind as Kind;

use crate::support::*;

#[test]
fn nothing_changes_until_the_commit_and_what_is_new_by_then_is_asked_about() {
    let engine = engine(&[CUMULATIVE], no_views());
    let counter = recorder(&engine, Kind::Counter, "c");
    counter.record(int(1), &attrs("a=1"), at(2));
    let prepared = engine.prepare_swap(dropping(&["b"])).unwrap();
    // Between the halves: a set and an instrument that the Views were not asked about, and a collection.
    counter.record(int(2), &attrs("b=1"), at(3));
    recorder(&engine, Kind::Counter, "d").record(int(4), &attrs("b=1"), at(4));
    expect(&engine, 0, 5, &["c{a=1} sum+ cum 1 @2..5", "c{b=1} sum+ cum 2 @3..5", "d{b=1} sum+ cum 4 @4..5"]);
    let report = engine.commit_swap(prepared, at(6));
    assert_eq!((report.kept, report.started, report.ended), (1, 2, 2));
    counter.record(int(8), &attrs("b=1"), at(7));
    recorder(&engine, Kind::Counter, "d").record(int(16), &attrs("b=1"), at(7));
    expect(
        &engine,
        0,
        8,
        &[
            "c{a=1} sum+ cum 1 @2..8",
            "c{b=1} sum+ cum 2 @3..6",
            "c{b=1} sum+ cum end @3..8",
            "c{} sum+ cum 8 @6..8",
            "d{b=1} sum+ cum 4 @4..6",
            "d{b=1} sum+ cum end @4..8",
            "d{} sum+ cum 16 @6..8",
        ],
    );
}

#[test]
fn of_two_prepared_swaps_the_last_committed_serves() {
    let engine = engine(&[CUMULATIVE], no_views());
    let counter = recorder(&engine, Kind::Counter, "c");
    counter.record(int(1), &attrs("a=1,b=1"), at(2));
    let first = engine.prepare_swap(dropping(&["a"])).unwrap();
    let second = engine.prepare_swap(dropping(&["b"])).unwrap();
    assert_eq!(engine.commit_swap(second, at(3)).generation, 2);
    assert_eq!(engine.commit_swap(first, at(4)).generation, 3);
    counter.record(int(2), &attrs("a=1,b=1"), at(5));
    let rows = collect(&engine, 0, 6);
    assert!(rows.contains(&"c{b=1} sum+ cum 2 @4..6".to_owned()), "{rows:#?}");
}
