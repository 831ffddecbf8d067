//! What an application does wrong: refused or corrected, counted, told once with what to do; the instrument always works.

use wasmeter_engine::{Engine, Rejection};
use wasmeter_model::limits::BOUNDARIES_DEFAULT;
use wasmeter_model::{
    Attributes, Instrument, InstrumentKind as Kind, Number, NumberKind, Temporality, Value,
};

use crate::support::*;

fn told(engine: &Engine) -> Vec<String> {
    engine.notices().into_iter().map(|notice| format!("{}: {}", notice.instrument, notice.message)).collect()
}

fn refused(engine: &Engine) -> Vec<(Rejection, u64)> {
    engine.counts().rejected.into_iter().filter(|(_, count)| *count > 0).collect()
}

/// What comes out of a double instrument of a kind that took these values, three times each.
fn recorded(kind: Kind, values: &[f64]) -> (Vec<String>, Vec<String>, Vec<(Rejection, u64)>) {
    let engine = engine(&[CUMULATIVE], no_views());
    let recorder = engine.instrument(instrument(kind, "i", NumberKind::Double), at(1)).unwrap();
    for _ in 0..3 {
        values.iter().for_each(|value| recorder.record(double(*value), &attrs("a=1"), at(2)));
    }
    (collect(&engine, 0, 10), told(&engine), refused(&engine))
}

const NOT_FINITE: &str =
    "i: a value was not counted: the value is NaN or infinite; look for a division by zero, or use a gauge";
const NEGATIVE: &str = "i: a value was not counted: the value of a monotonic sum is negative; record increments of 0 or \
                        more, or use an up-down-counter";

#[test]
fn b13_g8_values_out_of_domain_are_counted_and_told_once_for_each_reason() {
    let values = [2.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, -0.0];
    let not_finite = (Rejection::NotFinite, 9);
    assert_eq!(
        recorded(Kind::Counter, &values),
        (
            vec!["i{a=1} sum+ cum 6.0 @2..10".to_owned()],
            vec![NOT_FINITE.to_owned(), NEGATIVE.to_owned()],
            vec![not_finite, (Rejection::Negative, 3)],
        )
    );
    let (rows, notices, counts) = recorded(Kind::UpDownCounter, &values);
    assert_eq!(rows, ["i{a=1} sum cum 3.0 @2..10"]);
    assert_eq!((notices, counts), (vec![NOT_FINITE.to_owned()], vec![not_finite]));
    let (rows, notices, counts) = recorded(Kind::Histogram, &values);
    assert!(rows[0].starts_with("i{a=1} hist cum n=9 sum=3 min=-1 max=2 "), "{rows:?}");
    assert_eq!((notices, counts), (vec![NOT_FINITE.to_owned()], vec![not_finite]));
    // A gauge says what it was told, to the sign of zero.
    assert_eq!(
        recorded(Kind::Gauge, &values[..2]),
        (vec!["i{a=1} gauge NaN @0..10".to_owned()], vec![], vec![])
    );
    assert_eq!(recorded(Kind::Gauge, &values).0, ["i{a=1} gauge -0.0 @0..10"]);
}

#[test]
fn b13_g8_observed_values_out_of_domain_leave_the_others_alone() {
    let engine = engine(&[CUMULATIVE], no_views());
    let kinds = [Kind::ObservableCounter, Kind::ObservableUpDownCounter, Kind::ObservableGauge];
    let all = kinds.map(|kind| instrument(kind, kind.name(), NumberKind::Double)).to_vec();
    let callback = |observer: &mut wasmeter_engine::Observer<'_>| {
        for place in 0..3 {
            for (set, value) in [("a=1", f64::NAN), ("a=2", -1.0), ("a=3", 2.0)] {
                observer.observe(place, double(value), &attrs(set));
            }
        }
    };
    engine.observe(all, callback, at(1)).unwrap();
    for secs in [10, 20] {
        let rows = [
            format!("observable_counter{{a=3}} sum+ cum 2.0 @1..{secs}"),
            format!("observable_gauge{{a=1}} gauge NaN @0..{secs}"),
            format!("observable_gauge{{a=2}} gauge -1.0 @0..{secs}"),
            format!("observable_gauge{{a=3}} gauge 2.0 @0..{secs}"),
            format!("observable_up_down_counter{{a=2}} sum cum -1.0 @1..{secs}"),
            format!("observable_up_down_counter{{a=3}} sum cum 2.0 @1..{secs}"),
        ];
        expect(&engine, 0, secs, &rows.each_ref().map(String::as_str));
    }
    assert_eq!(refused(&engine), [(Rejection::NotFinite, 4), (Rejection::Negative, 2)]);
    assert_eq!(told(&engine).len(), 3);
}

#[test]
fn c6_boundaries_that_make_no_histogram_are_told_and_count_as_none() {
    let descending: &[f64] = &[2.0, 1.0];
    for advised in [descending, &[1.0, 1.0], &[f64::NAN], &[0.0, f64::INFINITY], &[-0.0, 0.0]] {
        let engine = engine(&[CUMULATIVE], no_views());
        let mut hist = instrument(Kind::Histogram, "h", NumberKind::Double);
        hist.advisory.boundaries = Some(advised.into());
        // Asked for twice, told once.
        for _ in 0..2 {
            engine.instrument(hist.clone(), at(1)).unwrap().record(double(3.0), &attrs(""), at(2));
        }
        let frame = engine.collect(0, at(10));
        assert_eq!((frame.histograms.count, frame.bounds.bounds), (vec![2], BOUNDARIES_DEFAULT.to_vec()));
        let expected = "h: the boundaries it advises are passed over; advise fewer than 16384, finite and strictly ascending";
        assert_eq!(told(&engine), [expected], "{advised:?}");
    }
}

#[test]
fn an_attribute_without_a_key_is_left_out_and_told_once_wherever_it_comes_from() {
    let engine = engine(&[CUMULATIVE], no_views());
    let with = |value: i64| -> Attributes {
        [("", Value::Int(value)), ("a", Value::from("1"))].into_iter().collect()
    };
    let counter = recorder(&engine, Kind::Counter, "c");
    (0..4).for_each(|value| counter.record(int(1), &with(value), at(2)));
    let gauge = vec![instrument(Kind::ObservableGauge, "g", NumberKind::Int)];
    engine.observe(gauge, move |observer| observer.observe(0, int(1), &with(0)), at(1)).unwrap();
    let frame = Otlp::of("").counter("r", Temporality::Cumulative, &[("=x,b=2", 1, 5, int(3))]).frame();
    assert_eq!(engine.ingest(&frame, at(5)).accepted, 1);
    for secs in [10, 20] {
        let rows = [
            format!("c{{a=1}} sum+ cum 4 @2..{secs}"),
            format!("g{{a=1}} gauge 1 @0..{secs}"),
            format!("r{{b=2}} sum+ cum 3 @1..{secs}"),
        ];
        expect(&engine, 0, secs, &rows.each_ref().map(String::as_str));
    }
    let expected =
        "an attribute has an empty key, which is not exported; give it one, or leave the attribute out";
    assert_eq!(told(&engine), ["c", "r", "g"].map(|name| format!("{name}: {expected}")));
    // A swap asks again, and does not bring it back.
    engine.swap(no_views(), at(25)).unwrap();
    assert_eq!(collect(&engine, 0, 30)[0], "c{a=1} sum+ cum 4 @2..30");
}

#[test]
fn l6_long_keys_and_values_are_kept_whole_and_odd_ones_name_one_series() {
    let engine = engine(&[CUMULATIVE], no_views());
    let counter = recorder(&engine, Kind::Counter, "c");
    let (key, value) = ("k".repeat(100_000), "v".repeat(100_000));
    let long: Attributes = [(key.as_str(), value.as_str())].into_iter().collect();
    let nan = |double: f64| -> Attributes { [("nan", double)].into_iter().collect() };
    for set in [&long, &long, &nan(f64::NAN), &nan(-f64::NAN), &nan(0.0), &nan(-0.0)] {
        counter.record(int(1), set, at(2));
    }
    let frame = engine.collect(0, at(10));
    let metric = frame.metrics().next().unwrap();
    let points: Vec<_> =
        metric.numbers().map(|row| (frame.attributes(row.point.attributes()).0, row.value)).collect();
    assert_eq!(points, [long, nan(f64::NAN), nan(0.0)].map(|set| (set, Some(Number::Int(2)))));
    assert_eq!(told(&engine), [] as [&str; 0]);
}

#[test]
fn b3_b4_b5_c1_whatever_it_is_called_an_instrument_works() {
    let engine = engine(&[CUMULATIVE], no_views());
    let of = |name: &str, kind| instrument(kind, name, NumberKind::Int);
    let long = "n".repeat(100_000);
    for name in ["1st", "two words", "\u{e9}", "a\nb", &long] {
        for kind in [Kind::Counter, Kind::Gauge] {
            let odd = Instrument { unit: "\0".into(), description: long.as_str().into(), ..of(name, kind) };
            engine.instrument(odd, at(1)).unwrap().record(int(1), &attrs(""), at(2));
        }
    }
    assert_eq!(engine.collect(0, at(10)).metrics().len(), 10);
    // Without a name there is nothing to export it under.
    assert_eq!(engine.instrument(of("", Kind::Counter), at(1)).err(), Some(Rejection::NoName));
}

#[test]
fn n1_e5_default_aggregations_that_mean_nothing_are_told_and_passed_over() {
    let buckets = |bounds: &[f64]| wasmeter_model::Aggregation::ExplicitBucketHistogram {
        boundaries: Some(bounds.into()),
        record_min_max: false,
    };
    let reader = wasmeter_engine::ReaderConfig {
        aggregations: [(Kind::Histogram, buckets(&[2.0, 1.0])), (Kind::UpDownCounter, buckets(&[2.0]))]
            .into(),
        ..Default::default()
    };
    let config = wasmeter_engine::EngineConfig { readers: vec![reader], ..Default::default() };
    let engine = Engine::new(config, no_views(), at(1));
    let told = told(&engine);
    assert_eq!(told.len(), 1);
    assert_eq!(
        told[0],
        "histogram: the default aggregation of reader 0 for this kind is passed over: its boundaries are not finite, strictly ascending and fewer than 16384"
    );
    for kind in [Kind::Histogram, Kind::UpDownCounter] {
        recorder(&engine, kind, kind.name()).record(int(3), &attrs(""), at(2));
    }
    let frame = engine.collect(0, at(10));
    assert_eq!(frame.bounds.bounds, [&BOUNDARIES_DEFAULT[..], &[2.0]].concat());
    assert_eq!(frame.point_count(), 2);
}

/// A gauge says what it was told, to the bit.
#[test]
fn a_gauge_keeps_the_sign_of_zero() {
    let engine = engine(&[CUMULATIVE], no_views());
    let of = |kind, name| instrument(kind, name, NumberKind::Double);
    let recorded = engine.instrument(of(Kind::Gauge, "recorded"), at(1)).unwrap();
    recorded.record(double(-0.0), &attrs(""), at(2));
    let observe =
        |observer: &mut wasmeter_engine::Observer<'_>| observer.observe(0, double(-0.0), &attrs(""));
    engine.observe(vec![of(Kind::ObservableGauge, "observed")], observe, at(1)).unwrap();
    engine.ingest(&Otlp::of("").gauge("received", &[("", 2, double(-0.0))]).frame(), at(2));
    let frame = engine.collect(0, at(3));
    let values = frame.metrics().flat_map(|metric| metric.numbers().collect::<Vec<_>>());
    let bits: Vec<_> = values.filter_map(|row| row.value).map(|value| value.as_f64().to_bits()).collect();
    assert_eq!(bits, [(-0.0f64).to_bits(); 3]);
}
