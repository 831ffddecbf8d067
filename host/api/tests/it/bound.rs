//! Instruments bound to attributes (metrics API, "Bind").

use std::thread;

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use wasmeter_api::model::{Aggregation, AttributeRule, Pattern, StreamSpec};
use wasmeter_api::{ManualReader, NativeView, Views};

use crate::support::*;

/// Views of which the only one says this about every instrument.
fn views(spec: StreamSpec) -> Views {
    Views { plugins: vec![NativeView::new("all", |_| true, spec)], ..Views::default() }
}

fn without_a() -> StreamSpec {
    let attributes = vec![AttributeRule::Exclude(vec![Pattern::new("a")])];
    StreamSpec { attributes, ..StreamSpec::default() }
}

#[test]
fn b12_k1_k5_every_kind_records_bound_as_it_does_unbound() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    let given = [KeyValue::new("b", 2_i64), KeyValue::new("a", "x")];
    let counter = meter.u64_counter("counter").build();
    let up_down = meter.i64_up_down_counter("up-down").build();
    let doubles = meter.f64_up_down_counter("doubles").build();
    let gauge = meter.f64_gauge("gauge").build();
    let histogram = meter.u64_histogram("histogram").with_boundaries(vec![5.0]).build();
    let bound_counter = counter.bind(&given);
    let (bound_up_down, bound_doubles) = (up_down.bind(&given), doubles.bind(&given));
    let (bound_gauge, bound_histogram) = (gauge.bind(&given), histogram.bind(&given));
    counter.add(1, &given);
    bound_counter.add(2);
    up_down.add(10, &given);
    bound_up_down.add(-3);
    doubles.add(0.5, &given);
    bound_doubles.add(0.25);
    gauge.record(1.0, &given);
    bound_gauge.record(2.0);
    histogram.record(5, &given);
    bound_histogram.record(6);
    setup.expect(
        10,
        &[
            "counter{a=x,b=2} sum+ cum 3 @1..10",
            "up-down{a=x,b=2} sum cum 7 @1..10",
            "doubles{a=x,b=2} sum cum 0.75 @1..10",
            "gauge{a=x,b=2} gauge 2.0 @0..10",
            "histogram{a=x,b=2} hist cum n=2 sum=11 [5.0]:[1, 1] @1..10",
        ],
    );
}

#[test]
fn k1_values_out_of_domain_are_refused_bound_too() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    let counter = meter.f64_counter("counter").build().bind(&a("x"));
    counter.add(-1.0);
    counter.add(f64::NAN);
    counter.add(f64::INFINITY);
    counter.add(1.0);
    setup.expect(10, &["counter{a=x} sum+ cum 1.0 @1..10"]);
    let rejected = setup.provider.counts().engine.rejected;
    assert_eq!(rejected.iter().map(|(_, count)| count).sum::<u64>(), 3);
}

#[test]
fn k2_what_is_bound_beyond_the_cardinality_limit_overflows_for_good() {
    let setup = setup_with(DELTA, |builder| {
        let limit = std::num::NonZeroU32::new(1);
        builder.with_views(views(StreamSpec { cardinality_limit: limit, ..StreamSpec::default() }))
    });
    let counter = setup.provider.meter("shop").u64_counter("counter").build();
    let (first, second) = (counter.bind(&a("first")), counter.bind(&a("second")));
    first.add(1);
    second.add(2);
    setup.expect(
        10,
        &["counter{a=first} sum+ delta 1 @1..10", "counter{otel.metric.overflow=true} sum+ delta 2 @1..10"],
    );
}

#[test]
fn k2_views_apply_to_what_is_bound_and_to_what_was_bound_before_a_swap() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    let counter = meter.u64_counter("counter").build();
    let histogram = meter.f64_histogram("hist").with_boundaries(vec![1.5]).build();
    let (counter, histogram) = (counter.bind(&a("x")), histogram.bind(&a("x")));
    counter.add(1);
    histogram.record(1.0);
    setup.time.set(5);
    setup.provider.swap_views(views(without_a())).unwrap();
    counter.add(2);
    histogram.record(2.0);
    setup.expect(
        10,
        &[
            "counter{a=x} sum+ cum 1 @1..5",
            "counter{a=x} sum+ cum end @1..10",
            "counter{} sum+ cum 2 @5..10",
            "hist{a=x} hist cum n=1 sum=1 [1.5]:[1, 0] @1..5",
            "hist{a=x} hist cum end @1..10",
            "hist{} hist cum n=1 sum=2 [1.5]:[0, 1] @5..10",
        ],
    );
    // A counter that is to be a histogram from now on needs more than its total.
    let boundaries = Some(vec![3.0].into());
    let aggregation = Aggregation::ExplicitBucketHistogram { boundaries, record_min_max: true };
    setup.provider.swap_views(views(StreamSpec { aggregation, ..without_a() })).unwrap();
    counter.add(3);
    counter.add(4);
    setup.time.set(11);
    let rows = rows(&setup.reader.collect().unwrap());
    assert!(rows.contains(&"counter{} hist cum n=2 sum=7 [3.0]:[1, 1] @10..11".to_owned()), "{rows:#?}");
}

#[test]
fn k1_k4_many_threads_share_one_bound_instrument_exactly() {
    let delta = ManualReader::new(DELTA);
    let setup = setup_with(CUMULATIVE, |builder| builder.with_reader(&delta));
    let meter = setup.provider.meter("shop");
    let counter = meter.u64_counter("counter").build().bind(&a("x"));
    let mut collected = 0;
    // More threads than have a cell of their own, several times over, so that thread numbers are used again.
    for _ in 0..3 {
        thread::scope(|scope| {
            for _ in 0..40 {
                scope.spawn(|| (0..500).for_each(|_| counter.add(1)));
            }
        });
        collected += delta.collect().unwrap().metrics().flat_map(|metric| metric.numbers()).count();
    }
    assert_eq!(collected, 3);
    setup.expect(10, &["counter{a=x} sum+ cum 60000 @1..10"]);
}

#[test]
fn what_is_bound_stays_silent_after_shutdown() {
    let setup = setup(CUMULATIVE);
    let counter = setup.provider.meter("shop").u64_counter("counter").build();
    let before = counter.bind(&a("x"));
    setup.provider.shutdown(AGES).unwrap();
    before.add(1);
    counter.bind(&a("y")).add(1);
    assert_eq!(setup.provider.counts().engine.accepted, 0);
}
