//! What a reader is configured with.

use std::num::NonZeroU32;

use wasmeter_engine::{Engine, EngineConfig, ReaderConfig};
use wasmeter_model::{Aggregation, InstrumentKind as Kind};

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
