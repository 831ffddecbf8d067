//! What a View may say about a stream, and what counts where it says nothing.

use std::num::NonZeroU32;

use wasmeter_engine::{Engine, EngineConfig, Mode, ReaderConfig, Views};
use wasmeter_model::{Aggregation, InstrumentKind as Kind, StreamSpec};

use crate::support::*;

fn of_counter(views: Views) -> Vec<String> {
    let engine = engine(&[CUMULATIVE], views);
    recorder(&engine, Kind::Counter, "c").record(int(5), &attrs("a=1,b=2,c=3"), at(2));
    collect(&engine, 0, 10)
}

#[test]
fn e1_the_name_of_a_stream_may_be_any_text() {
    for name in ["1st", "two words", "ü/%", &"long".repeat(100)] {
        assert_eq!(
            of_counter(plugins([every(named(name))])),
            [format!("{name}{{a=1,b=2,c=3}} sum+ cum 5 @2..10")]
        );
    }
}

#[test]
fn e3_listed_attributes_are_kept_and_without_a_list_all_are() {
    let spec = |keys: &[&str]| StreamSpec { attributes: only(keys), ..StreamSpec::default() };
    assert_eq!(of_counter(plugins([every(spec(&["a", "c", "z"]))])), ["c{a=1,c=3} sum+ cum 5 @2..10"]);
    // An empty list is one, too.
    assert_eq!(of_counter(plugins([every(spec(&[]))])), ["c{} sum+ cum 5 @2..10"]);
    assert_eq!(of_counter(plugins([every(StreamSpec::default())])), ["c{a=1,b=2,c=3} sum+ cum 5 @2..10"]);
}

#[test]
fn e4_excluded_attributes_are_removed_and_all_others_kept() {
    assert_eq!(of_counter(dropping(&["b", "z"])), ["c{a=1,c=3} sum+ cum 5 @2..10"]);
    // What is included and excluded is excluded, in either order.
    let (include, exclude) = (only(&["a", "b"]), without(&["b"]));
    for rules in [[include.clone(), exclude.clone()].concat(), [exclude, include].concat()] {
        let view = every(StreamSpec { attributes: rules, ..StreamSpec::default() });
        assert_eq!(of_counter(plugins([view])), ["c{a=1} sum+ cum 5 @2..10"]);
    }
}

#[test]
fn e5_e7_f1_the_reader_decides_for_each_kind_what_no_view_does() {
    let reader = ReaderConfig {
        aggregations: [
            (Kind::Counter, Aggregation::LastValue),
            (
                Kind::Gauge,
                Aggregation::ExplicitBucketHistogram {
                    boundaries: Some([4.0].into()),
                    record_min_max: false,
                },
            ),
        ]
        .into(),
        cardinality_limits: [(Kind::Counter, NonZeroU32::new(1).unwrap())].into(),
        ..ReaderConfig::default()
    };
    let recorded = |views| {
        let config = EngineConfig { readers: vec![reader.clone()], ..EngineConfig::default() };
        let engine = Engine::new(config, views, at(1));
        for kind in [Kind::Counter, Kind::UpDownCounter, Kind::Gauge] {
            let recorder = recorder(&engine, kind, kind.name());
            [("a=1", 3), ("a=1", 4), ("a=2", 5)]
                .into_iter()
                .for_each(|(set, value)| recorder.record(int(value), &attrs(set), at(2)));
        }
        collect(&engine, 0, 10)
    };
    assert_eq!(
        recorded(no_views()),
        [
            "counter{a=1} gauge 4 @0..10",
            "counter{otel.metric.overflow=true} gauge 5 @0..10",
            "gauge{a=1} hist cum n=2 [4.0]:[2, 0] @2..10",
            "gauge{a=2} hist cum n=1 [4.0]:[0, 1] @2..10",
            "up_down_counter{a=1} sum cum 7 @2..10",
            "up_down_counter{a=2} sum cum 5 @2..10",
        ]
    );
    // A View that says something about one of them has the last word on that alone.
    let sum = StreamSpec { aggregation: Aggregation::Sum, ..StreamSpec::default() };
    let view = matching(|instrument| instrument.kind == Kind::Counter, sum);
    assert_eq!(
        recorded(base(Mode::Independent, [view]))[..2],
        ["counter{a=1} sum+ cum 7 @2..10", "counter{otel.metric.overflow=true} sum+ cum 5 @2..10"]
    );
    let roomy = StreamSpec { cardinality_limit: NonZeroU32::new(2), ..StreamSpec::default() };
    assert_eq!(
        recorded(base(Mode::Independent, [every(roomy)]))[..2],
        ["counter{a=1} gauge 4 @0..10", "counter{a=2} gauge 5 @0..10"]
    );
}
