//! Values as text, joins and escapes.

use proptest::prelude::*;
use wasmeter_model::frame::{FrameBuilder, SetId};
use wasmeter_model::{Attributes, Value};

use super::*;
use crate::{TranslationStrategy, names};

fn render(shared: &[Label<'_>], own: &[Label<'_>], reserved: Option<&str>) -> String {
    let mut out = Out::default();
    for (name, value) in settle(shared, own, reserved) {
        push(&mut out, &name, &value);
    }
    out.into_string()
}

fn own<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<Label<'a>> {
    let label = |(key, value): &(&'a str, &'a str)| {
        let name = names::label(TranslationStrategy::default(), key);
        Label::new(name, key, Origin::Point, ValueRef::String(value))
    };
    pairs.iter().map(label).collect()
}

fn render_own(own: &[Label<'_>]) -> String {
    render(&[], own, None)
}

#[test]
fn q10_values_are_written_as_the_common_specification_says() {
    for (value, wanted) in [
        (ValueRef::Empty, ""),
        (ValueRef::Bool(true), "true"),
        (ValueRef::Int(-123), "-123"),
        (ValueRef::Double(3.25), "3.25"),
        (ValueRef::Double(1.0), "1"),
        (ValueRef::Double(1e300), "1e300"),
        (ValueRef::Double(f64::NAN), "NaN"),
        (ValueRef::Double(f64::NEG_INFINITY), "-Infinity"),
        (ValueRef::String("as is \""), "as is \""),
        (ValueRef::Bytes(b"hello world"), "aGVsbG8gd29ybGQ="),
        (ValueRef::Bytes(b"ab"), "YWI="),
        (ValueRef::Bytes(b"a"), "YQ=="),
        (ValueRef::Bytes(b""), ""),
        (ValueRef::Nested(r#"{"arrayValue":{"values":[]}}"#), "[]"),
        (ValueRef::Nested(r#"{"arrayValue":{}}"#), "[]"),
        (
            ValueRef::Nested(
                r#"{"arrayValue":{"values":[{"intValue":"1"},{"doubleValue":"-Infinity"},{"stringValue":"a\""},
                {"boolValue":true},{"kvlistValue":{"values":[{"key":"nested","value":{"bytesValue":"dGVzdA=="}}]}},{}]}}"#,
            ),
            r#"[1,"-Infinity","a\"",true,{"nested":"dGVzdA=="},null]"#,
        ),
        (ValueRef::Nested("not json"), "not json"),
    ] {
        assert_eq!(value_text(value), wanted);
    }
    let deep = "[".repeat(100_000);
    assert_eq!(value_text(ValueRef::Nested(&deep)), deep.as_str());
}

#[test]
fn q5_colliding_names_join_their_values_in_the_order_of_the_keys() {
    assert_eq!(
        render_own(&own(&[("a_b", "3"), ("a.b", "1"), ("a/b", "2"), ("c", "4")])),
        r#"a_b="1;2;3",c="4""#
    );
}

#[test]
fn a_key_given_twice_has_its_last_value() {
    assert_eq!(render_own(&own(&[("a", "1"), ("a", "2")])), r#"a="2""#);
}

#[test]
fn labels_of_other_origin_join_and_do_not_replace() {
    let shared = [Label::new("job".into(), "service.name", Origin::Resource, ValueRef::String("shop"))];
    assert_eq!(render(&shared, &own(&[("job", "x")]), None), r#"job="x;shop""#);
}

#[test]
fn empty_labels_are_left_out() {
    assert_eq!(render_own(&own(&[("a", ""), ("b", "1")])), r#"b="1""#);
    assert_eq!(render_own(&own(&[("a", "")])), "");
}

#[test]
fn what_the_format_reserves_is_escaped() {
    assert_eq!(render_own(&own(&[("a", "\\\"\n\r\t{},=")])), "a=\"\\\\\\\"\\n\r\t{},=\"");
}

#[test]
fn a_reserved_name_gives_way() {
    assert_eq!(render(&[], &own(&[("le", "1"), ("exported.le", "2")]), Some("le")), r#"exported_le="2;1""#);
}

#[test]
fn what_is_escaped_is_found_wherever_it_stands() {
    for length in 0..40 {
        let plain = "é".repeat(length / 2) + &"x".repeat(length % 2);
        assert!(!has_escapes(plain.as_bytes()), "{plain}");
        for (place, _) in plain.char_indices() {
            for (special, escaped) in [('\\', "\\\\"), ('"', "\\\""), ('\n', "\\n")] {
                let mut value = plain.clone();
                value.insert(place, special);
                let mut out = Out::default();
                push_value(&mut out, value.as_bytes());
                let (before, behind) = plain.split_at(place);
                assert_eq!(out.into_string(), format!("{before}{escaped}{behind}"));
            }
        }
    }
}

/// Some of these are written alike.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => "[x1]{0,1}".prop_map(|text| Value::String(text.into())),
        1 => "[x1\"]{2}".prop_map(|text| Value::String(text.into())),
        1 => (0_i64..2).prop_map(Value::Int),
        1 => Just(Value::Empty),
        1 => (0_i64..2).prop_map(|int| Value::Double(int as f64)),
    ]
}

/// A set as it is received, with this tag; `None` if a key comes twice.
fn received(set: &[(String, Value)], tag: u8) -> Option<Attributes> {
    let field = |tag: u8, message: &[u8]| [&[tag, message.len() as u8], message].concat();
    let mut list = Vec::new();
    for (place, (key, value)) in set.iter().enumerate() {
        let value = match value {
            // Both are the same value.
            Value::Empty if place % 2 == 0 => Vec::new(),
            Value::Empty => field(0x12, &[]),
            Value::String(text) => field(0x12, &field(0x0a, text.as_bytes())),
            Value::Int(int) => field(0x12, &[0x18, *int as u8]),
            Value::Double(double) => field(0x12, &[&[0x21], &double.to_le_bytes()[..]].concat()),
            other => panic!("{other:?}"),
        };
        list.extend(field(tag, &[field(0x0a, key.as_bytes()), value].concat()));
    }
    Attributes::from_encoded(&list, tag)
}

/// Where a frame has a set from.
#[derive(Clone, Copy, Debug)]
enum From {
    Rows,
    Kept,
    Received { tag: u8 },
}

fn from() -> impl Strategy<Value = From> {
    let tag = prop_oneof![Just(0x3a), Just(0x4a), Just(0x0a)];
    prop_oneof![1 => Just(From::Rows), 1 => Just(From::Kept), 3 => tag.prop_map(|tag| From::Received { tag })]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Keys that often collide, values that are often empty or look like another, in any order, given twice or not.
    #[test]
    fn series_have_the_labels_that_settling_each_of_them_gives(
        sets in prop::collection::vec(prop::collection::vec(("a|b|a_|a\\.|le|job", value()), 0..4), 1..20),
        shared in prop::collection::vec(("a|b|a_|le|job", "[x1\"]{0,2}"), 0..3),
        // Of which sets a metric is opened: whether its scope carries what is shared, and its type has a label.
        opened in prop::collection::vec(prop::option::weighted(0.2, (any::<bool>(), any::<bool>())), 20),
        from in from(),
    ) {
        let strategy = TranslationStrategy::default();
        let mut builder = FrameBuilder::new();
        let mut known: Vec<(Attributes, SetId)> = Vec::new();
        let mut id = |set: &Vec<(String, Value)>| {
            let pairs = set.iter().map(|(key, value)| (key.as_str(), value.as_ref()));
            let received = match from {
                From::Rows => return builder.set(pairs),
                From::Kept => None,
                From::Received { tag } => received(set, tag),
            };
            let attributes = received
                .unwrap_or_else(|| Attributes::from_iter(set.iter().map(|(key, value)| (key, value.clone()))));
            if let Some((_, id)) = known.iter().find(|(other, _)| *other == attributes) {
                return *id;
            }
            let id = builder.kept(&attributes);
            known.push((attributes, id));
            id
        };
        let ids: Vec<_> = sets.iter().map(&mut id).collect();
        let frame = builder.finish();
        let label = |(key, value): &(String, String)| Label {
            name: names::label(strategy, key),
            key: Cow::Owned(key.clone()),
            origin: Origin::Resource,
            value: Cow::Owned(value.clone()),
        };
        let shared: Vec<Label<'_>> = shared.iter().map(label).collect();
        let mut labels = SeriesLabels::new(strategy);
        let (mut carried, mut reserved) = (Vec::new(), None);
        let mut grouped: Vec<(usize, SetId, String)> = Vec::new();
        let mut found = Vec::new();
        for ((set, id), opened) in sets.iter().zip(ids).zip(opened) {
            if let Some((is_carried, is_reserved)) = opened {
                carried = if is_carried { shared.clone() } else { Vec::new() };
                reserved = is_reserved.then_some("le");
                labels.open_scope(carried.clone());
                labels.open_metric(reserved);
                grouped.clear();
            }
            let own: Vec<Label<'_>> = set
                .iter()
                .map(|(key, value)| Label::new(names::label(strategy, key), key, Origin::Point, value.as_ref()))
                .collect();
            let Found { labels: series, group } = labels.of(&frame, id);
            let mut out = Out::default();
            labels.write(&mut out, &frame, series);
            let out = out.into_string();
            prop_assert_eq!(&out, &render(&carried, &own, reserved));
            found.push((series, out.clone()));
            if let Some(group) = group {
                let of_group = grouped.iter().filter(|(known, other, _)| (*known, *other) != (group, id) && *known == group);
                prop_assert!(of_group.into_iter().all(|(_, _, text)| *text != out), "{out} is not of one set alone");
                grouped.push((group, id, out));
            }
        }
        for (series, expected) in found {
            let mut out = Out::default();
            labels.write(&mut out, &frame, series);
            prop_assert_eq!(out.into_string(), expected, "written later");
        }
    }
}
