//! Each synchronous instrument from the API's builder to the frame.

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::{Array, InstrumentationScope, KeyValue, Value};
use wasmeter_api::model::{Resource, ValueRef};

use crate::support::*;

#[test]
fn b1_b14_every_synchronous_instrument_has_its_aggregation() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    setup.time.set(4);
    let set = a("1");
    let counter = meter.u64_counter("counter.u64").build();
    counter.add(2, &set);
    counter.add(3, &set);
    meter.f64_counter("counter.f64").build().add(0.5, &set);
    meter.i64_up_down_counter("updown.i64").build().add(-7, &set);
    meter.f64_up_down_counter("updown.f64").build().add(-0.5, &set);
    meter.u64_gauge("gauge.u64").build().record(7, &set);
    meter.i64_gauge("gauge.i64").build().record(-7, &set);
    meter.f64_gauge("gauge.f64").build().record(7.5, &set);
    let advised = || vec![1.0, 5.0];
    meter.u64_histogram("hist.u64").with_boundaries(advised()).build().record(3, &set);
    meter.f64_histogram("hist.f64").with_boundaries(advised()).build().record(7.5, &set);
    setup.expect(
        10,
        &[
            "counter.u64{a=1} sum+ cum 5 @4..10",
            "counter.f64{a=1} sum+ cum 0.5 @4..10",
            "updown.i64{a=1} sum cum -7 @4..10",
            "updown.f64{a=1} sum cum -0.5 @4..10",
            "gauge.u64{a=1} gauge 7 @0..10",
            "gauge.i64{a=1} gauge -7 @0..10",
            "gauge.f64{a=1} gauge 7.5 @0..10",
            "hist.u64{a=1} hist cum n=1 sum=3 [1.0, 5.0]:[0, 1, 0] @4..10",
            "hist.f64{a=1} hist cum n=1 sum=7.5 [1.0, 5.0]:[0, 0, 1] @4..10",
        ],
    );
    assert_eq!(setup.told.take(), []);
}

#[test]
fn delta_exports_what_was_measured_since_the_last_collection() {
    let setup = setup(DELTA);
    let counter = setup.provider.meter("shop").u64_counter("counter").build();
    setup.time.set(5);
    counter.add(2, &[]);
    setup.expect(10, &["counter{} sum+ delta 2 @1..10"]);
    counter.add(3, &[]);
    setup.expect(20, &["counter{} sum+ delta 3 @10..20"]);
    setup.expect(30, &[]);
}

#[test]
fn a1_a3_what_a_builder_and_a_scope_say_is_on_the_metric() {
    let resource = Resource {
        attributes: [("zone", "z")].into_iter().collect(),
        schema_url: "r".into(),
        ..Resource::default()
    };
    let setup = setup_with(CUMULATIVE, |builder| {
        builder.with_resource(resource).with_resource_attributes([KeyValue::new("service.name", "shop")])
    });
    let scope = InstrumentationScope::builder("scope")
        .with_version("1.2")
        .with_schema_url("s")
        .with_attributes([KeyValue::new("team", "t")])
        .build();
    let meter = setup.provider.meter_with_scope(scope);
    meter.u64_counter("counter").with_unit("{request}").with_description("served").build().add(1, &[]);
    let frame = setup.reader.collect().unwrap();
    let metric = frame.metrics().next().unwrap();
    assert_eq!((metric.name(), metric.unit(), metric.description()), ("counter", "{request}", "served"));
    let scope = metric.scope();
    assert_eq!((scope.name(), scope.version(), scope.schema_url()), ("scope", "1.2", "s"));
    assert_eq!(frame.pairs(scope.attributes()).collect::<Vec<_>>(), [("team", ValueRef::String("t"))]);
    let resource = frame.attributes(scope.resource().attributes()).0;
    let text = |key: &str| resource.get(key).and_then(|value| value.as_str()).unwrap_or("-").to_owned();
    assert_eq!((text("service.name"), text("zone")), ("shop".to_owned(), "z".to_owned()));
    assert_eq!(text("telemetry.sdk.language"), "rust");
    assert_eq!(scope.resource().schema_url(), "r");
}

#[test]
fn c8_one_set_in_any_order_is_one_series_and_the_last_of_a_key_wins() {
    let setup = setup(CUMULATIVE);
    let counter = setup.provider.meter("shop").u64_counter("counter").build();
    let pair = |key: &'static str, value: i64| KeyValue::new(key, value);
    counter.add(1, &[pair("a", 1), pair("b", 2)]);
    counter.add(2, &[pair("b", 2), pair("a", 1)]);
    counter.add(4, &[pair("a", 9), pair("b", 2), pair("a", 1)]);
    setup.expect(10, &["counter{a=1,b=2} sum+ cum 7 @1..10"]);
    let nan = [KeyValue::new("a", f64::NAN)];
    let list = [KeyValue::new("a", Value::Array(Array::I64(vec![1])))];
    for set in [&nan, &nan, &list, &list] {
        counter.add(1, set);
    }
    let frame = setup.reader.collect().unwrap();
    assert_eq!(rows(&frame).len(), 3);
}

#[test]
fn values_an_instrument_cannot_take_are_counted_and_left_out() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    let counter = meter.f64_counter("counter").build();
    for value in [1.0, -1.0, f64::NAN, f64::INFINITY] {
        counter.add(value, &[]);
    }
    let gauge = meter.u64_gauge("gauge").build();
    gauge.record(u64::MAX, &[]);
    setup.expect(10, &["counter{} sum+ cum 1.0 @1..10", "gauge{} gauge 9223372036854775807 @0..10"]);
    let counts = setup.provider.counts();
    assert_eq!((counts.saturated, counts.engine.accepted), (1, 2));
    assert_eq!(counts.engine.rejected.iter().map(|(_, count)| count).sum::<u64>(), 3);
}

#[test]
fn a_set_of_the_widest_sort_of_key_is_found_again() {
    let setup = setup(CUMULATIVE);
    let counter = setup.provider.meter("shop").u64_counter("counter").build();
    for _ in 0..2 {
        let owned = KeyValue::new(String::from("a"), String::from("1"));
        counter.add(1, &[owned]);
        counter.add(1, &a("1"));
    }
    setup.expect(10, &["counter{a=1} sum+ cum 4 @1..10"]);
}
