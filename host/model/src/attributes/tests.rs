//! Sets say what they were made of, whoever encoded it.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

#[test]
fn c8_order_of_attributes_does_not_matter() {
    let one: Attributes = [("a", 1i64), ("b", 2)].into_iter().collect();
    let other: Attributes = [("b", 2i64), ("a", 1)].into_iter().collect();
    assert_eq!(one, other);
}

#[test]
fn c8_the_last_of_a_repeated_key_wins_and_is_counted() {
    let (set, overwritten) = Attributes::from_pairs([("a", 1i64), ("b", 2), ("a", 3), ("a", 4)]);
    assert_eq!(set.get("a"), Some(ValueRef::Int(4)));
    assert_eq!((set.len(), overwritten), (2, 2));
}

#[test]
fn nan_and_zero_each_name_one_series() {
    let set = |double: f64| Attributes::from_iter([("x", double)]);
    assert_eq!(set(f64::NAN), set(-f64::NAN));
    assert_eq!(set(0.0), set(-0.0));
    assert_ne!(set(0.0), set(1.0));
}

#[test]
fn a_set_is_one_block_of_its_encoding() {
    let set: Attributes = [("http.route", "/cart"), ("zone", "b")].into_iter().collect();
    assert_eq!((size_of::<Attributes>(), set.size()), (8, 24 + 2 * 2 + (2 + 12 + 2 + 7) + (2 + 6 + 2 + 3)));
}

/// A field of a list: tag, key and the bytes of its value, as other encoders write them.
fn field(tag: u8, key: &str, any: &[u8]) -> Vec<u8> {
    let mut message = vec![0x0a, key.len() as u8];
    message.extend(key.as_bytes());
    message.extend([0x12, any.len() as u8]);
    message.extend(any);
    [&[tag, message.len() as u8][..], &message].concat()
}

#[test]
fn what_was_received_is_kept_as_it_was_and_read_in_order() {
    let list = [field(0x4a, "b", &[0x18, 7]), field(0x4a, "a", b"\x0a\x01x")].concat();
    let set = Attributes::from_encoded(&list, 0x4a).unwrap();
    let same: Attributes = [("a", Value::from("x")), ("b", Value::Int(7))].into_iter().collect();
    assert_eq!((set.fields(), &set, set.hash_value()), (&list[..], &same, same.hash_value()));
    let pairs: Vec<_> = set.iter().collect();
    assert_eq!(pairs, [("a", ValueRef::String("x")), ("b", ValueRef::Int(7))]);
    assert_eq!(set.canonical_fields(), Some(&list[..]));
    assert_eq!(set.field_lengths().collect::<Vec<_>>(), [9, 10]);
}

#[test]
fn what_is_unusual_about_an_encoding_is_told() {
    let long = [&[0x3a, 0x87, 0][..], &field(0, "a", &[0x10, 1])[2..]].concat();
    let lists: [(&str, Vec<u8>, Option<Value>); 9] = [
        ("a length that could be shorter", long, None),
        ("a boolean of more than a bit", field(0x3a, "a", &[0x10, 2]), Some(Value::Bool(true))),
        ("no value", vec![0x3a, 3, 0x0a, 1, b'a'], Some(Value::Empty)),
        ("a key that is said to be empty", field(0x3a, "", &[0x18, 1]), None),
        ("an array", field(0x3a, "a", &[0x2a, 0]), None),
        ("our own text of an array", field(0x3a, "a", b"\x7a\x02{}"), None),
        ("a key twice", [field(0x3a, "a", &[0x18, 1]), field(0x3a, "a", &[0x18, 2])].concat(), None),
        ("another field between", [field(0x3a, "a", &[0x18, 1]), vec![0x40, 1]].concat(), None),
        ("text that is none", field(0x3a, "a", b"\x0a\x01\xff"), None),
    ];
    for (what, list, expected) in lists {
        let set = Attributes::from_encoded(&list, 0x3a);
        let is_read = ["a length", "a boolean", "no value", "a key that is said"]
            .iter()
            .any(|read| what.starts_with(read));
        assert_eq!(set.is_some(), is_read, "{what}");
        assert!(set.as_ref().is_none_or(|set| set.canonical_fields().is_none()), "{what}");
        if let Some(expected) = expected {
            assert_eq!(set.unwrap().get("a").map(ValueRef::to_value), Some(expected), "{what}");
        }
    }
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Empty),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        prop_oneof![any::<f64>(), Just(-0.0), Just(f64::NAN)].prop_map(Value::Double),
        prop_oneof!["[a-z]{0,20}", "ä{100,200}"].prop_map(Value::from),
        vec(any::<u8>(), 0..200).prop_map(|bytes| Value::Bytes(bytes.into())),
        "[a-z]{0,5}".prop_map(|text| Value::Nested(Arc::from(text.as_str()))),
    ]
}

proptest! {
    #[test]
    fn a_set_says_what_it_was_made_of(
        pairs in vec((prop_oneof!["[a-e]{0,2}", "k{130}"], values()), 0..10),
        repeat in prop_oneof![9 => Just(1), 1 => Just(400)],
    ) {
        // So many that places take four bytes.
        let pairs: Vec<_> = (0..repeat)
            .flat_map(|number| pairs.iter().map(move |(key, value)| (format!("{key}{number}"), value.clone())))
            .collect();
        let (set, overwritten) = Attributes::from_pairs(pairs.iter().cloned());
        let expected: std::collections::BTreeMap<_, _> = pairs.iter().cloned().collect();
        prop_assert_eq!(overwritten, pairs.len() - expected.len());
        let said: Vec<_> = set.iter().map(|(key, value)| (key.to_owned(), value.to_value())).collect();
        prop_assert_eq!(said, expected.clone().into_iter().collect::<Vec<_>>());
        for (place, (key, value)) in expected.iter().enumerate() {
            prop_assert_eq!((set.place(key), set.get(key)), (Some(place), Some(value.as_ref())));
        }
        prop_assert_eq!(set.get("none"), None);

        let again = Attributes::from_encoded(set.fields(), TAG);
        let has_nested = expected.values().any(|value| matches!(value, Value::Nested(_)));
        prop_assert_eq!(again.as_ref(), Some(&set).filter(|_| !has_nested));
        prop_assert_eq!(set.canonical_fields(), (!has_nested).then(|| set.fields()));
        prop_assert_eq!((set.field_lengths().count(), set.field_lengths().sum::<usize>()), (set.len(), set.fields().len()));

        let kept = set.filter(|key| key.len() % 2 == 0);
        let expected_kept: Attributes = expected.into_iter().filter(|(key, _)| key.len() % 2 == 0).collect();
        prop_assert_eq!(kept.hash_value(), expected_kept.hash_value());
        prop_assert_eq!(kept, expected_kept);
    }

    #[test]
    fn any_bytes_are_a_set_or_none(list in vec(prop_oneof![any::<u8>(), 0..40u8, Just(0x3a), Just(0x0a), Just(0x12)], 0..60)) {
        if let Some(set) = Attributes::from_encoded(&list, 0x3a) {
            prop_assert_eq!(set.fields(), &list[..]);
            let same = Attributes::from_pairs(set.iter()).0;
            prop_assert_eq!((set.len(), set.hash_value()), (same.len(), same.hash_value()));
            prop_assert_eq!(set, same);
        }
    }
}
