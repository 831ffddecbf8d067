//! A slice of the API's attributes as the engine looks it up: hashed and compared as it is, nothing made of it.

use std::hash::BuildHasher;
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use opentelemetry::{KeyValue, Value as ApiValue};
use wasmeter_engine::{GivenAttributes, Order};
use wasmeter_model::{Attributes, Value, ValueRef};

use super::convert::{converted, value};

/// Attributes of a measurement.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a>(pub(crate) &'a [KeyValue]);

/// Drawn once a process: who chooses attribute values must not be able to choose hashes.
static SEED: LazyLock<(u64, u64)> = LazyLock::new(|| {
    let random = RandomState::default();
    (random.hash_one(1), random.hash_one(2))
});

/// The two halves of a product: each of its bits depends on many of the factors'.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
fn folded(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// A text as two numbers that say all about it, if it has up to 16 bytes.
#[inline]
fn text(bytes: &[u8], seed: (u64, u64)) -> (u64, u64) {
    let length = bytes.len() as u64;
    let (start, end) = if let (8..=16, Some(start), Some(end)) = (bytes.len(), first(bytes), last(bytes)) {
        (u64::from_le_bytes(*start), u64::from_le_bytes(*end))
    } else if let (4..8, Some(start), Some(end)) = (bytes.len(), first(bytes), last(bytes)) {
        (u64::from(u32::from_le_bytes(*start)), u64::from(u32::from_le_bytes(*end)))
    } else if let [start, .., end] = bytes
        && bytes.len() < 4
    {
        // Of three bytes the middle one is left to the comparison.
        (u64::from(*start), u64::from(*end))
    } else if let [only] = bytes {
        (u64::from(*only), 0)
    } else {
        let mut long = seed.1 ^ length;
        for chunk in bytes.chunks(16) {
            let (start, end) = if chunk.len() == 16 || bytes.len() < 16 {
                (first::<8>(chunk), last::<8>(chunk))
            } else {
                // The last 16 bytes of all, some of them a second time.
                let rest = bytes.last_chunk::<16>();
                (rest.and_then(|rest| rest.first_chunk()), rest.and_then(|rest| rest.last_chunk()))
            };
            let number = |half: Option<&[u8; 8]>| half.map_or(0, |half| u64::from_le_bytes(*half));
            long = folded(long ^ number(start), seed.0 ^ number(end));
        }
        (long, 0)
    };
    (start, end ^ length.rotate_left(56))
}

impl GivenAttributes for Given<'_> {
    #[inline(always)]
    fn hash(&self) -> u64 {
        let seed = *SEED;
        let mut hash = seed.0;
        for pair in self.0 {
            let key = text(pair.key.as_str().as_bytes(), seed);
            let value = match &pair.value {
                ApiValue::String(value) => text(value.as_str().as_bytes(), seed),
                ApiValue::I64(int) => (int.cast_unsigned(), 1),
                ApiValue::Bool(truth) => (u64::from(*truth), 2),
                // All NaNs are one value, and so are both zeros.
                ApiValue::F64(double) if double.is_nan() => (f64::NAN.to_bits(), 3),
                ApiValue::F64(double) => ((double + 0.0).to_bits(), 3),
                // Rare enough to tell arrays apart by comparing.
                _ => (0, 4),
            };
            hash = folded(hash ^ value.0 ^ key.0.rotate_left(24), seed.1 ^ value.1 ^ key.1.rotate_left(40));
        }
        hash
    }

    #[inline(always)]
    fn are(&self, set: &Attributes, order: Order) -> bool {
        if self.0.len() != set.len() {
            return false;
        }
        if order == Order::SORTED {
            return self.0.iter().zip(set.iter()).all(|(pair, (key, value))| is_pair(pair, key, value));
        }
        let mut given = self.0.iter().enumerate();
        given.all(|(given, pair)| {
            set.at(order.place(given)).is_some_and(|(key, value)| is_pair(pair, key, value))
        })
    }

    fn to_set(&self) -> (Attributes, Option<Order>) {
        let set = converted(self.0);
        let order = Order::of(self.0.iter().map(|pair| pair.key.as_str()), &set);
        (set, order)
    }
}

#[inline(always)]
fn is_pair(pair: &KeyValue, key: &str, value: &Value) -> bool {
    same(key.as_bytes(), pair.key.as_str().as_bytes()) && is_value(value, &pair.value)
}

#[inline(always)]
fn is_value(known: &Value, given: &ApiValue) -> bool {
    match (known, given) {
        (Value::String(known), ApiValue::String(given)) => same(known.as_bytes(), given.as_str().as_bytes()),
        (Value::Int(known), ApiValue::I64(given)) => known == given,
        (Value::Bool(known), ApiValue::Bool(given)) => known == given,
        (Value::Double(_), ApiValue::F64(given)) => known.as_ref() == ValueRef::Double(*given),
        (Value::Nested(_), ApiValue::Array(_)) => *known == value(given),
        _ => false,
    }
}

/// Equality of short texts without a call: two loads that may overlap cover up to 16 bytes.
#[inline(always)]
fn same(a: &[u8], b: &[u8]) -> bool {
    let length = a.len();
    if length != b.len() {
        return false;
    }
    if length > 16 {
        return a == b;
    }
    if length >= 8 {
        return first::<8>(a) == first::<8>(b) && last::<8>(a) == last::<8>(b);
    }
    if length >= 4 {
        return first::<4>(a) == first::<4>(b) && last::<4>(a) == last::<4>(b);
    }
    a.iter().zip(b).all(|(a, b)| a == b)
}

#[inline]
fn first<const N: usize>(bytes: &[u8]) -> Option<&[u8; N]> {
    bytes.first_chunk()
}

#[inline]
fn last<const N: usize>(bytes: &[u8]) -> Option<&[u8; N]> {
    bytes.last_chunk()
}

#[cfg(test)]
mod tests {
    use opentelemetry::{Array, KeyValue};

    use super::*;

    fn same_hash(a: &[KeyValue], b: &[KeyValue]) -> bool {
        Given(a).hash() == Given(b).hash()
    }

    #[test]
    fn attributes_are_their_own_set_in_any_order() {
        let given = [
            KeyValue::new("method", "GET"),
            KeyValue::new("a.rather.long.attribute.key", "and a value that is longer still"),
            KeyValue::new("code", 200_i64),
            KeyValue::new("ok", true),
            KeyValue::new("share", 0.5),
            KeyValue::new("list", ApiValue::Array(Array::I64(vec![1, 2]))),
        ];
        for rotation in 0..given.len() {
            let mut given = given.clone();
            given.rotate_left(rotation);
            let (set, order) = Given(&given).to_set();
            assert!(Given(&given).are(&set, order.unwrap()), "{rotation}");
            for changed in 0..given.len() {
                let mut other = given.clone();
                other[changed].value = ApiValue::from("other");
                assert!(!Given(&other).are(&set, order.unwrap()));
                let mut other = given.clone();
                other[changed].key = "other".into();
                assert!(!Given(&other).are(&set, order.unwrap()));
            }
            assert!(!Given(&given[1..]).are(&set, order.unwrap()));
        }
    }

    #[test]
    fn texts_of_every_length_are_compared_to_the_last_byte() {
        for length in 0..40 {
            let text = vec![b'x'; length];
            assert!(same(&text, &text.clone()));
            for place in 0..length {
                let mut other = text.clone();
                other[place] = b'y';
                assert!(!same(&text, &other), "{place} of {length}");
            }
        }
    }

    #[test]
    fn nan_and_zero_are_found_again() {
        let double = |value: f64| [KeyValue::new("double", value)];
        for (a, b) in [(f64::NAN, -f64::NAN), (0.0, -0.0)] {
            let (set, order) = Given(&double(a)).to_set();
            assert!(Given(&double(b)).are(&set, order.unwrap()));
            assert!(same_hash(&double(a), &double(b)));
        }
    }

    #[test]
    fn every_byte_of_a_text_counts_for_the_hash() {
        for length in 4..50 {
            let text = "x".repeat(length);
            let hash = Given(&[KeyValue::new("key", text.clone())]).hash();
            for place in 0..length {
                let mut other = text.clone().into_bytes();
                other[place] = b'y';
                let other = String::from_utf8(other).unwrap();
                assert_ne!(hash, Given(&[KeyValue::new("key", other)]).hash(), "{place} of {length}");
            }
            assert_ne!(hash, Given(&[KeyValue::new("key", "x".repeat(length + 1))]).hash());
            assert_ne!(hash, Given(&[KeyValue::new(text, "key")]).hash(), "key and value differ");
        }
    }

    #[test]
    fn hashes_of_numbered_routes_are_spread() {
        let hashes: std::collections::HashSet<u64> = (0..100_000)
            .map(|number| Given(&[KeyValue::new("route", format!("/cart/{number}"))]).hash())
            .collect();
        assert_eq!(hashes.len(), 100_000);
        // As a table would use them: the lowest bits choose the place.
        let low: std::collections::HashSet<u64> = hashes.iter().map(|hash| hash & 0xffff).collect();
        assert!(low.len() > 48_000, "{} of 65536 places", low.len());
    }

    #[test]
    fn a_key_given_twice_has_no_order() {
        let given = [KeyValue::new("key", 1_i64), KeyValue::new("key", 2_i64)];
        assert_eq!(Given(&given).to_set().1, None);
    }
}
