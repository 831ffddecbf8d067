//! Measurements of this process: seven kinds, temporalities, readers, start times.

use std::sync::Mutex;

use wasmeter_engine::Rejection;
use wasmeter_model::{Aggregation, Attributes, InstrumentKind as Kind, NumberKind, StreamSpec};

use crate::support::*;

#[test]
fn g2_g3_j1_j2_j3_synchronous_kinds_have_their_default_aggregation_in_each_temporality() {
    let engine = engine(&[CUMULATIVE, DELTA, LOW_MEMORY], no_views());
    let record = |kind, name, values: &[i64], secs| {
        let recorder = recorder(&engine, kind, name);
        values.iter().for_each(|value| recorder.record(int(*value), &Attributes::empty(), at(secs)));
    };
    record(Kind::Counter, "counter", &[2, 3], 4);
    record(Kind::UpDownCounter, "updown", &[5, -7], 4);
    record(Kind::Gauge, "gauge", &[5, 3], 4);
    record(Kind::Histogram, "hist", &[1, 8], 4);
    let buckets = "[0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0, 10000.0]:[0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]";
    for (reader, (temporality, start)) in [("cum", 4), ("delta", 1), ("delta", 1)].into_iter().enumerate() {
        expect(
            &engine,
            reader,
            10,
            &[
                &format!("counter{{}} sum+ {temporality} 5 @{start}..10"),
                "updown{} sum cum -2 @4..10",
                "gauge{} gauge 3 @0..10",
                &format!("hist{{}} hist {temporality} n=2 sum=9 min=1 max=8 {buckets} @{start}..10"),
            ],
        );
    }
    record(Kind::Counter, "counter", &[10], 12);
    expect(
        &engine,
        0,
        20,
        &[
            "counter{} sum+ cum 15 @4..20",
            "updown{} sum cum -2 @4..20",
            "gauge{} gauge 3 @0..20",
            &format!("hist{{}} hist cum n=2 sum=9 min=1 max=8 {buckets} @4..20"),
        ],
    );
    for reader in [1, 2] {
        // Only what was measured in the interval, and states, which persist (conformance row J3).
        expect(
            &engine,
            reader,
            20,
            &["counter{} sum+ delta 10 @10..20", "updown{} sum cum -2 @4..20", "gauge{} gauge 3 @0..20"],
        );
    }
}

#[test]
fn b6_g2_i5_j1_j3_j5_j10_observable_kinds_export_what_was_observed_and_nothing_else() {
    let engine = engine(&[CUMULATIVE, DELTA, LOW_MEMORY], no_views());
    let said = std::sync::Arc::new(Mutex::new(Vec::<(usize, i64, &str)>::new()));
    let heard = said.clone();
    let kinds = [Kind::ObservableCounter, Kind::ObservableUpDownCounter, Kind::ObservableGauge];
    let instruments =
        kinds.iter().map(|kind| instrument(*kind, kind.name(), NumberKind::Int)).collect::<Vec<_>>();
    let callback = engine
        .observe(
            instruments,
            move |observer| {
                for (place, value, set) in heard.lock().unwrap().iter() {
                    observer.observe(*place, int(*value), &attrs(set));
                }
            },
            at(2),
        )
        .unwrap();
    *said.lock().unwrap() = vec![(0, 100, "a=1"), (1, -5, "a=1"), (2, 7, "a=1")];
    let states =
        ["observable_up_down_counter{a=1} sum cum -5 @2..10", "observable_gauge{a=1} gauge 7 @0..10"];
    expect(&engine, 0, 10, &["observable_counter{a=1} sum+ cum 100 @2..10", states[0], states[1]]);
    expect(&engine, 1, 10, &["observable_counter{a=1} sum+ delta 100 @2..10", states[0], states[1]]);
    expect(&engine, 2, 10, &["observable_counter{a=1} sum+ cum 100 @2..10", states[0], states[1]]);

    // A set that is not observed is not exported, and its baseline waits (conformance row J10).
    *said.lock().unwrap() = vec![(0, 3, "a=2")];
    expect(&engine, 0, 20, &["observable_counter{a=2} sum+ cum 3 @10..20"]);
    expect(&engine, 1, 20, &["observable_counter{a=2} sum+ delta 3 @10..20"]);
    *said.lock().unwrap() = vec![(0, 110, "a=1")];
    expect(&engine, 0, 30, &["observable_counter{a=1} sum+ cum 110 @2..30"]);
    expect(&engine, 1, 30, &["observable_counter{a=1} sum+ delta 10 @20..30"]);
    // A total that falls has been reset.
    *said.lock().unwrap() = vec![(0, 4, "a=1")];
    expect(&engine, 1, 40, &["observable_counter{a=1} sum+ delta 4 @30..40"]);

    assert!(engine.unregister(callback));
    assert!(!engine.unregister(callback));
    expect(&engine, 0, 50, &[]);
}

#[test]
fn g7_i6_observations_that_collide_under_a_view_add_up() {
    let engine = engine(&[CUMULATIVE, DELTA], dropping(&["a"]));
    engine
        .observe(
            vec![
                instrument(Kind::ObservableCounter, "counter", NumberKind::Int),
                instrument(Kind::ObservableGauge, "gauge", NumberKind::Int),
            ],
            |observer| {
                let now = observer.now().0 / 1_000_000_000;
                for (set, value) in [("a=1", 10), ("a=2", 32)] {
                    observer.observe(0, int(value + i64::try_from(now).unwrap()), &attrs(set));
                    observer.observe(1, int(value), &attrs(set));
                }
                // The same set twice in one callback: a total is the sum of its parts.
                observer.observe(0, int(1), &attrs("a=1"));
            },
            at(1),
        )
        .unwrap();
    expect(&engine, 0, 10, &["counter{} sum+ cum 63 @1..10", "gauge{} gauge 32 @0..10"]);
    expect(&engine, 1, 10, &["counter{} sum+ delta 63 @1..10", "gauge{} gauge 32 @0..10"]);
    expect(&engine, 1, 15, &["counter{} sum+ delta 10 @10..15", "gauge{} gauge 32 @0..15"]);
}

#[test]
fn g5_i1_j6_a_histogram_of_observations_counts_each_once_for_each_reader() {
    let buckets =
        Aggregation::ExplicitBucketHistogram { boundaries: Some([5.0].into()), record_min_max: true };
    let view = every(StreamSpec { aggregation: buckets, ..StreamSpec::default() });
    let engine = engine(&[CUMULATIVE, DELTA], plugins([view]));
    let gauge = instrument(Kind::ObservableGauge, "gauge", NumberKind::Int);
    engine.observe(vec![gauge], |observer| observer.observe(0, int(7), &attrs("")), at(1)).unwrap();
    // Values of a gauge may be negative, so there is no sum (conformance row G5).
    expect(&engine, 0, 10, &["gauge{} hist cum n=1 min=7 max=7 [5.0]:[0, 1] @1..10"]);
    expect(&engine, 1, 11, &["gauge{} hist cum n=1 min=7 max=7 [5.0]:[0, 1] @1..11"]);
    expect(&engine, 0, 12, &["gauge{} hist cum n=2 min=7 max=7 [5.0]:[0, 2] @1..12"]);
}

#[test]
fn b13_g8_values_that_an_instrument_cannot_take_are_counted_as_refused() {
    let engine = engine(&[CUMULATIVE], no_views());
    let counter = engine.instrument(instrument(Kind::Counter, "counter", NumberKind::Double), at(1)).unwrap();
    for value in [double(-1.0), double(f64::NAN), double(f64::INFINITY), double(2.5)] {
        counter.record(value, &attrs(""), at(2));
    }
    expect(&engine, 0, 10, &["counter{} sum+ cum 2.5 @2..10"]);
    let counts = engine.counts();
    assert_eq!(counts.accepted, 1);
    let refused: Vec<_> = counts.rejected.into_iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(refused, [(Rejection::NotFinite, 2), (Rejection::Negative, 1)]);
}

#[test]
fn b14_c6_f1_f4_g6_advice_gives_boundaries_unless_a_view_does_and_only_if_it_makes_sense() {
    let mut advised = instrument(Kind::Histogram, "hist", NumberKind::Int);
    advised.advisory.boundaries = Some([10.0].into());
    let recorded = |views, instrument| {
        let engine = engine(&[CUMULATIVE], views);
        engine.instrument(instrument, at(1)).unwrap().record(int(7), &attrs(""), at(2));
        collect(&engine, 0, 10)
    };
    assert_eq!(
        recorded(no_views(), advised.clone()),
        ["hist{} hist cum n=1 sum=7 min=7 max=7 [10.0]:[1, 0] @2..10"]
    );
    let buckets = |boundaries: Option<Vec<f64>>| Aggregation::ExplicitBucketHistogram {
        boundaries: boundaries.map(Into::into),
        record_min_max: false,
    };
    let views = |boundaries| {
        plugins([every(StreamSpec { aggregation: buckets(boundaries), ..StreamSpec::default() })])
    };
    assert_eq!(
        recorded(views(Some(vec![5.0])), advised.clone()),
        ["hist{} hist cum n=1 sum=7 [5.0]:[0, 1] @2..10"]
    );
    assert_eq!(recorded(views(None), advised.clone()), ["hist{} hist cum n=1 sum=7 [10.0]:[1, 0] @2..10"]);
    // No bounds: one bucket, which OTLP leaves out (conformance row G6).
    assert_eq!(recorded(views(Some(vec![])), advised.clone()), ["hist{} hist cum n=1 sum=7 []:[] @2..10"]);
    advised.advisory.boundaries = Some([10.0, 5.0].into());
    assert!(recorded(no_views(), advised)[0].contains("[0.0, 5.0, 10.0,"));
}

#[test]
fn g1_h1_a_view_makes_an_exponential_histogram() {
    let aggregation =
        Aggregation::Base2ExponentialBucketHistogram { max_size: 4, max_scale: 20, record_min_max: true };
    let view = every(StreamSpec { aggregation, ..StreamSpec::default() });
    let engine = engine(&[CUMULATIVE, DELTA], plugins([view]));
    let hist = recorder(&engine, Kind::Histogram, "hist");
    for value in [0, 1, 2, 4, 8] {
        hist.record(int(value), &attrs(""), at(2));
    }
    let row = "n=5 sum=15 min=0 max=8 s0 z1 +(-1, [1, 1, 1, 1]) -(0, [])";
    expect(&engine, 0, 10, &[&format!("hist{{}} expo cum {row} @2..10")]);
    expect(&engine, 1, 10, &[&format!("hist{{}} expo delta {row} @1..10")]);
    expect(&engine, 1, 20, &[]);
}

#[test]
fn g3_the_sum_of_a_gauge_is_that_of_its_measurements() {
    let view = every(StreamSpec { aggregation: Aggregation::Sum, ..StreamSpec::default() });
    let engine = engine(&[CUMULATIVE], plugins([view]));
    let gauge = recorder(&engine, Kind::Gauge, "gauge");
    gauge.record(int(5), &attrs(""), at(2));
    gauge.record(int(-2), &attrs(""), at(3));
    expect(&engine, 0, 10, &["gauge{} sum cum 3 @2..10"]);
}

#[test]
fn j4_j5_delta_intervals_follow_each_other_and_idle_series_are_silent() {
    let engine = engine(&[DELTA], no_views());
    let counter = recorder(&engine, Kind::Counter, "counter");
    counter.record(int(1), &attrs("a=1"), at(5));
    counter.record(int(1), &attrs("a=2"), at(8));
    // All points share the interval: it began with the instrument (conformance row J5).
    expect(&engine, 0, 10, &["counter{a=1} sum+ delta 1 @1..10", "counter{a=2} sum+ delta 1 @1..10"]);
    counter.record(int(2), &attrs("a=1"), at(15));
    expect(&engine, 0, 20, &["counter{a=1} sum+ delta 2 @10..20"]);
    counter.record(int(3), &attrs("a=2"), at(25));
    expect(&engine, 0, 30, &["counter{a=2} sum+ delta 3 @20..30"]);
}

#[test]
fn c3_c4_the_same_instrument_twice_is_one_and_names_differ_by_more_than_case() {
    let engine = engine(&[CUMULATIVE], no_views());
    recorder(&engine, Kind::Counter, "Requests").record(int(1), &attrs(""), at(2));
    recorder(&engine, Kind::Counter, "requests").record(int(2), &attrs(""), at(3));
    expect(&engine, 0, 10, &["Requests{} sum+ cum 3 @2..10"]);
    assert_eq!(engine.counts().instruments, 1);
}
