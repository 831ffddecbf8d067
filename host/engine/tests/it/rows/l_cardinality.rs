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

/// An engine with room for three sources.
fn narrow(views: wasmeter_engine::Views) -> wasmeter_engine::Engine {
    let limits = wasmeter_model::limits::Limits { sources_max: 3, ..Default::default() };
    engine_with(&[CUMULATIVE, DELTA], views, limits)
}

#[test]
fn l3_beyond_the_limit_of_sources_measurements_are_in_the_overflow_of_their_instrument() {
    let engine = narrow(no_views());
    for kind in [Kind::Counter, Kind::Histogram] {
        let recorder = recorder(&engine, kind, kind.name());
        for turn in 0..20 {
            recorder.record(int(1), &attrs(&format!("a={}", turn % 5)), at(2));
        }
        // Bound ones, too.
        let bound = recorder.bind(&attrs("a=bound"), at(2)).unwrap();
        (0..2).for_each(|_| bound.record(int(1), || at(2)));
    }
    let told: Vec<_> = engine.notices().into_iter().map(|notice| notice.message).collect();
    let expected = "the limit of sources is reached; raise `limits.sources_max`; measurements with further attribute sets are counted as `otel.metric.overflow`";
    assert_eq!(told, [expected; 2], "once for each instrument");
    for reader in [0, 1] {
        let rows = collect(&engine, reader, 10);
        let part = |row: &String| row.split(" sum=").next().unwrap().replace(" delta", " cum");
        let rows: Vec<String> =
            rows.iter().map(|row| part(row).split(" @").next().unwrap().to_owned()).collect();
        assert_eq!(
            rows,
            [
                "counter{a=0} sum+ cum 4",
                "counter{a=1} sum+ cum 4",
                "counter{a=2} sum+ cum 4",
                "counter{otel.metric.overflow=true} sum+ cum 10",
                "histogram{otel.metric.overflow=true} hist cum n=22",
            ]
        );
    }
    let counts = engine.counts();
    assert_eq!((counts.accepted, counts.sources), (44, 5));
    assert!(counts.rejected.iter().all(|(_, count)| *count == 0));
    // A set that was there before goes on by itself, and the rest goes on in the overflow.
    let counter = recorder(&engine, Kind::Counter, "counter");
    ["a=0", "a=4", "a=9"].into_iter().for_each(|set| counter.record(int(1), &attrs(set), at(12)));
    let rows = collect(&engine, 1, 20);
    assert_eq!(
        rows,
        ["counter{a=0} sum+ delta 1 @10..20", "counter{otel.metric.overflow=true} sum+ delta 2 @10..20"]
    );
}

#[test]
fn l3_what_views_do_to_attributes_does_not_hide_the_overflow() {
    let engine = narrow(plugins([every(StreamSpec { attributes: only(&["a"]), ..StreamSpec::default() })]));
    let counter = recorder(&engine, Kind::Counter, "c");
    let record = |secs| {
        for id in 0..10 {
            counter.record(int(1), &attrs(&format!("a={},id={id}", id % 2)), at(secs));
        }
    };
    record(2);
    expect(
        &engine,
        0,
        10,
        &[
            "c{a=0} sum+ cum 2 @2..10",
            "c{a=1} sum+ cum 1 @2..10",
            "c{otel.metric.overflow=true} sum+ cum 7 @2..10",
        ],
    );
    engine.swap(dropping(&["id", "otel.*"]), at(11)).unwrap();
    record(12);
    let overflow = collect(&engine, 0, 20).pop().unwrap();
    assert_eq!(overflow, "c{otel.metric.overflow=true} sum+ cum 14 @2..20");
}

#[test]
fn l3_l4_observations_beyond_the_limit_of_sources_add_up_in_the_overflow() {
    let engine = narrow(no_views());
    let kinds = [Kind::ObservableCounter, Kind::ObservableGauge];
    for kind in kinds {
        let callback = |observer: &mut wasmeter_engine::Observer<'_>| {
            (0..6).for_each(|set| observer.observe(0, int(set), &attrs(&format!("a={set}"))));
        };
        engine.observe(vec![instrument(kind, kind.name(), NumberKind::Int)], callback, at(1)).unwrap();
    }
    for secs in [10, 20] {
        let rows: Vec<String> = collect(&engine, 0, secs);
        let rows: Vec<&str> = rows.iter().filter_map(|row| row.split(" @").next()).collect();
        assert_eq!(
            rows,
            [
                "observable_counter{a=0} sum+ cum 0",
                "observable_counter{a=1} sum+ cum 1",
                "observable_counter{a=2} sum+ cum 2",
                "observable_counter{otel.metric.overflow=true} sum+ cum 12",
                "observable_gauge{otel.metric.overflow=true} gauge 5",
            ]
        );
    }
}
