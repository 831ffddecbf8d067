//! Values as text, joins and escapes.

use std::collections::HashMap;

use proptest::prelude::*;
use wasmeter_model::Value;
use wasmeter_model::frame::{FrameBuilder, SetId};

use super::*;
use crate::{TranslationStrategy, names};

fn render(shared: &[Label<'_>], own: &[Label<'_>], reserved: Option<&str>) -> String {
    let mut out = String::new();
    for (name, value) in settle(shared, own, reserved) {
        push(&mut out, &name, &value);
    }
    out
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Keys that often collide, values that are often empty or look like another, in any order, given twice or not.
    #[test]
    fn series_have_the_labels_that_settling_each_of_them_gives(
        sets in prop::collection::vec(prop::collection::vec(("a|b|a_|a\\.|le|job", value()), 0..4), 1..20),
        shared in prop::collection::vec(("a|b|a_|le|job", "[x1\"]{0,2}"), 0..3),
        // Of which sets a metric is opened: whether its scope carries what is shared, and its type has a label.
        opened in prop::collection::vec(prop::option::weighted(0.2, (any::<bool>(), any::<bool>())), 20),
    ) {
        let strategy = TranslationStrategy::default();
        let mut builder = FrameBuilder::new();
        let ids: Vec<_> = sets
            .iter()
            .map(|set| builder.set(set.iter().map(|(key, value)| (key.as_str(), value.as_ref()))))
            .collect();
        let frame = builder.finish();
        let label = |(key, value): &(String, String)| Label {
            name: names::label(strategy, key),
            key: Cow::Owned(key.clone()),
            origin: Origin::Resource,
            value: Cow::Owned(value.clone()),
        };
        let shared: Vec<Label<'_>> = shared.iter().map(label).collect();
        let mut texts = LabelTexts::default();
        let mut labels = SeriesLabels::new(&frame, strategy);
        let (mut carried, mut reserved) = (Vec::new(), None);
        let mut grouped: Vec<(usize, SetId, String)> = Vec::new();
        let mut numbers: HashMap<String, LabelId> = HashMap::new();
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
            let mut out = String::new();
            let Found { labels, group } = labels.of(id, &mut texts);
            texts.write(&mut out, labels);
            for label in labels {
                let mut text = String::new();
                texts.write(&mut text, &[*label]);
                prop_assert_eq!(numbers.entry(text).or_insert(*label), label, "one label has one number");
            }
            prop_assert_eq!(&out, &render(&carried, &own, reserved));
            if let Some(group) = group {
                let of_group = grouped.iter().filter(|(known, other, _)| (*known, *other) != (group, id) && *known == group);
                prop_assert!(of_group.into_iter().all(|(_, _, text)| *text != out), "{out} is not of one set alone");
                grouped.push((group, id, out));
            }
        }
    }
}
