//! A slice of the API's attributes as the engine looks it up: hashed and compared as it is, nothing made of it.

use opentelemetry::{KeyValue, Value as ApiValue};
use wasmeter_engine::{GivenAttributes, Order, Packed};
use wasmeter_model::{Attribute, Attributes, ValueRef};

use super::convert::{converted, value};

/// Attributes of a measurement.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a>(pub(crate) &'a [KeyValue]);

/// With a value other than the frequent ones. Apart, and `Packed` by value: for the frequent ones all stays in registers then.
#[inline(never)]
fn with_rare<'a>(mut packed: Packed<'a>, value: &ApiValue) -> Packed<'a> {
    match value {
        ApiValue::Bool(truth) => packed.truth(*truth),
        ApiValue::F64(double) => packed.double(*double),
        // Rare enough to tell arrays apart by comparing.
        _ => packed.hash_only(0),
    }
    packed
}

impl GivenAttributes for Given<'_> {
    #[inline(always)]
    fn pack(&self, packed: &mut Packed<'_>) {
        for pair in self.0 {
            packed.key(pair.key.as_str());
            if let ApiValue::String(text) = &pair.value {
                packed.text(text.as_str());
            } else if let ApiValue::I64(int) = &pair.value {
                packed.int(*int);
            } else {
                *packed = with_rare(*packed, &pair.value);
            }
        }
    }

    fn are(&self, set: &Attributes, order: Order) -> bool {
        if self.0.len() != set.len() {
            return false;
        }
        if order == Order::SORTED {
            return self.0.iter().enumerate().all(|(place, pair)| is_at(set, place, pair));
        }
        self.0.iter().enumerate().all(|(given, pair)| is_at(set, order.place(given), pair))
    }

    fn to_set(&self) -> (Attributes, Option<Order>) {
        let set = converted(self.0);
        let order = Order::of(self.0.iter().map(|pair| pair.key.as_str()), &set);
        (set, order)
    }
}

#[inline(always)]
fn is_at(set: &Attributes, place: usize, pair: &KeyValue) -> bool {
    set.attribute(place).is_some_and(|known| {
        same(known.key_bytes(), pair.key.as_str().as_bytes()) && is_value(known, &pair.value)
    })
}

#[inline(always)]
fn is_value(known: Attribute<'_>, given: &ApiValue) -> bool {
    if let ApiValue::String(given) = given {
        return known.text_bytes().is_some_and(|known| same(known, given.as_str().as_bytes()));
    }
    match (known.value(), given) {
        (ValueRef::Int(known), ApiValue::I64(given)) => known == *given,
        (ValueRef::Bool(known), ApiValue::Bool(given)) => known == *given,
        (known @ ValueRef::Double(_), ApiValue::F64(given)) => known == ValueRef::Double(*given),
        (known @ ValueRef::Nested(_), ApiValue::Array(_)) => known == value(given).as_ref(),
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
        }
    }

    #[test]
    fn a_key_given_twice_has_no_order() {
        let given = [KeyValue::new("key", 1_i64), KeyValue::new("key", 2_i64)];
        assert_eq!(Given(&given).to_set().1, None);
    }
}
