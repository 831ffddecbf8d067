//! Instruments that callbacks report: what they say, what they must not do, and what happens if they do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::metrics::MeterProvider as _;
use wasmeter_api::{DiagnosticKind, ManualReader};

use crate::support::*;

#[test]
fn b1_every_observable_instrument_reports_in_each_collection() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    let _counter =
        meter.u64_observable_counter("counter.u64").with_callback(|o| o.observe(5, &a("1"))).build();
    let _counter = meter.f64_observable_counter("counter.f64").with_callback(|o| o.observe(0.5, &[])).build();
    let _updown =
        meter.i64_observable_up_down_counter("updown.i64").with_callback(|o| o.observe(-5, &[])).build();
    let _updown =
        meter.f64_observable_up_down_counter("updown.f64").with_callback(|o| o.observe(-0.5, &[])).build();
    let _gauge = meter.u64_observable_gauge("gauge.u64").with_callback(|o| o.observe(u64::MAX, &[])).build();
    let _gauge = meter.i64_observable_gauge("gauge.i64").with_callback(|o| o.observe(-7, &[])).build();
    let _gauge = meter.f64_observable_gauge("gauge.f64").with_callback(|o| o.observe(7.5, &[])).build();
    let _silent = meter.u64_observable_gauge("silent").build();
    for secs in [10, 20] {
        setup.expect(
            secs,
            &[
                &format!("counter.u64{{a=1}} sum+ cum 5 @1..{secs}"),
                &format!("counter.f64{{}} sum+ cum 0.5 @1..{secs}"),
                &format!("updown.i64{{}} sum cum -5 @1..{secs}"),
                &format!("updown.f64{{}} sum cum -0.5 @1..{secs}"),
                &format!("gauge.u64{{}} gauge 9223372036854775807 @0..{secs}"),
                &format!("gauge.i64{{}} gauge -7 @0..{secs}"),
                &format!("gauge.f64{{}} gauge 7.5 @0..{secs}"),
            ],
        );
    }
    assert_eq!(setup.provider.counts().saturated, 2);
}

#[test]
fn b8_several_callbacks_of_one_instrument_report_together_and_each_runs_once_a_collection() {
    let delta = ManualReader::new(DELTA);
    let setup = setup_with(CUMULATIVE, |builder| builder.with_reader(&delta));
    let runs = Arc::new(AtomicU64::new(0));
    let counted = runs.clone();
    let _counter = setup
        .provider
        .meter("shop")
        .u64_observable_counter("counter")
        .with_callback(move |o| o.observe(counted.fetch_add(1, Ordering::SeqCst) + 10, &a("1")))
        .with_callback(|o| o.observe(7, &a("2")))
        .build();
    setup.expect(10, &["counter{a=1} sum+ cum 10 @1..10", "counter{a=2} sum+ cum 7 @1..10"]);
    // A run for one reader reports nothing to the other.
    let rows = rows(&delta.collect().unwrap());
    assert_eq!(rows, ["counter{a=1} sum+ delta 11 @1..10", "counter{a=2} sum+ delta 7 @1..10"]);
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[test]
fn i7_a_callback_that_panics_does_not_stop_the_others() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    let _bad = meter
        .u64_observable_gauge("bad")
        .with_callback(|o| {
            o.observe(1, &[]);
            panic!("out of {}", "luck");
        })
        .build();
    let _good = meter.u64_observable_gauge("good").with_callback(|o| o.observe(2, &[])).build();
    setup.expect(10, &["good{} gauge 2 @0..10"]);
    setup.expect(20, &["good{} gauge 2 @0..20"]);
    assert_eq!(setup.provider.counts().callback_panics, 2);
    let told = setup.told.take();
    let expected = "a callback of instrument `bad` panicked: out of luck; nothing it had observed counts";
    assert_eq!(told, [(DiagnosticKind::Callback, expected.to_owned())]);
}

#[test]
fn i8_a_callback_may_measure_and_make_instruments() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    let inner = meter.clone();
    let _gauge = meter
        .u64_observable_gauge("outer")
        .with_callback(move |o| {
            inner.u64_counter("inner").build().add(1, &[]);
            std::thread::scope(|scope| {
                scope.spawn(|| o.observe(1, &[]));
            });
        })
        .build();
    setup.expect(10, &["inner{} sum+ cum 1 @10..10", "outer{} gauge 1 @0..10"]);
    setup.expect(20, &["inner{} sum+ cum 2 @10..20", "outer{} gauge 1 @0..20"]);
}
