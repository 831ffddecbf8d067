//! Gauges and up-down-counters: the current values of several sources combine, and a silent source is forgotten.

use std::time::Duration;

use wasmeter_model::Temporality::{Cumulative, Delta};
use wasmeter_model::limits::Limits;
use wasmeter_model::{Aggregation, Combine, StreamSpec};

use crate::support::*;

fn combining(combine: Option<Combine>) -> wasmeter_engine::Views {
    plugins([every(StreamSpec { attributes: without(&["a"]), combine, ..StreamSpec::default() })])
}

#[test]
fn current_values_combine_as_the_view_says() {
    for (combine, gauge, updown) in [
        (None, 5, 12),
        (Some(Combine::Last), 5, 5),
        (Some(Combine::Sum), 12, 12),
        (Some(Combine::Min), 3, 3),
        (Some(Combine::Max), 5, 5),
    ] {
        let engine = engine(&[CUMULATIVE, DELTA], combining(combine));
        let frame = Otlp::of("")
            .gauge("g", &[("a=1", 6, int(4)), ("a=2", 5, int(3)), ("a=3", 7, int(5))])
            .up_down("u", Cumulative, &[("a=1", 2, 6, int(4)), ("a=2", 2, 5, int(3)), ("a=3", 3, 7, int(5))])
            .frame();
        assert_eq!(engine.ingest(&frame, at(7)).accepted, 6);
        for reader in [0, 1] {
            let gauge = format!("g{{}} gauge {gauge} @0..10");
            expect(&engine, reader, 10, &[&gauge, &format!("u{{}} sum cum {updown} @2..10")]);
        }
    }
}

#[test]
fn a_source_counts_until_exactly_its_expiry() {
    let limits = Limits { current_expiry: Duration::from_secs(30), ..Limits::default() };
    let engine = engine_with(&[CUMULATIVE], combining(Some(Combine::Sum)), limits);
    engine.ingest(&Otlp::of("").gauge("g", &[("a=1", 5, int(4))]).frame(), at(10));
    engine.ingest(&Otlp::of("").gauge("g", &[("a=2", 5, int(3))]).frame(), at(20));
    expect(&engine, 0, 40, &["g{} gauge 7 @0..40"]);
    expect(&engine, 0, 41, &["g{} gauge 3 @0..41"]);
    expect(&engine, 0, 50, &["g{} gauge 3 @0..50"]);
    expect(&engine, 0, 51, &[]);
    // News bring it back.
    engine.ingest(&Otlp::of("").gauge("g", &[("a=1", 6, int(1))]).frame(), at(60));
    expect(&engine, 0, 61, &["g{} gauge 1 @0..61"]);
}

#[test]
fn a_restart_replaces_the_state_of_an_up_down_counter() {
    let engine = engine(&[CUMULATIVE], no_views());
    let point = |start, time, value| {
        engine.ingest(
            &Otlp::of("").up_down("u", Cumulative, &[("", start, time, int(value))]).frame(),
            at(time),
        )
    };
    point(2, 5, 10);
    point(2, 6, 8);
    expect(&engine, 0, 10, &["u{} sum cum 8 @2..10"]);
    point(11, 12, 3);
    expect(&engine, 0, 20, &["u{} sum cum 3 @2..20"]);
    // It was no restart after all but another worker: both are alive.
    point(2, 21, 9);
    expect(&engine, 0, 30, &["u{} sum cum 12 @2..30"]);
}

#[test]
fn received_deltas_of_an_up_down_counter_add_up_in_any_order() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    for (start, time, value) in [(4, 5, 10), (2, 3, -4), (5, 6, 1)] {
        let frame = Otlp::of("").up_down("u", Delta, &[("", start, time, int(value))]).frame();
        assert_eq!(engine.ingest(&frame, at(7)).accepted, 1);
    }
    expect(&engine, 0, 10, &["u{} sum cum 7 @4..10"]);
    expect(&engine, 1, 10, &["u{} sum cum 7 @4..10"]);
}

#[test]
fn the_last_value_of_a_counter_is_its_total_or_its_last_delta() {
    let last = every(StreamSpec { aggregation: Aggregation::LastValue, ..StreamSpec::default() });
    let engine = engine(&[CUMULATIVE], plugins([last]));
    for (time, total, delta) in [(5, 10, 3), (6, 12, 2)] {
        let frame = Otlp::of("")
            .counter("total", Cumulative, &[("", 2, time, int(total))])
            .counter("delta", Delta, &[("", time - 1, time, int(delta))])
            .frame();
        assert_eq!(engine.ingest(&frame, at(time)).accepted, 2);
    }
    expect(&engine, 0, 10, &["total{} gauge 12 @0..10", "delta{} gauge 2 @0..10"]);
}

#[test]
fn integers_beyond_what_doubles_tell_apart_are_compared_exactly() {
    let engine = engine(&[CUMULATIVE], combining(Some(Combine::Max)));
    let big = (1i64 << 60) + 1;
    let frame = Otlp::of("").gauge("g", &[("a=1", 5, int(big - 1)), ("a=2", 5, int(big))]).frame();
    engine.ingest(&frame, at(5));
    expect(&engine, 0, 10, &[&format!("g{{}} gauge {big} @0..10")]);
}
