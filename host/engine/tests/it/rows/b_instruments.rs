//! Instruments: identity, callbacks, duplicates.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmeter_engine::Mode;
use wasmeter_model::{Aggregation, InstrumentKind as Kind, NumberKind, StreamSpec, Timestamp};

use crate::support::*;

#[test]
fn b2_c1_kind_unit_description_and_number_tell_instruments_of_one_name_apart() {
    let engine = engine(&[CUMULATIVE], no_views());
    let first = instrument(Kind::Counter, "c", NumberKind::Int);
    let instruments = [
        first.clone(),
        wasmeter_model::Instrument { kind: Kind::UpDownCounter, ..first.clone() },
        wasmeter_model::Instrument { unit: "By".into(), ..first.clone() },
        wasmeter_model::Instrument { number: NumberKind::Double, ..first.clone() },
    ];
    for instrument in &instruments {
        let value = if instrument.number == NumberKind::Int { int(1) } else { double(1.0) };
        engine.instrument(instrument.clone(), at(1)).unwrap().record(value, &attrs(""), at(2));
    }
    // All work, and all are exported under the name they have.
    expect(
        &engine,
        0,
        10,
        &[
            "c{} sum cum 1 @2..10",
            "c{} sum+ cum 1 @2..10",
            "c{} sum+ cum 1 @2..10",
            "c{} sum+ cum 1.0 @2..10",
        ],
    );
    assert_eq!(engine.counts().instruments, 4);
    // Another description is another instrument, of which the same metric is made.
    let described = wasmeter_model::Instrument { description: "d".into(), ..first };
    engine.instrument(described, at(1)).unwrap().record(int(5), &attrs(""), at(11));
    assert_eq!(engine.counts().instruments, 5);
    assert_eq!(collect(&engine, 0, 20).iter().filter(|row| row.contains(" sum+ cum 6 ")).count(), 1);
}

#[test]
fn b2_c5_advice_does_not_identify_and_that_given_first_counts() {
    let engine = engine(&[CUMULATIVE], no_views());
    let mut hist = instrument(Kind::Histogram, "h", NumberKind::Int);
    for bounds in [[5.0], [7.0]] {
        hist.advisory.boundaries = Some(bounds.into());
        engine.instrument(hist.clone(), at(1)).unwrap().record(int(6), &attrs(""), at(2));
    }
    expect(&engine, 0, 10, &["h{} hist cum n=2 sum=12 min=6 max=6 [5.0]:[0, 2] @2..10"]);
    assert_eq!(engine.counts().instruments, 1);
}

#[test]
fn b4_b5_units_and_descriptions_are_not_validated_and_compared_with_case() {
    let engine = engine(&[CUMULATIVE], no_views());
    let (long, unit) = ("ü".repeat(1023), "{°C}/kBy ".repeat(9));
    let counter = wasmeter_model::Instrument {
        unit: unit.as_str().into(),
        description: long.as_str().into(),
        ..instrument(Kind::Counter, "c", NumberKind::Int)
    };
    let lower = wasmeter_model::Instrument { unit: unit.to_lowercase().into(), ..counter.clone() };
    for counter in [counter, lower] {
        engine.instrument(counter, at(1)).unwrap().record(int(1), &attrs(""), at(2));
    }
    let frame = engine.collect(0, at(10));
    let units: Vec<&str> = frame.metrics().map(|metric| metric.unit()).collect();
    assert_eq!(units, [unit.clone(), unit.to_lowercase()]);
    assert!(frame.metrics().all(|metric| metric.description() == long));
}

#[test]
fn b6_b8_n2_a_callback_runs_once_in_each_collection_until_it_is_removed() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    let calls = Arc::new(AtomicU64::new(0));
    let counted = calls.clone();
    let gauges = ["g", "h"].map(|name| instrument(Kind::ObservableGauge, name, NumberKind::Int));
    let callback = engine
        .observe(
            gauges.to_vec(),
            move |observer| {
                let call = i64::try_from(counted.fetch_add(1, Ordering::Relaxed) + 1).unwrap();
                observer.observe(0, int(call), &attrs(""));
            },
            at(1),
        )
        .unwrap();
    // A further callback of an instrument that has one.
    let more = move |observer: &mut wasmeter_engine::Observer<'_>| observer.observe(0, int(0), &attrs("a=1"));
    engine.observe(vec![gauges[0].clone()], more, at(1)).unwrap();
    for (reader, secs, call) in [(0, 10, 1), (1, 11, 2), (0, 12, 3)] {
        let row = format!("g{{}} gauge {call} @0..{secs}");
        expect(&engine, reader, secs, &[&row, &format!("g{{a=1}} gauge 0 @0..{secs}")]);
    }
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    assert!(engine.unregister(callback));
    expect(&engine, 0, 20, &["g{a=1} gauge 0 @0..20"]);
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}

#[test]
fn b7_b9_the_observations_of_one_callback_have_one_time_whatever_their_instrument() {
    let engine = engine(&[CUMULATIVE], no_views());
    let kinds = [Kind::ObservableCounter, Kind::ObservableUpDownCounter, Kind::ObservableGauge];
    let all = kinds.map(|kind| instrument(kind, kind.name(), NumberKind::Int)).to_vec();
    let callback = |observer: &mut wasmeter_engine::Observer<'_>| {
        for place in 0..3 {
            ["a=1", "a=2"].into_iter().for_each(|set| observer.observe(place, int(1), &attrs(set)));
        }
        // A place without an instrument is nothing.
        observer.observe(3, int(1), &attrs(""));
    };
    engine.observe(all, callback, at(1)).unwrap();
    let frame = engine.collect(0, Timestamp(10_000_000_007));
    let times: Vec<_> =
        frame.metrics().flat_map(|metric| metric.numbers().map(|row| row.point.time())).collect();
    assert_eq!(times, [Timestamp(10_000_000_007); 6]);
}

#[test]
fn b11_an_instrument_is_enabled_unless_the_views_drop_it_or_nobody_reads() {
    let drop_all =
        || plugins([every(StreamSpec { aggregation: Aggregation::Drop, ..StreamSpec::default() })]);
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    let counter = recorder(&engine, Kind::Counter, "c");
    assert!(counter.is_enabled());
    engine.swap(drop_all(), at(2)).unwrap();
    assert!(!counter.is_enabled());
    assert!(!recorder(&engine, Kind::Gauge, "later").is_enabled());
    engine.swap(no_views(), at(3)).unwrap();
    assert!(counter.is_enabled());
    assert!(!recorder(&crate::support::engine(&[], no_views()), Kind::Counter, "c").is_enabled());
}

#[test]
fn b11_c2_an_instrument_tells_how_its_streams_are_labelled() {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    let described = wasmeter_model::Instrument {
        description: "its own".into(),
        unit: "s".into(),
        ..instrument(Kind::Counter, "c", NumberKind::Int)
    };
    let counter = engine.instrument(described, at(1)).unwrap();
    let labels = || -> Vec<[String; 3]> {
        let streams = counter.streams().into_iter();
        streams
            .map(|stream| [stream.name, stream.description, stream.unit].map(|text| text.to_string()))
            .collect()
    };
    assert_eq!(labels(), [["c", "its own", "s"]]);
    let spec = StreamSpec { description: Some("a view's".into()), unit: Some("ms".into()), ..named("d") };
    engine.swap(base(Mode::Independent, [every(StreamSpec::default()), every(spec)]), at(2)).unwrap();
    assert_eq!(labels(), [["c", "its own", "s"], ["d", "a view's", "ms"]]);
}
