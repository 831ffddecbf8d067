//! A slice of the API's attributes as the engine looks it up: hashed and compared as it is, nothing made of it.

use std::hash::{BuildHasher, Hasher};
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use opentelemetry::{KeyValue, Value as ApiValue};
use wasmeter_engine::{GivenAttributes, Order};
use wasmeter_model::{Attributes, Value, ValueRef};

use super::convert::{converted, value};

/// Attributes of a measurement.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a>(pub(crate) &'a [KeyValue]);

/// Seeded once a process: who chooses attribute values must not be able to choose hashes.
static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::default);

impl GivenAttributes for Given<'_> {
    #[inline]
    fn hash(&self) -> u64 {
        let mut hasher = SEED.build_hasher();
        for pair in self.0 {
            hasher.write(pair.key.as_str().as_bytes());
            match &pair.value {
                ApiValue::String(text) => hasher.write(text.as_str().as_bytes()),
                ApiValue::I64(int) => hasher.write_i64(*int),
                ApiValue::Bool(truth) => hasher.write_u8(u8::from(*truth)),
                // All NaNs are one value, and so are both zeros.
                ApiValue::F64(double) if double.is_nan() => hasher.write_u64(f64::NAN.to_bits()),
                ApiValue::F64(double) => hasher.write_u64((double + 0.0).to_bits()),
                // Rare enough to tell arrays apart by comparing.
                _ => hasher.write_u8(u8::MAX),
            }
        }
        hasher.finish()
    }

    #[inline]
    fn are(&self, set: &Attributes, order: Order) -> bool {
        self.0.len() == set.len()
            && self.0.iter().enumerate().all(|(given, pair)| {
                set.at(order.place(given)).is_some_and(|(key, value)| {
                    same(key.as_bytes(), pair.key.as_str().as_bytes()) && is_value(value, &pair.value)
                })
            })
    }

    fn to_set(&self) -> (Attributes, Option<Order>) {
        let set = converted(self.0);
        let order = Order::of(self.0.iter().map(|pair| pair.key.as_str()), &set);
        (set, order)
    }
}

#[inline]
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
#[inline]
fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match a.len() {
        8..=16 => first::<8>(a) == first::<8>(b) && last::<8>(a) == last::<8>(b),
        4..=7 => first::<4>(a) == first::<4>(b) && last::<4>(a) == last::<4>(b),
        0..=3 => a.iter().zip(b).all(|(a, b)| a == b),
        _ => a == b,
    }
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
    fn v10_nan_and_zero_are_found_again() {
        let double = |value: f64| [KeyValue::new("double", value)];
        for (a, b) in [(f64::NAN, -f64::NAN), (0.0, -0.0)] {
            let (set, order) = Given(&double(a)).to_set();
            assert!(Given(&double(b)).are(&set, order.unwrap()));
            assert!(same_hash(&double(a), &double(b)));
        }
    }

    #[test]
    fn a_key_given_twice_has_no_order() {
        let given = [KeyValue::new("key", 1_i64), KeyValue::new("key", 2_i64)];
        assert_eq!(Given(&given).to_set().1, None);
    }
}
