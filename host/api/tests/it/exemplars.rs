//! Measurements made in the context of a span, through the `opentelemetry` API.

use std::sync::Arc;

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::TraceFlags;
use wasmeter_api::model::frame::Frame;
use wasmeter_api::model::{AttributeRule, ExemplarFilter, ExemplarReservoir, Pattern, StreamSpec};
use wasmeter_api::{NativeView, SimpleFixedSize, Views};

use crate::support::*;

/// Value, trace, span and attributes of each exemplar.
fn exemplars(frame: &Frame) -> Vec<(f64, u128, u64, String)> {
    let mut found = Vec::new();
    for metric in frame.metrics() {
        let points = metric.numbers().map(|row| row.point);
        for point in points.chain(metric.histograms().map(|row| row.point)) {
            found.extend(point.exemplars().map(|row| {
                let keys: Vec<&str> = row.pairs().map(|(key, _)| key).collect();
                (row.value.unwrap().as_f64(), row.trace_id, row.span_id, keys.join(","))
            }));
        }
    }
    found
}

#[test]
fn m2_m3_a_measurement_in_a_sampled_span_becomes_an_exemplar_with_its_ids() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    let (counter, histogram) =
        (meter.u64_counter("counter").build(), meter.f64_histogram("histogram").build());
    histogram.record(3.0, &[]);
    {
        let _span = enter(0xA, 0xB, TraceFlags::NOT_SAMPLED);
        counter.add(1, &[]);
    }
    {
        let _span = enter(u128::MAX - 1, u64::MAX - 1, TraceFlags::SAMPLED);
        histogram.record(7.5, &[]);
        counter.add(2, &[]);
    }
    counter.add(4, &[]);
    let frame = setup.reader.collect().unwrap();
    let (trace, span) = (u128::MAX - 1, u64::MAX - 1);
    assert_eq!(exemplars(&frame), [(2.0, trace, span, String::new()), (7.5, trace, span, String::new())]);
    assert_eq!(exemplars(&setup.reader.collect().unwrap()), []);
}

#[test]
fn m3_the_filter_is_the_one_given_to_the_builder() {
    for (filter, expected) in [
        (ExemplarFilter::AlwaysOn, [1, 1, 1]),
        (ExemplarFilter::AlwaysOff, [0, 0, 0]),
        (ExemplarFilter::TraceBased, [0, 0, 1]),
    ] {
        let setup = setup_with(CUMULATIVE, |builder| builder.with_exemplar_filter(filter));
        let counter = setup.provider.meter("shop").u64_counter("counter").build();
        let flags = [None, Some(TraceFlags::NOT_SAMPLED), Some(TraceFlags::SAMPLED)];
        for (flags, expected) in flags.into_iter().zip(expected) {
            let _span = flags.map(|flags| enter(1, 2, flags));
            counter.add(1, &[]);
            let found = exemplars(&setup.reader.collect().unwrap());
            assert_eq!(found.len(), expected, "{filter:?} {flags:?}");
            // Where there is a span its ids are told, sampled or not.
            let ids = if flags.is_some() { (1, 2) } else { (0, 0) };
            assert!(found.iter().all(|row| (row.1, row.2) == ids), "{found:?}");
        }
    }
}

#[test]
fn k3_bound_instruments_sample_in_the_span_of_the_recording() {
    let setup = setup(CUMULATIVE);
    let _of_binding = enter(1, 1, TraceFlags::SAMPLED);
    let bound = setup.provider.meter("shop").u64_counter("counter").build().bind(&a("b"));
    {
        let _of_recording = enter(2, 2, TraceFlags::SAMPLED);
        bound.add(5);
    }
    {
        let _not_sampled = enter(3, 3, TraceFlags::NOT_SAMPLED);
        bound.add(1);
    }
    let frame = setup.reader.collect().unwrap();
    assert_eq!(exemplars(&frame), [(5.0, 2, 2, String::new())]);
    assert_eq!(rows(&frame), ["counter{a=b} sum+ cum 6 @1..1"]);
}

#[test]
fn m7_views_of_the_application_bring_reservoirs() {
    let view = NativeView::with_reservoirs(
        "five",
        |_| true,
        StreamSpec::default(),
        |series| Box::new(SimpleFixedSize::new(5, series.seed)),
    );
    let setup = setup_with(CUMULATIVE, |builder| {
        builder.with_view(view).with_exemplar_filter(ExemplarFilter::AlwaysOn)
    });
    let counter = setup.provider.meter("shop").u64_counter("counter").build();
    (0..9).for_each(|_| counter.add(1, &[]));
    assert_eq!(exemplars(&setup.reader.collect().unwrap()).len(), 5);
}

#[test]
fn m7_a_swap_that_leaves_a_view_in_service_leaves_it_its_reservoirs() {
    let five = || {
        NativeView::with_reservoirs(
            "five",
            |_| true,
            StreamSpec::default(),
            |series| Box::new(SimpleFixedSize::new(5, series.seed)),
        )
    };
    let view = five();
    let setup = setup_with(CUMULATIVE, |builder| {
        builder.with_view(view.clone()).with_exemplar_filter(ExemplarFilter::AlwaysOn)
    });
    let swap = |view: Arc<NativeView>| {
        setup.provider.swap_views(Views { base: vec![view], ..Views::default() }).unwrap();
    };
    let counter = setup.provider.meter("shop").u64_counter("counter").build();
    counter.add(1, &[]);
    swap(view.clone());
    counter.add(2, &[]);
    swap(view);
    let values = |frame| exemplars(&frame).into_iter().map(|(value, ..)| value).collect::<Vec<_>>();
    assert_eq!(values(setup.reader.collect().unwrap()), [1.0, 2.0]);
    counter.add(3, &[]);
    // It says the same, but is another: what it would have kept nobody knows.
    swap(five());
    counter.add(4, &[]);
    assert_eq!(values(setup.reader.collect().unwrap()), [4.0]);
}

#[test]
fn e8_what_a_view_removes_is_on_exemplars_unless_it_wants_none() {
    let keys = |reservoir| {
        let attributes = vec![AttributeRule::Exclude(vec![Pattern::new("a")])];
        let spec = StreamSpec { attributes, exemplar_reservoir: reservoir, ..StreamSpec::default() };
        let view = NativeView::new("remove", |_| true, spec);
        let setup = setup_with(CUMULATIVE, |builder| builder.with_view(view));
        let _span = enter(1, 2, TraceFlags::SAMPLED);
        setup.provider.meter("shop").u64_counter("counter").build().add(1, &a("b"));
        let found = exemplars(&setup.reader.collect().unwrap());
        found.into_iter().map(|(.., keys)| keys).collect::<Vec<_>>()
    };
    assert_eq!(keys(ExemplarReservoir::Default), ["a"]);
    assert_eq!(keys(ExemplarReservoir::None), [] as [&str; 0]);
}

/// Measures when its thread ends, after the thread's context has gone.
struct Late(opentelemetry::metrics::Counter<u64>);

impl Drop for Late {
    fn drop(&mut self) {
        self.0.add(1, &[]);
    }
}

#[test]
fn a_thread_that_is_ending_measures_without_a_span() {
    thread_local! {
        static LATE: std::cell::RefCell<Option<Late>> = const { std::cell::RefCell::new(None) };
    }
    let setup = setup(CUMULATIVE);
    let counter = setup.provider.meter("shop").u64_counter("counter").build();
    let thread = std::thread::spawn(move || {
        // What was used first goes last.
        LATE.set(Some(Late(counter)));
        drop(enter(1, 2, TraceFlags::SAMPLED));
    });
    thread.join().unwrap();
    setup.expect(10, &["counter{} sum+ cum 1 @1..10"]);
}
