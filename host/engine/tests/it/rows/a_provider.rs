//! Meter providers and Meters.

use std::sync::Arc;

use wasmeter_model::{InstrumentKind as Kind, NumberKind, Resource, Scope};

use crate::support::*;

#[test]
fn a1_the_resource_is_on_every_metric_of_every_meter() {
    let engine = engine(&[CUMULATIVE], no_views());
    let resource = Arc::new(Resource { attributes: attrs("service.name=shop"), ..Resource::default() });
    for (meter, kind) in [("m", Kind::Counter), ("n", Kind::Gauge)] {
        let scope = Arc::new(Scope { name: meter.into(), ..Scope::default() });
        let instrument = wasmeter_model::Instrument {
            scope,
            resource: resource.clone(),
            ..instrument(kind, kind.name(), NumberKind::Int)
        };
        engine.instrument(instrument, at(1)).unwrap().record(int(1), &attrs(""), at(2));
    }
    expect(
        &engine,
        0,
        10,
        &["[service.name=shop] counter{} sum+ cum 1 @2..10", "[service.name=shop] gauge{} gauge 1 @0..10"],
    );
}

#[test]
fn a3_a5_name_version_schema_url_and_attributes_each_make_another_meter() {
    let engine = engine(&[CUMULATIVE], no_views());
    let scope = Scope { name: "m".into(), version: "1".into(), schema_url: "s".into(), ..Scope::default() };
    let scopes = [
        scope.clone(),
        Scope { name: "n".into(), ..scope.clone() },
        Scope { version: "2".into(), ..scope.clone() },
        Scope { schema_url: "t".into(), ..scope.clone() },
        Scope { attributes: attrs("a=1"), ..scope },
    ];
    for (value, scope) in (1..).zip(&scopes) {
        let scope = Arc::new(scope.clone());
        let counter = wasmeter_model::Instrument { scope, ..instrument(Kind::Counter, "c", NumberKind::Int) };
        // Asked for twice: the second one is the first.
        for _ in 0..2 {
            engine.instrument(counter.clone(), at(1)).unwrap().record(int(value), &attrs(""), at(2));
        }
    }
    let frame = engine.collect(0, at(10));
    let found: Vec<_> = frame
        .metrics()
        .map(|metric| {
            let scope = metric.scope();
            let texts = [scope.name(), scope.version(), scope.schema_url()].map(str::to_owned);
            let value = metric.numbers().next().and_then(|row| row.value);
            (texts.join("/"), set_text(frame.pairs(scope.attributes())), value)
        })
        .collect();
    let expected =
        [("m/1/s", "", 2), ("n/1/s", "", 4), ("m/2/s", "", 6), ("m/1/t", "", 8), ("m/1/s", "a=1", 10)];
    assert_eq!(
        found,
        expected.map(|(texts, set, value)| (texts.to_owned(), set.to_owned(), Some(int(value))))
    );
    // The same name in two Meters is no duplicate.
    assert_eq!(engine.notices(), []);
}

#[test]
fn a7_other_views_apply_to_instruments_that_were_handed_out_before() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    let counter = recorder(&engine, Kind::Counter, "c");
    let gauge = vec![instrument(Kind::ObservableGauge, "g", NumberKind::Int)];
    engine.observe(gauge, |observer| observer.observe(0, int(7), &attrs("a=1,b=2")), at(1)).unwrap();
    counter.record(int(1), &attrs("a=1,b=2"), at(2));
    engine.collect(1, at(3));
    engine.swap(dropping(&["b"]), at(5)).unwrap();
    counter.record(int(2), &attrs("a=1,b=2"), at(6));
    expect(
        &engine,
        1,
        10,
        &["c{a=1} sum+ delta 2 @5..10", "g{a=1} gauge 7 @0..10", "g{a=1,b=2} gauge end @0..10"],
    );
}
