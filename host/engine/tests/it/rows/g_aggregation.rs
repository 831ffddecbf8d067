//! Aggregations.

use wasmeter_engine::Views;
use wasmeter_model::limits::BOUNDARIES_DEFAULT;
use wasmeter_model::{Aggregation, InstrumentKind as Kind, Number, StreamSpec};

use crate::support::*;

const EXPLICIT: Aggregation = Aggregation::ExplicitBucketHistogram { boundaries: None, record_min_max: true };
const EXPONENTIAL: Aggregation =
    Aggregation::Base2ExponentialBucketHistogram { max_size: 160, max_scale: 20, record_min_max: true };

fn under(aggregation: Aggregation) -> Views {
    plugins([every(StreamSpec { aggregation, ..StreamSpec::default() })])
}

/// What an instrument of a kind exports that took these values under an aggregation.
fn exported(kind: Kind, aggregation: Aggregation, values: &[Number]) -> Vec<String> {
    let engine = engine(&[CUMULATIVE], under(aggregation));
    let instrument = instrument(kind, "i", values[0].kind());
    if kind.is_observable() {
        let values = values.to_vec();
        let report = move |observer: &mut wasmeter_engine::Observer<'_>| {
            values.iter().for_each(|value| observer.observe(0, *value, &attrs("")));
        };
        engine.observe(vec![instrument], report, at(1)).unwrap();
    } else {
        let recorder = engine.instrument(instrument, at(1)).unwrap();
        values.iter().for_each(|value| recorder.record(*value, &attrs(""), at(2)));
    }
    collect(&engine, 0, 10)
}

#[test]
fn g1_g4_every_aggregation_there_is() {
    let counter = |aggregation| exported(Kind::Counter, aggregation, &[int(1), int(3), int(2)]);
    assert_eq!(counter(Aggregation::Drop), [] as [&str; 0]);
    assert_eq!(counter(Aggregation::Default), ["i{} sum+ cum 6 @2..10"]);
    assert_eq!(counter(Aggregation::Sum), ["i{} sum+ cum 6 @2..10"]);
    assert_eq!(counter(Aggregation::LastValue), ["i{} gauge 2 @0..10"]);
    let bounds = [1.0, 2.0];
    let explicit =
        Aggregation::ExplicitBucketHistogram { boundaries: Some(bounds.into()), record_min_max: true };
    assert_eq!(counter(explicit), ["i{} hist cum n=3 sum=6 min=1 max=3 [1.0, 2.0]:[1, 1, 1] @2..10"]);
    let few =
        Aggregation::Base2ExponentialBucketHistogram { max_size: 2, max_scale: 20, record_min_max: true };
    assert_eq!(counter(few), ["i{} expo cum n=3 sum=6 min=1 max=3 s-1 z0 +(-1, [1, 2]) -(0, []) @2..10"]);
}

#[test]
fn g2_the_default_of_every_kind() {
    let forms = Kind::ALL.map(|kind| {
        let row = exported(kind, Aggregation::Default, &[int(1)]).remove(0);
        row.split(' ').nth(1).unwrap().to_owned()
    });
    assert_eq!(forms, ["sum+", "sum", "hist", "gauge", "sum+", "sum", "gauge"]);
}

#[test]
fn g3_sums_are_monotonic_for_counters_and_histograms_only() {
    for kind in Kind::ALL {
        let monotonic = matches!(kind, Kind::Counter | Kind::ObservableCounter | Kind::Histogram);
        let row = exported(kind, Aggregation::Sum, &[int(4)]).remove(0);
        let form = if monotonic { "sum+" } else { "sum" };
        assert!(row.starts_with(&format!("i{{}} {form} cum 4 ")), "{kind:?}: {row}");
    }
}

#[test]
fn g5_histograms_have_a_sum_unless_values_may_be_negative() {
    for kind in Kind::ALL {
        let has_sum = matches!(kind, Kind::Counter | Kind::ObservableCounter | Kind::Histogram);
        for aggregation in [EXPLICIT, EXPONENTIAL] {
            let row = exported(kind, aggregation, &[int(4)]).remove(0);
            assert_eq!(row.contains(" sum=4 "), has_sum, "{kind:?}: {row}");
            assert!(row.contains(" n=1 ") && row.contains(" min=4 max=4 "), "{kind:?}: {row}");
        }
        let without = Aggregation::ExplicitBucketHistogram { boundaries: None, record_min_max: false };
        let row = exported(kind, without, &[int(4)]).remove(0);
        assert!(!row.contains("min=") && !row.contains("max="), "{kind:?}: {row}");
    }
}

#[test]
fn g6_buckets_include_their_upper_bound_and_the_last_has_none() {
    let values: Vec<Number> =
        BOUNDARIES_DEFAULT.iter().flat_map(|bound| [double(*bound), double(bound + 0.5)]).collect();
    let row = exported(Kind::Histogram, Aggregation::Default, &values).remove(0);
    let bounds = "[0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0, 10000.0]";
    let counts = "[1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1]";
    assert!(row.ends_with(&format!(" min=0 max=10000.5 {bounds}:{counts} @2..10")), "{row}");
}

#[test]
fn g8_values_that_are_not_finite_spoil_nothing() {
    let values =
        [double(2.0), double(f64::NAN), double(f64::INFINITY), double(f64::NEG_INFINITY), double(1.0)];
    for kind in [Kind::Counter, Kind::UpDownCounter, Kind::Gauge] {
        let row = exported(kind, Aggregation::Sum, &values).remove(0);
        assert!(row.contains(" cum 3.0 "), "{kind:?}: {row}");
    }
    for kind in [Kind::Histogram, Kind::Gauge, Kind::ObservableGauge] {
        for aggregation in [EXPLICIT, EXPONENTIAL] {
            let row = exported(kind, aggregation, &values).remove(0);
            let count = if kind.is_observable() { " n=1 " } else { " n=2 " };
            assert!(row.contains(count) && !row.contains("NaN") && !row.contains("inf"), "{kind:?}: {row}");
        }
    }
    // A gauge says what it was told.
    assert_eq!(exported(Kind::Gauge, Aggregation::Default, &values[..2]), ["i{} gauge NaN @0..10"]);
}

#[test]
fn g8_sums_of_integers_end_at_the_last_one() {
    let row = exported(Kind::Counter, Aggregation::Sum, &[int(i64::MAX), int(5)]).remove(0);
    assert_eq!(row, format!("i{{}} sum+ cum {} @2..10", i64::MAX));
    let row = exported(Kind::UpDownCounter, Aggregation::Sum, &[int(i64::MIN), int(-5), int(6)]).remove(0);
    assert_eq!(row, format!("i{{}} sum cum {} @2..10", i64::MIN + 1));
}
