//! An attribute set: the identity of a series.

use std::hash::{BuildHasher, Hash, Hasher};

use triomphe::ThinArc;

use crate::{Key, Value};

/// An immutable attribute set: sorted by key, keys unique, cheap to clone and to compare.
///
/// Equality does not depend on the order the attributes were given in (common specification, "Attribute collections").
/// A clone is eight bytes and one reference count; the hash is computed once. A set is one block of memory: 24 bytes and 32 for each
/// attribute, short texts included.
#[derive(Clone)]
pub struct Attributes(ThinArc<u64, (Key, Value)>);

/// One fixed seed, so that a set hashes alike wherever it was made in this process and its stored hash can be reused.
fn hash_entries(entries: &[(Key, Value)]) -> u64 {
    foldhash::fast::FixedState::with_seed(0x7761_736d_6574_6572).hash_one(entries)
}

impl Attributes {
    /// The set without attributes.
    pub fn empty() -> Self {
        static EMPTY: std::sync::OnceLock<Attributes> = std::sync::OnceLock::new();
        EMPTY.get_or_init(|| Self::from_sorted(Vec::new())).clone()
    }

    /// Builds a set from attributes in any order. Of attributes with the same key the last one wins, as the
    /// specification asks of collections; the second result says how many were overwritten that way.
    pub fn from_pairs<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> (Self, usize)
    where
        K: Into<Key>,
        V: Into<Value>,
    {
        let mut entries: Vec<(Key, Value)> =
            pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        // Stable, so that among equal keys the last one given stands last.
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        let given = entries.len();
        entries.reverse();
        entries.dedup_by(|(a, _), (b, _)| a == b);
        entries.reverse();
        let overwritten = given - entries.len();
        (Self::from_sorted(entries), overwritten)
    }

    fn from_sorted(entries: Vec<(Key, Value)>) -> Self {
        Self(ThinArc::from_header_and_iter(hash_entries(&entries), entries.into_iter()))
    }

    #[inline]
    fn entries(&self) -> &[(Key, Value)] {
        &self.0.slice
    }

    /// The set without the attributes for which `keep` is false. Returns a clone when nothing is removed.
    pub fn filter(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        let kept: Vec<_> = self.entries().iter().filter(|(key, _)| keep(key)).cloned().collect();
        if kept.len() == self.entries().len() { self.clone() } else { Self::from_sorted(kept) }
    }

    /// The value of `key`. Costs a binary search.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let at = self.entries().binary_search_by(|(entry, _)| entry.as_str().cmp(key)).ok()?;
        self.entries().get(at).map(|(_, value)| value)
    }

    /// The place of `key` among the attributes in ascending order. Costs a binary search.
    pub fn place(&self, key: &str) -> Option<usize> {
        self.entries().binary_search_by(|(entry, _)| entry.as_str().cmp(key)).ok()
    }

    /// The attribute at `place` in ascending order.
    #[inline]
    pub fn at(&self, place: usize) -> Option<(&str, &Value)> {
        self.entries().get(place).map(|(key, value)| (key.as_str(), value))
    }

    /// The hash that was computed when the set was made: equal sets have equal ones, within a process.
    #[inline]
    pub fn hash_value(&self) -> u64 {
        self.0.header.header
    }

    /// True if both are the same block of memory, which costs no look at it. Equal sets need not be.
    #[inline]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.ptr() == other.0.ptr()
    }

    /// The attributes in ascending order of their keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Key, &Value)> {
        self.entries().iter().map(|(key, value)| (key, value))
    }

    /// How many attributes the set has.
    #[inline]
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// True for the set without attributes.
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }
}

impl Default for Attributes {
    fn default() -> Self {
        Self::empty()
    }
}

impl std::fmt::Debug for Attributes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl PartialEq for Attributes {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other) || (self.hash_value() == other.hash_value() && self.entries() == other.entries())
    }
}

impl Eq for Attributes {}

impl Hash for Attributes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash_value());
    }
}

impl<K: Into<Key>, V: Into<Value>> FromIterator<(K, V)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self::from_pairs(pairs).0
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(set.get("a"), Some(&Value::Int(4)));
        assert_eq!((set.len(), overwritten), (2, 2));
    }

    #[test]
    fn a_set_is_small() {
        assert_eq!((size_of::<Attributes>(), size_of::<(Key, Value)>()), (8, 32));
    }

    #[test]
    fn nan_and_zero_each_name_one_series() {
        let set = |double: f64| Attributes::from_iter([("x", double)]);
        assert_eq!(set(f64::NAN), set(-f64::NAN));
        assert_eq!(set(0.0), set(-0.0));
        assert_ne!(set(0.0), set(1.0));
    }
}
