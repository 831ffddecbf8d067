//! The swap rule in numbers: what a swap reports, and what depends on no order. `tests/scripts/swap` has the cases, `history` tries
//! them in any order.

use wasmeter_model::{InstrumentKind as Kind, StreamSpec};

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
