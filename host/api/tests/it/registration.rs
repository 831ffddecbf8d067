//! Names, boundaries, and instruments that are asked for twice.

use std::sync::Arc;

use opentelemetry::metrics::MeterProvider as _;
use wasmeter_api::model::limits::Limits;
use wasmeter_api::model::{Aggregation, StreamSpec};
use wasmeter_api::{DiagnosticKind as Kind, NativeView, View};

use crate::support::*;

#[test]
fn b3_an_instrument_of_an_invalid_name_works_and_is_told_of_once() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    for _ in 0..3 {
        meter.u64_counter("9 lives").build().add(1, &[]);
    }
    setup.expect(10, &["9 lives{} sum+ cum 3 @1..10"]);
    let told = setup.told.take();
    let expected = "instrument name `9 lives` is not valid: it begins with '9', expected an ASCII letter; it is \
                    used as it is";
    assert_eq!(told, [(Kind::InstrumentName, expected.to_owned())]);
}

#[test]
fn an_instrument_without_a_name_is_silent_and_counted() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    meter.u64_counter("").build().add(1, &[]);
    let _gauge = meter.u64_observable_gauge("").with_callback(|o| o.observe(1, &[])).build();
    setup.expect(10, &[]);
    assert_eq!(setup.provider.counts().instruments_refused, 2);
    assert_eq!(setup.told.kinds(), [Kind::Refused]);
}

#[test]
fn instruments_beyond_the_limit_are_silent_and_counted() {
    let limits = Limits { instruments_max: 1, ..Limits::default() };
    let setup = setup_with(CUMULATIVE, |builder| builder.with_limits(limits));
    let meter = setup.provider.meter("shop");
    meter.u64_counter("first").build().add(1, &[]);
    meter.u64_counter("second").build().add(1, &[]);
    setup.expect(10, &["first{} sum+ cum 1 @1..10"]);
    assert_eq!(setup.provider.counts().instruments_refused, 1);
    assert_eq!(setup.told.kinds(), [Kind::Refused]);
}

#[test]
fn c6_boundaries_that_make_no_sense_are_as_if_not_given() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    meter.f64_histogram("hist").with_boundaries(vec![5.0, 1.0]).build().record(3.0, &[]);
    let rows = rows(&setup.reader.collect().unwrap());
    assert!(rows[0].contains("[0.0, 5.0, 10.0,"), "{rows:?}");
    let expected = "the boundaries advised for instrument `hist` are not valid: found 1 after 5, expected ascending \
                    numbers; the default ones are used";
    assert_eq!(setup.told.take(), [(Kind::Boundaries, expected.to_owned())]);
}

#[test]
fn c4_names_that_differ_by_case_are_one_instrument_of_the_first_name() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    meter.u64_counter("Requests").build().add(1, &[]);
    meter.u64_counter("requests").build().add(2, &[]);
    meter.u64_counter("Requests").build().add(4, &[]);
    // Another meter, be it of the same name, shares; another scope does not.
    setup.provider.meter("shop").u64_counter("Requests").build().add(8, &[]);
    setup.provider.meter("other").u64_counter("requests").build().add(1, &[]);
    setup.expect(10, &["Requests{} sum+ cum 15 @1..10", "requests{} sum+ cum 1 @1..10"]);
    let expected = "instrument `requests` is also named `Requests`; the first name is used (scope `shop`)";
    assert_eq!(setup.told.take(), [(Kind::Duplicate, expected.to_owned())]);
}

#[test]
fn c1_c2_instruments_that_conflict_both_work_and_are_told_of() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    for _ in 0..2 {
        meter.u64_counter("x").with_unit("s").build().add(1, &[]);
        meter.f64_counter("x").with_unit("s").build().add(0.5, &[]);
        meter.u64_counter("X").with_unit("ms").build().add(2, &[]);
        let _gauge = meter.i64_observable_gauge("x").with_callback(|o| o.observe(7, &[])).build();
    }
    setup.expect(
        10,
        &["x{} sum+ cum 2 @1..10", "x{} sum+ cum 1.0 @1..10", "x{} sum+ cum 4 @1..10", "x{} gauge 7 @0..10"],
    );
    let told = setup.told.take();
    assert_eq!(told.len(), 4, "{told:?}");
    let expected = "instrument `x` is asked for as counter of int in `s` and as counter of double in `s`; both are \
                    exported under one name, which few backends understand: rename one, or give the second a name by a \
                    View, such as `NativeView::new(\"x\", |i| &*i.name == \"x\" && i.number == NumberKind::Double, \
                    StreamSpec { name: Some(\"x.2\".into()), ..StreamSpec::default() })` (scope `shop`)";
    assert_eq!(told[0], (Kind::Duplicate, expected.to_owned()));
}

#[test]
fn c2_c5_other_descriptions_and_boundaries_are_told_of() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    let hist = |description: &'static str, boundary| {
        meter.f64_histogram("h").with_description(description).with_boundaries(vec![boundary]).build()
    };
    hist("one", 5.0).record(7.0, &[]);
    hist("one", 10.0).record(7.0, &[]);
    hist("two", 5.0).record(7.0, &[]);
    setup.expect(10, &["h{} hist cum n=3 sum=21 [5.0]:[0, 3] @1..10"]);
    let told: Vec<String> = setup.told.take().into_iter().map(|(_, message)| message).collect();
    assert_eq!(
        told,
        [
            "instrument `h` is asked for with different advice; the first is followed (scope `shop`)",
            "instrument `h` has the descriptions \"one\" and \"two\"; use one, or set it by a View, such as \
             `NativeView::new(\"h\", |i| &*i.name == \"h\", StreamSpec { description: Some(\"one\".into()), \
             ..StreamSpec::default() })` (scope `shop`)",
        ]
    );
}

/// The View that the warning about `x` recommends.
fn renaming(unit: &'static str) -> Arc<dyn View> {
    let spec = StreamSpec { name: Some("x.2".into()), ..StreamSpec::default() };
    NativeView::new("x", move |i| &*i.name == "x" && &*i.unit == unit, spec)
}

#[test]
fn c2_a_view_that_renames_one_of_two_kinds_silences_the_warning() {
    let setup = setup_with(CUMULATIVE, |builder| builder.with_view(renaming("ms")));
    let meter = setup.provider.meter("shop");
    meter.u64_counter("x").with_unit("s").build().add(1, &[]);
    meter.u64_counter("x").with_unit("ms").build().add(2, &[]);
    meter.i64_up_down_counter("x").with_unit("ms").build().add(3, &[]);
    setup.expect(10, &["x{} sum+ cum 1 @1..10", "x.2{} sum+ cum 2 @1..10", "x.2{} sum cum 3 @1..10"]);
    // The first two are told apart now; the third meets the second under its new name.
    let told = setup.told.take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].1.contains("as counter of int in `ms` and as up_down_counter of int in `ms`"),
        "{told:?}"
    );
}

#[test]
fn c2_a_view_that_drops_one_of_two_kinds_or_sets_one_unit_silences_the_warning() {
    let drop = StreamSpec { aggregation: Aggregation::Drop, ..StreamSpec::default() };
    let unit = StreamSpec { unit: Some("s".into()), ..StreamSpec::default() };
    for spec in [drop, unit] {
        let view = NativeView::new("x", |i| &*i.unit == "ms", spec);
        let setup = setup_with(CUMULATIVE, |builder| builder.with_view(view));
        let meter = setup.provider.meter("shop");
        let _first = meter.u64_counter("x").with_unit("s").build();
        let _second = meter.u64_counter("x").with_unit("ms").build();
        assert_eq!(setup.told.take(), []);
    }
}

#[test]
fn c2_a_view_that_sets_the_description_silences_the_warning() {
    let spec = StreamSpec { description: Some("one".into()), ..StreamSpec::default() };
    let view = NativeView::new("h", |i| &*i.name == "h", spec);
    let setup = setup_with(CUMULATIVE, |builder| builder.with_view(view));
    for description in ["two", "three"] {
        let meter = setup.provider.meter("shop");
        meter.u64_counter("h").with_description(description).build().add(1, &[]);
    }
    assert_eq!(setup.told.take(), []);
    let frame = setup.reader.collect().unwrap();
    assert_eq!(frame.metrics().map(|metric| metric.description()).collect::<Vec<_>>(), ["one"]);
}

#[test]
fn a4_a_meter_without_a_name_works_and_is_told_of() {
    let setup = setup(CUMULATIVE);
    setup.provider.meter("").u64_counter("counter").build().add(1, &[]);
    setup.expect(10, &["counter{} sum+ cum 1 @1..10"]);
    assert_eq!(setup.told.kinds(), [Kind::MeterName]);
}
