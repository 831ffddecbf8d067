//! Exemplars of received points survive what the Views do, each is exported once, and they cost a bounded amount.

use wasmeter_engine::{Engine, EngineConfig, ReaderConfig};
use wasmeter_model::{ExemplarFilter, Temporality};

use crate::support::*;

#[test]
fn m2_an_exemplar_goes_with_its_series_and_takes_what_a_view_removed() {
    let engine = engine(&[CUMULATIVE, DELTA], dropping(&["user"]));
    let request = |time, value, exemplars: &[_]| {
        Otlp::of("").exemplified("c", ("m=GET,user=b", 1, time, int(value)), exemplars).frame()
    };
    engine.ingest(&request(5, 3, &[("path=/x", 4, int(1))]), at(5));
    expect(&engine, 0, 10, &["c{m=GET} sum+ cum 3 @1..10 *1{path=/x,user=b}"]);
    expect(&engine, 1, 10, &["c{m=GET} sum+ delta 3 @1..10 *1{path=/x,user=b}"]);
    // The sender repeats what it has until it has something newer.
    engine.ingest(&request(15, 4, &[("path=/x", 4, int(1))]), at(15));
    expect(&engine, 0, 20, &["c{m=GET} sum+ cum 4 @1..20"]);
    engine.ingest(&request(25, 6, &[("path=/x", 4, int(1)), ("path=/y", 24, int(2))]), at(25));
    expect(&engine, 0, 30, &["c{m=GET} sum+ cum 6 @1..30 *2{path=/y,user=b}"]);
    expect(&engine, 0, 40, &["c{m=GET} sum+ cum 6 @1..40"]);
    let frame = engine.collect(1, at(40));
    let exemplar =
        frame.metrics().next().unwrap().numbers().next().unwrap().point.exemplars().last().unwrap();
    assert_eq!((exemplar.trace_id, exemplar.span_id, exemplar.time), (7, 8, at(24)));
}

#[test]
fn the_overflow_tells_the_whole_set_and_keeps_the_newest_few() {
    let limit = wasmeter_model::StreamSpec {
        cardinality_limit: std::num::NonZeroU32::new(1),
        ..wasmeter_model::StreamSpec::default()
    };
    let engine = engine(&[CUMULATIVE], plugins([every(limit)]));
    for number in 0..10 {
        let set = format!("a={number}");
        let point = (&set[..], 1, 5, int(1));
        engine.ingest(&Otlp::of("").exemplified("c", point, &[("", 5 + number, int(1))]).frame(), at(5));
    }
    expect(
        &engine,
        0,
        20,
        &[
            "c{a=0} sum+ cum 1 @1..20 *1{}",
            "c{otel.metric.overflow=true} sum+ cum 9 @1..20 *1{a=6} *1{a=7} *1{a=8} *1{a=9}",
        ],
    );
}

#[test]
fn m4_a_delta_interval_has_only_its_own_exemplars() {
    let engine = engine(&[DELTA], no_views());
    let request = |time: u64| {
        let value = int(i64::try_from(time).unwrap());
        Otlp::of("").exemplified("c", ("", 1, time, value), &[("", 4, int(1)), ("", time, int(2))]).frame()
    };
    engine.ingest(&request(5), at(5));
    expect(&engine, 0, 10, &["c{} sum+ delta 5 @1..10 *1{} *2{}"]);
    engine.ingest(&request(15), at(15));
    expect(&engine, 0, 20, &["c{} sum+ delta 10 @10..20 *2{}"]);
}

#[test]
fn m4_every_bucket_of_a_received_histogram_keeps_its_newest_exemplar() {
    let engine = engine(&[CUMULATIVE], no_views());
    let request = |time: u64, exemplars: &[_]| {
        let (bounds, counts) = (vec![1.0, 2.0], vec![time, time, time]);
        let point = Hist { start: 1, time, sum: Some(9.0), bounds, counts, ..Hist::default() };
        Otlp::of("").exemplars(exemplars).histogram("h", Temporality::Cumulative, &[point]).frame()
    };
    engine.ingest(&request(5, &[("", 3, double(0.5)), ("", 4, double(9.0)), ("", 2, double(1.0))]), at(5));
    engine
        .ingest(&request(8, &[("", 7, double(1.5)), ("", 6, double(8.0)), ("", 7, double(f64::NAN))]), at(8));
    let [row] = &collect(&engine, 0, 10)[..] else { panic!("one series") };
    assert!(row.ends_with("@1..10 *0.5{} *1.5{} *8.0{}"), "{row}");
}

#[test]
fn always_off_keeps_received_exemplars_out_too() {
    for (filter, exported) in [
        (ExemplarFilter::AlwaysOff, "c{} sum+ cum 3 @1..10"),
        (ExemplarFilter::TraceBased, "c{} sum+ cum 3 @1..10 *1{user=b}"),
        (ExemplarFilter::AlwaysOn, "c{} sum+ cum 3 @1..10 *1{user=b}"),
    ] {
        let config = EngineConfig {
            readers: vec![ReaderConfig::default()],
            exemplar_filter: filter,
            ..EngineConfig::default()
        };
        let engine = Engine::new(config, dropping(&["user"]), at(1));
        let request = Otlp::of("").exemplified("c", ("user=b", 1, 5, int(3)), &[("", 4, int(1))]);
        engine.ingest(&request.frame(), at(5));
        expect(&engine, 0, 10, &[exported]);
    }
}
