//! The cardinality limit, and the attribute limits that metrics have not.

use std::num::NonZeroU32;

use wasmeter_model::{InstrumentKind as Kind, NumberKind, StreamSpec};

use crate::support::*;

fn limited(limit: u32, keys: &[&str]) -> wasmeter_engine::Views {
    plugins([every(StreamSpec {
        cardinality_limit: NonZeroU32::new(limit),
        attributes: without(keys),
        ..StreamSpec::default()
    })])
}

#[test]
fn l1_the_limit_is_about_what_a_view_leaves() {
    let engine = engine(&[CUMULATIVE], limited(2, &["id"]));
    let counter = recorder(&engine, Kind::Counter, "c");
    for id in 0..100 {
        counter.record(int(1), &attrs(&format!("a={},id={id}", id % 2)), at(2));
    }
    expect(&engine, 0, 10, &["c{a=0} sum+ cum 50 @2..10", "c{a=1} sum+ cum 50 @2..10"]);
}

#[test]
fn l2_the_overflow_is_a_boolean_and_does_not_count_for_the_limit() {
    for kind in [Kind::Counter, Kind::UpDownCounter, Kind::Histogram, Kind::Gauge] {
        let engine = engine(&[CUMULATIVE, DELTA], limited(2, &[]));
        let recorder = recorder(&engine, kind, "i");
        let record = |set: &str| recorder.record(int(1), &attrs(set), at(2));
        ["a=1", "a=2", "a=1"].into_iter().for_each(record);
        assert_eq!(engine.collect(0, at(5)).point_count(), 2, "{kind:?}");
        ["a=3", "a=4"].into_iter().for_each(record);
        for reader in [0, 1] {
            let frame = engine.collect(reader, at(10));
            let metric = frame.metrics().next().unwrap();
            let points =
                metric.numbers().map(|row| row.point).chain(metric.histograms().map(|row| row.point));
            let pairs: Vec<_> = points.flat_map(|point| point.pairs().collect::<Vec<_>>()).collect();
            let overflow = ("otel.metric.overflow", wasmeter_model::ValueRef::Bool(true));
            assert_eq!(pairs.len(), 3, "{kind:?}");
            assert_eq!(pairs.iter().filter(|pair| **pair == overflow).count(), 1, "{kind:?}");
        }
    }
}

#[test]
fn l3_sets_seen_before_the_overflow_go_on_and_every_measurement_is_in_one_series() {
    let engine = engine(&[CUMULATIVE], limited(3, &[]));
    let counter = recorder(&engine, Kind::Counter, "c");
    for turn in 0..50 {
        counter.record(int(1), &attrs(&format!("a={}", turn % 10)), at(2));
        let rows = collect(&engine, 0, 10 + turn);
        let value = |row: &String| row.split(' ').nth(3).and_then(|text| text.parse::<u64>().ok()).unwrap();
        assert_eq!(rows.iter().map(value).sum::<u64>(), turn + 1);
        assert!(rows.len() <= 4, "{rows:?}");
    }
    let sets: Vec<String> =
        collect(&engine, 0, 100).iter().filter_map(|row| row.split(" @").next().map(str::to_owned)).collect();
    let expected = ["c{a=0}", "c{a=1}", "c{a=2}"].map(|set| format!("{set} sum+ cum 5"));
    assert_eq!(sets[..3], expected);
    assert_eq!(sets[3], "c{otel.metric.overflow=true} sum+ cum 35");
}

#[test]
fn l4_the_sets_that_a_callback_observes_first_are_kept() {
    for preference in [CUMULATIVE, DELTA] {
        let engine = engine(&[preference], limited(2, &[]));
        let kinds = [Kind::ObservableCounter, Kind::ObservableGauge];
        let all = kinds.map(|kind| instrument(kind, kind.name(), NumberKind::Int)).to_vec();
        let callback = |observer: &mut wasmeter_engine::Observer<'_>| {
            for place in [0, 1] {
                for set in ["z=1", "b=1", "a=1", "c=1"] {
                    observer.observe(place, int(1), &attrs(set));
                }
            }
        };
        engine.observe(all, callback, at(1)).unwrap();
        for secs in [10, 20] {
            let rows = collect(&engine, 0, secs);
            let mut sets: Vec<&str> = rows.iter().filter_map(|row| row.split(['{', '}']).nth(1)).collect();
            sets.dedup();
            // Nothing new in the second interval: then the delta counter says 0 of each.
            assert_eq!(sets, ["b=1", "otel.metric.overflow=true", "z=1"].repeat(2), "{rows:?}");
        }
    }
}

#[test]
fn l6_attributes_of_metrics_are_not_shortened_or_counted() {
    let engine = engine(&[CUMULATIVE], no_views());
    let many: wasmeter_model::Attributes =
        (0..300).map(|index| (format!("key.{index:03}"), "v".repeat(5000))).collect();
    recorder(&engine, Kind::Counter, "c").record(int(1), &many, at(2));
    let frame = engine.collect(0, at(10));
    let metric = frame.metrics().next().unwrap();
    let point = metric.numbers().next().unwrap().point;
    assert_eq!(frame.attributes(point.attributes()).0, many);
    assert_eq!(point.pairs().len(), 300);
}
