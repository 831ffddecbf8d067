//! What is found out in passes over whole columns is what comparing the rows themselves finds.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::hash::all_differ;
use super::{series, tables};
use crate::frame::*;
use crate::{Number, ValueRef};

/// Attributes of few keys and values, in any order: the same series is often written in several ways, zeros and NaNs included.
fn attributes() -> impl Strategy<Value = Vec<(&'static str, ValueRef<'static>)>> {
    let doubles = [0.0, -0.0, f64::NAN, -f64::NAN, 1.0];
    let value = prop_oneof![
        1 => prop::sample::select(doubles.to_vec()).prop_map(ValueRef::Double),
        4 => Just(ValueRef::String("a")),
    ];
    vec((prop::sample::select(vec!["a", "b", "ключ"]), value), 1..5).prop_map(|pairs| {
        let mut distinct: Vec<(&str, ValueRef<'_>)> = Vec::new();
        for (key, value) in pairs {
            if distinct.iter().all(|(known, _)| *known != key) {
                distinct.push((key, value));
            }
        }
        distinct
    })
}

type Point = (Vec<(&'static str, ValueRef<'static>)>, bool);

fn frame(metrics: &[Vec<Point>], sorted: bool) -> Frame {
    let mut frame = FrameBuilder::new();
    let none = frame.set([]);
    frame.resource(none, "", 0);
    frame.scope("", "", "", none, 0);
    for points in metrics {
        let (name, kind) = ("m", PointKind::Gauge);
        let row = MetricRow { name, description: "", unit: "", kind, temporality: None, monotonic: false };
        frame.metric(row, none);
        for (attributes, ended) in points {
            let mut attributes = attributes.clone();
            if sorted {
                attributes.sort_unstable_by_key(|(key, _)| *key);
            }
            let attributes = frame.set(attributes);
            let header = PointHeader { attributes, flags: u32::from(*ended), ..PointHeader::default() };
            frame.number(NumberRow { header, value: Some(Number::Int(1)) });
        }
    }
    frame.finish()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        rng_seed: RngSeed::Fixed(0x7365_7269),
        failure_persistence: None,
        ..<_>::default()
    })]

    #[test]
    fn series_that_occur_twice_are_the_same_by_rows_and_by_content(
        metrics in vec(vec((attributes(), any::<bool>()), 0..5), 1..4),
        sorted in any::<bool>(),
    ) {
        let frame = frame(&metrics, sorted);
        let keys_ascend = tables::check(&frame).unwrap();
        prop_assert!(keys_ascend || !sorted);
        prop_assert_eq!(series::check(&frame, keys_ascend), series::by_content(&frame));
        prop_assert_eq!(frame.check(), series::by_content(&frame));
    }

    #[test]
    fn ranges_and_indices_are_found_wrong_by_any_row(rows in vec(0..5_u32, 0..20), length in 0..6_usize) {
        let is_covered = rows.is_sorted() && rows.last().map_or(0, |end| *end as usize) == length;
        let ranges = Offsets { ends: rows.clone() };
        prop_assert_eq!(super::covers("t", "c", &ranges, length).is_ok(), is_covered);
        let is_within = rows.iter().all(|row| (*row as usize) < length);
        prop_assert_eq!(super::within("t", "c", rows.iter().copied(), length).is_ok(), is_within);
    }

    #[test]
    fn hashes_that_all_differ_are_of_rows_that_do(hashes in vec(0..40_u64, 0..12), high in any::<bool>()) {
        // Only one half of them differs.
        let hashes: Vec<u64> = hashes.into_iter().map(|hash| if high { hash << 32 } else { hash }).collect();
        let mut distinct = hashes.clone();
        distinct.sort_unstable();
        distinct.dedup();
        prop_assert!(!all_differ(hashes.iter().copied()) || distinct.len() == hashes.len());
    }
}

#[test]
fn zeros_are_one_value_and_so_are_nans() {
    let point = |double| (vec![("a", ValueRef::Double(double))], false);
    for (one, other) in [(0.0, -0.0), (f64::NAN, -f64::NAN)] {
        assert!(frame(&[vec![point(one), point(other)]], true).check().is_err(), "{one} and {other}");
        assert_eq!(frame(&[vec![point(one), point(1.0)]], true).check(), Ok(()));
    }
}

#[test]
fn hashes_that_differ_are_told_apart() {
    let hashes = (0..10_000_u64).map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    assert!(all_differ(hashes.clone().collect::<Vec<_>>().into_iter()));
    let repeated: Vec<u64> = hashes.clone().chain(hashes.skip(7777).take(1)).collect();
    assert!(!all_differ(repeated.into_iter()));
    assert!(all_differ([].into_iter()));
}
