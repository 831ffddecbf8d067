//! How Views and instruments meet.

use wasmeter_engine::{Mode, View, Views};
use wasmeter_model::{Aggregation, InstrumentKind as Kind, NumberKind, StreamSpec};

use crate::support::*;

fn aggregating(aggregation: Aggregation) -> StreamSpec {
    StreamSpec { aggregation, ..StreamSpec::default() }
}

fn buckets(boundaries: &[f64]) -> Aggregation {
    Aggregation::ExplicitBucketHistogram { boundaries: Some(boundaries.into()), record_min_max: false }
}

#[test]
fn f3_a_view_with_settings_that_mean_nothing_is_passed_over_with_a_notice() {
    let exponential = |max_size, max_scale| Aggregation::Base2ExponentialBucketHistogram {
        max_size,
        max_scale,
        record_min_max: true,
    };
    let wrong = [
        buckets(&[2.0, 1.0]),
        buckets(&[1.0, 1.0]),
        buckets(&[f64::NAN]),
        buckets(&[0.0, f64::INFINITY]),
        exponential(1, 20),
        exponential(u32::MAX, 20),
        exponential(160, 21),
        exponential(160, -11),
    ];
    for aggregation in wrong {
        let said = format!("{aggregation:?}");
        let view = every(StreamSpec { name: Some("x".into()), ..aggregating(aggregation) });
        let engine = engine(&[CUMULATIVE], base(Mode::Independent, [view]));
        recorder(&engine, Kind::Counter, "c").record(int(5), &attrs(""), at(2));
        assert_eq!(collect(&engine, 0, 10), ["c{} sum+ cum 5 @2..10"], "{said}");
        let notices = engine.notices();
        assert_eq!(notices.len(), 1, "{said}");
        assert!(notices[0].message.starts_with("view `matching`: "), "{}", notices[0].message);
        assert!(notices[0].message.ends_with("; the view is passed over"), "{}", notices[0].message);
        assert_eq!(engine.counts().view_faults, 1);
    }
}

#[test]
fn f6_of_views_that_compose_an_invalid_setting_falls_back_to_that_of_the_view_before() {
    let wrong = aggregating(buckets(&[2.0, 1.0]));
    let under = |views: Vec<std::sync::Arc<dyn View>>, kind| {
        let both = [base(Mode::Composable, views.clone()), plugins(views)];
        let [of_file, of_plugins] = both.map(|views| {
            let engine = engine(&[CUMULATIVE], views);
            recorder(&engine, kind, "c").record(int(5), &attrs("a=1,b=2"), at(2));
            let notices = engine.notices().into_iter().map(|notice| notice.message).collect::<Vec<_>>();
            (collect(&engine, 0, 10), notices)
        });
        assert_eq!(of_file, of_plugins);
        of_file
    };
    let told = "view `matching`: its boundaries are not finite, strictly ascending and fewer than 16384; \
                its aggregation is passed over";
    // The rest of what that View says counts, and the aggregation is the last valid one.
    let last = StreamSpec { attributes: only(&["a"]), ..wrong.clone() };
    let views = vec![every(aggregating(Aggregation::LastValue)), every(last)];
    assert_eq!(
        under(views, Kind::Counter),
        (vec!["c{a=1} gauge 5 @0..10".to_owned()], vec![told.to_owned()])
    );
    // Nothing valid before: the instrument's default.
    let (rows, notices) = under(vec![every(wrong.clone())], Kind::UpDownCounter);
    assert_eq!((rows, notices), (vec!["c{a=1,b=2} sum cum 5 @2..10".to_owned()], vec![told.to_owned()]));
    // Aggregations are one setting: no field of an invalid one survives, none of an earlier one is mixed in.
    let before = every(aggregating(buckets(&[4.0])));
    let (rows, _) = under(vec![before, every(wrong.clone())], Kind::Histogram);
    assert_eq!(rows, ["c{a=1,b=2} hist cum n=1 sum=5 [4.0]:[0, 1] @2..10"]);
    // Each group falls back for itself; a View without a name is in all of them.
    let x = StreamSpec { name: Some("x".into()), ..wrong };
    let views = vec![every(aggregating(Aggregation::LastValue)), every(x), every(named("y"))];
    let (rows, _) = under(views, Kind::Counter);
    assert_eq!(rows, ["x{a=1,b=2} gauge 5 @0..10", "y{a=1,b=2} gauge 5 @0..10"]);
    // A name that is none is passed over, too.
    let (rows, notices) = under(vec![every(named("x")), every(named(""))], Kind::Counter);
    assert_eq!(rows, ["x{a=1,b=2} sum+ cum 5 @2..10"]);
    assert_eq!(
        notices,
        [
            "view `matching`: its stream name is empty, expected at least one character; its stream name is passed over"
        ]
    );
}

#[test]
fn f6_what_a_received_point_cannot_become_falls_back_too() {
    let views = [every(aggregating(Aggregation::Sum)), every(aggregating(buckets(&[1.0])))];
    let engine = engine(&[CUMULATIVE], base(Mode::Composable, views));
    let point = ("", 1, 5, int(3));
    engine.ingest(&Otlp::of("").gauge("g", &[("", 5, int(3))]).frame(), at(5));
    expect(&engine, 0, 10, &["g{} sum cum 3 @5..10"]);
    engine
        .ingest(&Otlp::of("").counter("c", wasmeter_model::Temporality::Cumulative, &[point]).frame(), at(5));
    let notices: Vec<_> = engine.notices().into_iter().map(|notice| notice.message).collect();
    let told = "the received number cannot become an explicit-bucket histogram; it stays as received";
    assert_eq!(notices, [told, told], "once for each instrument");
}

#[test]
fn f6_attribute_filters_are_combined_and_other_settings_are_those_of_the_last_view() {
    let described = |text: &str| StreamSpec { description: Some(text.into()), ..StreamSpec::default() };
    let views = [
        every(StreamSpec { attributes: only(&["a", "b", "c"]), ..described("first") }),
        every(StreamSpec { attributes: without(&["b"]), ..StreamSpec::default() }),
        every(StreamSpec { attributes: only(&["b", "c", "d"]), ..described("last") }),
    ];
    let engine = engine(&[CUMULATIVE], base(Mode::Composable, views));
    let mut counter = instrument(Kind::Counter, "c", NumberKind::Int);
    // Advice is no View: the Views that list keys have the say.
    counter.advisory.attributes = Some(["a".into()].into());
    engine.instrument(counter, at(1)).unwrap().record(int(5), &attrs("a=1,b=2,c=3,d=4"), at(2));
    let frame = engine.collect(0, at(10));
    assert_eq!(rows(&frame), ["c{c=3} sum+ cum 5 @2..10"]);
    assert_eq!(frame.metrics().next().unwrap().description(), "last");
}

#[test]
fn f4_a_view_that_asks_for_explicit_buckets_without_naming_them_does_not_get_the_advised_ones() {
    let bounds = |aggregation| {
        let engine = engine(&[CUMULATIVE], base(Mode::Independent, [every(aggregating(aggregation))]));
        let mut advised = instrument(Kind::Histogram, "h", NumberKind::Int);
        advised.advisory.boundaries = Some([10.0].into());
        engine.instrument(advised, at(1)).unwrap().record(int(7), &attrs(""), at(2));
        engine.collect(0, at(10)).bounds.bounds
    };
    let unnamed = Aggregation::ExplicitBucketHistogram { boundaries: None, record_min_max: true };
    assert_eq!(bounds(unnamed), wasmeter_model::limits::BOUNDARIES_DEFAULT);
    assert_eq!(bounds(Aggregation::Default), [10.0]);
}

#[test]
fn f3_views_whose_settings_mean_nothing_are_not_swapped_in() {
    let engine = engine(&[CUMULATIVE], no_views());
    recorder(&engine, Kind::Counter, "c").record(int(5), &attrs(""), at(2));
    let fault = engine.swap(plugins([every(aggregating(buckets(&[2.0, 1.0])))]), at(3)).unwrap_err();
    assert_eq!(&*fault.view, "matching");
    expect(&engine, 0, 10, &["c{} sum+ cum 5 @2..10"]);
}

#[test]
fn f4_what_a_view_says_wins_over_advice_and_the_rest_of_the_advice_stays() {
    let recorded = |spec| {
        let engine = engine(&[CUMULATIVE], base(Mode::Independent, [every(spec)]));
        let mut advised = instrument(Kind::Histogram, "h", NumberKind::Int);
        advised.advisory.boundaries = Some([10.0].into());
        advised.advisory.attributes = Some(["a".into()].into());
        engine.instrument(advised, at(1)).unwrap().record(int(7), &attrs("a=1,b=2"), at(2));
        collect(&engine, 0, 10)
    };
    assert_eq!(recorded(aggregating(buckets(&[5.0]))), ["h{a=1} hist cum n=1 sum=7 [5.0]:[0, 1] @2..10"]);
    let keys = StreamSpec { attributes: only(&["b"]), ..StreamSpec::default() };
    assert_eq!(recorded(keys), ["h{b=2} hist cum n=1 sum=7 min=7 max=7 [10.0]:[1, 0] @2..10"]);
}

#[test]
fn f2_f5_instruments_are_off_by_default_and_on_where_a_further_view_says_so() {
    let off = every(aggregating(Aggregation::Drop));
    let on = matching(|instrument| &*instrument.name == "wanted", StreamSpec::default());
    let exported = |views: Views| {
        let engine = engine(&[CUMULATIVE], views);
        for name in ["wanted", "other"] {
            recorder(&engine, Kind::Counter, name).record(int(1), &attrs(""), at(2));
        }
        collect(&engine, 0, 10)
    };
    let views: [std::sync::Arc<dyn View>; 2] = [off.clone(), on];
    assert_eq!(exported(base(Mode::Independent, views)), ["wanted{} sum+ cum 1 @2..10"]);
    assert_eq!(exported(base(Mode::Independent, [off])), [] as [&str; 0]);
}
