//! Interned sets are what was given, and equal ones are one row.

use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any};
use proptest::{prop_assert_eq, prop_oneof, proptest};

use super::*;
use crate::{Attributes, Value, ValueRef};

fn value() -> impl Strategy<Value = Value> {
    let text =
        || prop_oneof![Just(""), Just("a"), Just("b"), Just("a longer text, of more than sixteen bytes")];
    let double = prop_oneof![Just(0.0), Just(-0.0), Just(f64::NAN), Just(-f64::NAN), Just(1.0)];
    prop_oneof![
        Just(Value::Empty),
        any::<bool>().prop_map(Value::Bool),
        (-1_i64..2).prop_map(Value::Int),
        double.prop_map(Value::Double),
        text().prop_map(Value::from),
        text().prop_map(|text| Value::Bytes(text.as_bytes().into())),
        text().prop_map(|text| Value::Nested(text.into())),
    ]
}

/// A set in words, doubles to the bit.
fn words<'a>(pairs: impl Iterator<Item = (&'a str, ValueRef<'a>)>) -> String {
    let word = |value| match value {
        ValueRef::Double(double) => format!("Double({:x})", double.to_bits()),
        other => format!("{other:?}"),
    };
    pairs.map(|(key, value)| format!("{key}={} ", word(value))).collect()
}

fn pairs_of<'a>(set: &'a [(&'static str, Value)]) -> impl Iterator<Item = (&'a str, ValueRef<'a>)> {
    set.iter().map(|(key, value)| (*key, value.as_ref()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sets_of_any_values_and_order_read_back_and_equal_ones_are_one_row(
        sets in vec(vec((prop_oneof![Just("key"), Just("other"), Just("")], value()), 0..5), 0..40),
    ) {
        let mut builder = FrameBuilder::new();
        let (mut ids, mut given) = (Vec::new(), Vec::new());
        for set in &sets {
            // As it is, and as the engine has it: sorted, each key once.
            ids.push(builder.set(pairs_of(set)));
            given.push(words(pairs_of(set)));
            let attributes = Attributes::from_pairs(set.iter().cloned()).0;
            ids.push(builder.attributes(&attributes));
            given.push(words(attributes.iter()));
        }
        let frame = builder.finish();
        let read: Vec<String> = ids.iter().map(|id| words(frame.pairs(*id))).collect();
        prop_assert_eq!(&read, &given);
        let distinct: std::collections::HashSet<&String> = given.iter().collect();
        prop_assert_eq!(frame.sets.offsets.len(), distinct.len());
        let texts: std::collections::HashSet<&str> =
            (0..).map(StringId).take(frame.strings.offsets.len()).map(|id| frame.strings.get(id)).collect();
        prop_assert_eq!(frame.strings.offsets.len(), texts.len());
        let values: std::collections::HashSet<String> = (0..)
            .map(ValueId)
            .take(frame.values.tags.len())
            .map(|id| words(std::iter::once(("", frame.values.get(id, &frame.strings)))))
            .collect();
        prop_assert_eq!(frame.values.tags.len(), values.len());
    }
}

/// A frame of sums and histograms of so many series.
fn write(mut builder: FrameBuilder, series: i64) -> Frame {
    let none = builder.set([]);
    builder.resource(none, "", 0);
    builder.scope("", "", "", none, 0);
    for kind in [PointKind::Sum, PointKind::Histogram] {
        let metric =
            MetricRow { name: "m", description: "", unit: "", kind, temporality: None, monotonic: true };
        builder.metric(metric, none);
        for number in 0..series {
            let text = format!("text {number}");
            let attributes = builder.set([("n", ValueRef::Int(number)), ("text", ValueRef::String(&text))]);
            let header = PointHeader { attributes, ..PointHeader::default() };
            builder.number(NumberRow { header, value: None });
            let (bounds, counts) = (&[1.0][..], &[1, 2][..]);
            builder.histogram(HistogramRow { header, bounds, counts, ..HistogramRow::default() });
        }
    }
    builder.finish()
}

#[test]
fn a_frame_with_room_is_written_without_growing_and_reads_the_same() {
    let first = write(FrameBuilder::new(), 300);
    let builder = FrameBuilder::with_room(&first.sizes());
    let places = |frame: &Frame| {
        [
            frame.strings.text.as_ptr() as usize,
            frame.strings.offsets.ends.as_ptr() as usize,
            frame.values.bits.as_ptr() as usize,
            frame.sets.keys.as_ptr() as usize,
            frame.sets.offsets.ends.as_ptr() as usize,
            frame.numbers.bits.as_ptr() as usize,
            frame.numbers.columns.exemplars_end.as_ptr() as usize,
            frame.histograms.bounds.as_ptr() as usize,
            frame.histograms.counts_offsets.ends.as_ptr() as usize,
        ]
    };
    let before = places(&builder.frame);
    let second = write(builder, 300);
    assert_eq!(places(&second), before);
    assert_eq!(second, first);
    // So is one that is a little larger, if that is expected.
    let builder = FrameBuilder::with_room(&first.sizes().and_some());
    let before = places(&builder.frame);
    let larger = write(builder, 310);
    assert_eq!(places(&larger), before);
    // What is larger than expected is written all the same.
    let third = write(FrameBuilder::with_room(&first.sizes()), 500);
    assert_eq!(third, write(FrameBuilder::new(), 500));
}

#[test]
fn bounds_are_kept_once_to_the_bit() {
    let mut builder = FrameBuilder::new();
    let lists: [&[f64]; 5] = [&[], &[0.0], &[-0.0], &[0.0, 1.0], &[f64::NAN]];
    let ids: Vec<_> = lists.iter().map(|list| builder.bounds(list)).collect();
    assert_eq!(ids, [0, 1, 2, 3, 4].map(BoundsId));
    for (id, list) in ids.iter().zip(lists).rev() {
        assert_eq!(builder.bounds(list), *id);
        assert_eq!(builder.bounds(list), *id, "the last one");
    }
    let frame = builder.finish();
    assert_eq!(frame.bounds.offsets.ends, [0, 1, 2, 4, 5]);
    let read = ids.iter().map(|id| frame.bounds.get(*id));
    assert!(read.zip(lists).all(|(read, list)| format!("{read:?}") == format!("{list:?}")));
}
