//! The sets this thread has measured with, so that a measurement with a known one costs a hash and a comparison, no
//! allocation and no lock.

use std::cell::RefCell;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use opentelemetry::{Array, KeyValue, Value};
use wasmeter_model::Attributes;

use super::converted;

/// The most sets of a thread; then it forgets them all. A little more than the cardinality limit of one stream.
const SETS_MAX: usize = 2048;
/// Sets with more text than this, in bytes, are converted each time: with [`SETS_MAX`] it bounds what a thread keeps.
const TEXT_MAX: usize = 1024;

struct Known {
    hash: u64,
    given: Box<[KeyValue]>,
    set: Attributes,
}

#[derive(Default)]
struct Cache {
    state: RandomState,
    known: HashTable<Known>,
}

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::default();
}

/// The set of these attributes, as the engine keeps it.
pub(crate) fn set_of(given: &[KeyValue]) -> Attributes {
    if given.is_empty() {
        return Attributes::empty();
    }
    // A thread that is ending has no cache any more.
    let cached = CACHE.try_with(|cache| cache.try_borrow_mut().ok().map(|mut cache| cache.set_of(given)));
    cached.ok().flatten().unwrap_or_else(|| converted(given))
}

impl Cache {
    fn set_of(&mut self, given: &[KeyValue]) -> Attributes {
        let hash = self.state.hash_one(given);
        if let Some(known) = self.known.find(hash, |known| known.hash == hash && same(&known.given, given)) {
            return known.set.clone();
        }
        let set = converted(given);
        if given.iter().map(weight).sum::<usize>() <= TEXT_MAX {
            if self.known.len() >= SETS_MAX {
                self.known.clear();
            }
            let known = Known { hash, given: given.into(), set: set.clone() };
            self.known.insert_unique(hash, known, |known| known.hash);
        }
        set
    }
}

/// Roughly what an attribute costs to keep.
fn weight(pair: &KeyValue) -> usize {
    let value = match &pair.value {
        Value::String(text) => text.as_str().len(),
        Value::Bool(_) | Value::I64(_) | Value::F64(_) => 8,
        // Arrays are rare and may be long.
        _ => return TEXT_MAX + 1,
    };
    pair.key.as_str().len().saturating_add(value)
}

/// The same attributes in the same order. Doubles are compared by their bits, or a NaN would never be found again.
fn same(known: &[KeyValue], given: &[KeyValue]) -> bool {
    known.len() == given.len()
        && known.iter().zip(given).all(|(known, given)| {
            known.key == given.key
                && match (&known.value, &given.value) {
                    (Value::F64(a), Value::F64(b)) => a.to_bits() == b.to_bits(),
                    (Value::Array(Array::F64(_)), _) => false,
                    (a, b) => a == b,
                }
        })
}

#[cfg(test)]
mod tests {
    use opentelemetry::KeyValue;

    use super::{CACHE, SETS_MAX, set_of};

    fn kept() -> usize {
        CACHE.with_borrow(|cache| cache.known.len())
    }

    #[test]
    fn a_set_is_kept_once_also_with_nan() {
        for _ in 0..3 {
            set_of(&[KeyValue::new("a", f64::NAN), KeyValue::new("b", "text")]);
        }
        assert_eq!(kept(), 1);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        for number in 0..2 * i64::try_from(SETS_MAX).unwrap() + 1 {
            let set = set_of(&[KeyValue::new("number", number)]);
            assert_eq!(set.get("number"), Some(wasmeter_model::ValueRef::Int(number)));
        }
        assert_eq!(kept(), 1);
        set_of(&[KeyValue::new("long", "x".repeat(2000))]);
        assert_eq!(kept(), 1);
    }

    #[test]
    fn order_matters_to_the_cache_but_not_to_the_set() {
        let (a, b) = (KeyValue::new("a", 1_i64), KeyValue::new("b", true));
        assert_eq!(set_of(&[a.clone(), b.clone()]), set_of(&[b, a]));
        assert_ne!(set_of(&[KeyValue::new("a", 1_i64)]), set_of(&[KeyValue::new("a", 1.0)]));
    }
}
