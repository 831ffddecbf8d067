//! Callbacks and what they observe.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use wasmeter_engine::Rejection;
use wasmeter_model::{Aggregation, InstrumentKind as Kind, NumberKind, StreamSpec};

use crate::support::*;

#[test]
fn i1_observations_are_those_of_one_reader() {
    let engine = engine(&[DELTA, DELTA], no_views());
    let turn = AtomicU64::new(0);
    let gauge = vec![instrument(Kind::ObservableGauge, "g", NumberKind::Int)];
    let callback = move |observer: &mut wasmeter_engine::Observer<'_>| {
        let turn = turn.fetch_add(1, Ordering::Relaxed);
        observer.observe(0, int(1), &attrs(&format!("turn={turn}")));
    };
    engine.observe(gauge, callback, at(1)).unwrap();
    expect(&engine, 0, 10, &["g{turn=0} gauge 1 @0..10"]);
    expect(&engine, 1, 11, &["g{turn=1} gauge 1 @0..11"]);
    expect(&engine, 0, 12, &["g{turn=2} gauge 1 @0..12"]);
}

#[test]
fn i2_values_for_an_observable_instrument_outside_of_a_callback_are_ignored_and_counted() {
    for aggregation in [Aggregation::Default, Aggregation::Sum, Aggregation::LastValue] {
        let view = every(StreamSpec { aggregation, ..StreamSpec::default() });
        let engine = engine(&[CUMULATIVE, DELTA], plugins([view]));
        for kind in [Kind::ObservableCounter, Kind::ObservableUpDownCounter, Kind::ObservableGauge] {
            recorder(&engine, kind, kind.name()).record(int(5), &attrs(""), at(2));
        }
        for reader in [0, 1] {
            expect(&engine, reader, 10, &[]);
        }
        let counts = engine.counts();
        assert_eq!((counts.accepted, counts.sources), (0, 0));
        assert!(counts.rejected.contains(&(Rejection::WrongKind, 3)));
    }
}

#[test]
fn i2_a_callback_observes_observable_instruments_only() {
    let engine = engine(&[CUMULATIVE], no_views());
    let counter = vec![instrument(Kind::Counter, "c", NumberKind::Int)];
    engine.observe(counter, |observer| observer.observe(0, int(5), &attrs("")), at(1)).unwrap();
    expect(&engine, 0, 10, &[]);
    assert!(engine.counts().rejected.contains(&(Rejection::WrongKind, 1)));
}

#[test]
fn i4_a_collection_begins_its_callbacks_when_those_of_the_one_before_are_done() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    let (inside, overlapped) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (running, seen) = (inside.clone(), overlapped.clone());
    let gauges = ["g", "h"].map(|name| instrument(Kind::ObservableGauge, name, NumberKind::Int));
    let callback = move |observer: &mut wasmeter_engine::Observer<'_>| {
        seen.fetch_or(running.swap(true, Ordering::SeqCst), Ordering::SeqCst);
        for place in [0, 1] {
            observer.observe(place, int(1), &attrs(""));
            std::thread::yield_now();
        }
        running.store(false, Ordering::SeqCst);
    };
    engine.observe(gauges.to_vec(), callback, at(1)).unwrap();
    std::thread::scope(|scope| {
        for reader in [0, 1] {
            let engine = engine.clone();
            scope.spawn(move || {
                for turn in 0..200 {
                    assert_eq!(collect(&engine, reader, 10 + turn).len(), 2);
                }
            });
        }
    });
    assert!(!overlapped.load(Ordering::SeqCst));
}

#[test]
fn i6_of_a_set_observed_twice_totals_add_up_and_a_gauge_has_the_last_value() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    let kinds = [Kind::ObservableCounter, Kind::ObservableUpDownCounter, Kind::ObservableGauge];
    let all = kinds.map(|kind| instrument(kind, kind.name(), NumberKind::Int)).to_vec();
    let callback = |observer: &mut wasmeter_engine::Observer<'_>| {
        for place in 0..3 {
            [5, 2].into_iter().for_each(|value| observer.observe(place, int(value), &attrs("a=1")));
        }
    };
    engine.observe(all, callback, at(1)).unwrap();
    let states = ["observable_gauge{a=1} gauge 2 @0..10", "observable_up_down_counter{a=1} sum cum 7 @1..10"];
    expect(&engine, 0, 10, &["observable_counter{a=1} sum+ cum 7 @1..10", states[0], states[1]]);
    expect(&engine, 1, 10, &["observable_counter{a=1} sum+ delta 7 @1..10", states[0], states[1]]);
}
