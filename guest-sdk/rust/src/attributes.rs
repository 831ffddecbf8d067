//! An attribute set.

use crate::Value;

/// The attributes of a point, a resource or a scope, in ascending order of their keys; keys are unique.
///
/// ```
/// use wasmeter_guest::{Attributes, Value};
///
/// let mut attributes: Attributes = [("http.route", "/"), ("url.path", "/?q=1")].into();
/// attributes.remove("url.path");
/// attributes.set("http.response.status_code", 200_i64);
/// assert_eq!(attributes.get("http.response.status_code"), Some(&Value::Int(200)));
/// assert_eq!(attributes.len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attributes {
    entries: Vec<(String, Value)>,
}

impl Attributes {
    /// The set without attributes.
    pub fn new() -> Self {
        Self::default()
    }

    fn position(&self, key: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|(entry, _)| entry.as_str().cmp(key))
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let at = self.position(key).ok()?;
        self.entries.get(at).map(|(_, value)| value)
    }

    /// The value of `key`, if it is there and text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// True if the set has `key`, whatever its value.
    pub fn contains(&self, key: &str) -> bool {
        self.position(key).is_ok()
    }

    /// Sets `key` to `value`; returns the value it had.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        match self.position(&key) {
            Ok(at) => self.entries.get_mut(at).map(|(_, old)| std::mem::replace(old, value)),
            Err(at) => {
                self.entries.insert(at, (key, value));
                None
            }
        }
    }

    /// Removes `key`; returns the value it had.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.position(key).ok()?;
        Some(self.entries.remove(at).1)
    }

    /// Removes the attributes for which `keep` is false.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &Value) -> bool) {
        self.entries.retain(|(key, value)| keep(key, value));
    }

    /// The attributes in ascending order of their keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// How many attributes the set has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True for the set without attributes.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Of attributes with the same key the last one wins, as with the host.
impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut set = Self::new();
        for (key, value) in pairs {
            let (key, value) = (key.into(), value.into());
            // The host gives attributes in order; a sort would be a tenth of a small component.
            if set.entries.last().is_none_or(|(last, _)| *last < key) {
                set.entries.push((key, value));
            } else {
                set.set(key, value);
            }
        }
        set
    }
}

/// The set without attributes.
impl From<()> for Attributes {
    fn from((): ()) -> Self {
        Self::new()
    }
}

impl<K: Into<String>, V: Into<Value>, const N: usize> From<[(K, V); N]> for Attributes {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl IntoIterator for Attributes {
    type Item = (String, Value);
    type IntoIter = std::vec::IntoIter<(String, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::Attributes;
    use crate::Value;

    #[test]
    fn order_does_not_matter_and_the_last_of_a_repeated_key_wins() {
        let one: Attributes = [("b", 2_i64), ("a", 1), ("b", 3)].into();
        let other: Attributes = [("a", 1_i64), ("b", 3)].into();
        assert_eq!(one, other);
    }

    #[test]
    fn set_keeps_keys_unique_and_sorted() {
        let mut set = Attributes::new();
        assert_eq!(set.set("m", 1_i64), None);
        assert_eq!(set.set("a", "x"), None);
        assert_eq!(set.set("m", 2_i64), Some(Value::Int(1)));
        assert_eq!(set.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["a", "m"]);
        assert_eq!(set.remove("m"), Some(Value::Int(2)));
        assert_eq!(set.remove("m"), None);
    }
}
