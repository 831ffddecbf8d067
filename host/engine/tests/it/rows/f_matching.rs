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
        for views in [plugins([view.clone()]), base(Mode::Independent, [view])] {
            let engine = engine(&[CUMULATIVE], views);
            recorder(&engine, Kind::Counter, "c").record(int(5), &attrs(""), at(2));
            assert_eq!(collect(&engine, 0, 10), ["c{} sum+ cum 5 @2..10"], "{said}");
            let notices = engine.notices();
            assert_eq!(notices.len(), 1, "{said}");
            assert!(notices[0].message.starts_with("view `matching`: "), "{}", notices[0].message);
            assert_eq!(engine.counts().view_faults, 1);
        }
    }
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
