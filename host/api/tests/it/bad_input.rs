//! What a program does wrong: refused or corrected, counted, told once with what to do; the instrument always works.

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use wasmeter_api::DiagnosticKind as Kind;
use wasmeter_api::model::{Attributes, Number};

use crate::support::*;

/// What was told in a few collections, in which everything is done wrong again.
fn told_by(setup: &Setup, wrong: impl Fn()) -> Vec<(Kind, String)> {
    for secs in [10, 20, 30] {
        wrong();
        setup.time.set(secs);
        setup.reader.collect().unwrap();
    }
    setup.told.take()
}

#[test]
fn b13_g8_r2_values_out_of_domain_are_told_once_for_each_instrument_and_reason() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    let (counter, sum) = (meter.f64_counter("c").build(), meter.f64_up_down_counter("u").build());
    let (hist, gauge) =
        (meter.f64_histogram("h").with_boundaries(vec![0.0]).build(), meter.f64_gauge("g").build());
    let told = told_by(&setup, || {
        for value in [1.0, -1.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            counter.add(value, &[]);
            sum.add(value, &[]);
            hist.record(value, &[]);
            gauge.record(value, &[]);
        }
    });
    let not_finite = |name: &str| {
        format!(
            "instrument `{name}`: a value was not counted: the value is NaN or infinite; look for a division by zero, or \
             use a gauge"
        )
    };
    let negative = "instrument `c`: a value was not counted: the value of a monotonic sum is negative; record increments of 0 \
                    or more, or use an up-down-counter";
    let mut expected = [not_finite("c"), not_finite("u"), not_finite("h"), negative.to_owned()];
    expected.sort();
    let mut told: Vec<_> = told.into_iter().map(|(_, message)| message).collect();
    told.sort();
    assert_eq!(told, expected);
    setup.expect(
        40,
        &[
            "c{} sum+ cum 3.0 @1..40",
            "g{} gauge -inf @0..40",
            "h{} hist cum n=9 sum=0 [0.0]:[6, 3] @1..40",
            "u{} sum cum 0.0 @1..40",
        ],
    );
}

#[test]
fn integers_that_are_too_large_are_cut_and_told_once() {
    let setup = setup(CUMULATIVE);
    let gauge = setup.provider.meter("shop").u64_gauge("g").build();
    let told = told_by(&setup, || gauge.record(u64::MAX, &[]));
    assert_eq!(told.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [Kind::Saturated]);
    assert_eq!(setup.provider.counts().saturated, 3);
    setup.expect(40, &["g{} gauge 9223372036854775807 @0..40"]);
}

#[test]
fn c8_l6_odd_attribute_keys_and_values_cost_no_measurement() {
    let setup = setup(CUMULATIVE);
    let counter = setup.provider.meter("shop").u64_counter("c").build();
    let long = "k".repeat(100_000);
    let sets = [
        vec![KeyValue::new("", 1), KeyValue::new("a", "empty")],
        vec![KeyValue::new("a", "first"), KeyValue::new("a", "last")],
        vec![KeyValue::new(long.clone(), "long")],
        vec![KeyValue::new("nan", f64::NAN)],
        vec![KeyValue::new("nan", -f64::NAN)],
    ];
    let told = told_by(&setup, || sets.iter().for_each(|set| counter.add(1, set)));
    let expected = "instrument `c`: an attribute has an empty key, which is not exported; give it one, or leave the \
                    attribute out";
    assert_eq!(told, [(Kind::Engine, expected.to_owned())]);
    let frame = setup.reader.collect().unwrap();
    let metric = frame.metrics().next().unwrap();
    let set = |point: wasmeter_api::model::frame::PointRef<'_>| frame.attributes(point.attributes()).0;
    let points: Vec<_> = metric.numbers().map(|row| (set(row.point), row.value)).collect();
    let one =
        |key: &str, value: wasmeter_api::model::Value| -> Attributes { [(key, value)].into_iter().collect() };
    let expected = [
        (one("a", "empty".into()), 3),
        (one("a", "last".into()), 3),
        (one(&long, "long".into()), 3),
        (one("nan", f64::NAN.into()), 6),
    ];
    assert_eq!(points, expected.map(|(set, value)| (set, Some(Number::Int(value)))));
}

#[test]
fn b3_b4_b5_c1_c6_whatever_it_is_asked_for_with_an_instrument_works() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    let long = "n".repeat(100_000);
    let bounds: [&[f64]; 4] = [&[2.0, 1.0], &[1.0, 1.0], &[f64::NAN], &[f64::NEG_INFINITY, 0.0]];
    let ask = || {
        for name in ["1st", "two words", "\u{e9}", &long] {
            let counter = meter.u64_counter(name.to_owned()).with_unit("\0").with_description(long.clone());
            counter.build().add(1, &[]);
            // Of the same name, and another kind.
            meter.u64_gauge(name.to_owned()).build().record(1, &[]);
        }
        for (place, bounds) in bounds.iter().enumerate() {
            meter
                .f64_histogram(format!("h{place}"))
                .with_boundaries(bounds.to_vec())
                .build()
                .record(3.0, &[]);
        }
    };
    let told = told_by(&setup, ask);
    let count = |kind| told.iter().filter(|(found, _)| *found == kind).count();
    assert_eq!(
        (count(Kind::InstrumentName), count(Kind::Duplicate), count(Kind::Boundaries)),
        (4, 4, 4),
        "{told:?}"
    );
    assert_eq!(told.len(), 12);
    assert!(
        told.iter().all(|(_, message)| message.len() < 1000),
        "what is told of is cut to a length to read"
    );
    let frame = setup.reader.collect().unwrap();
    assert_eq!((frame.metrics().len(), frame.point_count()), (12, 12));
}
