//! What a reader is configured with.

use std::num::NonZeroU32;

use wasmeter_engine::{Engine, EngineConfig, ReaderConfig};
use wasmeter_model::{Aggregation, InstrumentKind as Kind, NumberKind, Temporality, TemporalityPreference};

use crate::support::*;

#[test]
fn n1_l5_temporality_aggregation_and_limit_are_those_of_each_reader() {
    let delta = ReaderConfig {
        temporality: DELTA,
        aggregations: [(
            Kind::Histogram,
            Aggregation::Base2ExponentialBucketHistogram {
                max_size: 160,
                max_scale: 20,
                record_min_max: false,
            },
        )]
        .into(),
        cardinality_limits: [(Kind::Counter, NonZeroU32::new(1).unwrap())].into(),
        ..ReaderConfig::default()
    };
    let config = EngineConfig { readers: vec![ReaderConfig::default(), delta], ..EngineConfig::default() };
    let engine = Engine::new(config, no_views(), at(1));
    for kind in [Kind::Counter, Kind::Histogram] {
        let recorder = recorder(&engine, kind, kind.name());
        ["a=1", "a=2"].into_iter().for_each(|set| recorder.record(int(1), &attrs(set), at(2)));
    }
    let rows = collect(&engine, 0, 10);
    assert_eq!(rows[..2], ["counter{a=1} sum+ cum 1 @2..10", "counter{a=2} sum+ cum 1 @2..10"]);
    assert!(rows.len() == 4 && rows[2..].iter().all(|row| row.contains(" hist cum n=1 ")), "{rows:?}");
    expect(
        &engine,
        1,
        10,
        &[
            "counter{a=1} sum+ delta 1 @1..10",
            "counter{otel.metric.overflow=true} sum+ delta 1 @1..10",
            "histogram{a=1} expo delta n=1 sum=1 s20 z0 +(-1, [1]) -(0, []) @1..10",
            "histogram{a=2} expo delta n=1 sum=1 s20 z0 +(-1, [1]) -(0, []) @1..10",
        ],
    );
}

#[test]
fn n1_j1_any_kind_but_a_gauge_can_be_delta() {
    let delta_of = |wanted: Kind| {
        TemporalityPreference::by_kind(move |kind| {
            if kind == wanted { Temporality::Delta } else { Temporality::Cumulative }
        })
    };
    let kinds = [Kind::UpDownCounter, Kind::ObservableUpDownCounter];
    for kind in kinds {
        let engine = engine(&[delta_of(kind), CUMULATIVE, LOW_MEMORY], no_views());
        let totals = |secs: u64| if secs < 20 { 5 } else { 2 };
        let observe = move |observer: &mut wasmeter_engine::Observer<'_>| {
            observer.observe(0, int(totals(observer.now().0 / 1_000_000_000)), &attrs("a=1"));
        };
        if kind.is_observable() {
            engine.observe(vec![instrument(kind, "u", NumberKind::Int)], observe, at(1)).unwrap();
        }
        let add = |value: i64, secs| {
            if !kind.is_observable() {
                recorder(&engine, kind, "u").record(int(value), &attrs("a=1"), at(secs));
            }
        };
        add(5, 2);
        expect(&engine, 0, 10, &["u{a=1} sum delta 5 @1..10"]);
        add(-3, 12);
        expect(&engine, 0, 20, &["u{a=1} sum delta -3 @10..20"]);
        for reader in [1, 2] {
            let rows = collect(&engine, reader, 21);
            assert!(rows.len() == 1 && rows[0].starts_with("u{a=1} sum cum 2 @"), "{rows:?}");
        }
    }
    let engine = engine(&[delta_of(Kind::UpDownCounter)], no_views());
    for (time, total) in [(5, 7), (15, 4)] {
        let frame = Otlp::of("").up_down("u", Temporality::Cumulative, &[("", 2, time, int(total))]);
        assert_eq!(engine.ingest(&frame.frame(), at(time)).accepted, 1);
        let (before, value) = if time == 5 { (2, 7) } else { (6, -3) };
        expect(&engine, 0, time + 1, &[&format!("u{{}} sum delta {value} @{before}..{}", time + 1)]);
    }
}
