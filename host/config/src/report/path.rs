//! Where in the tree of keys a value stands.

use std::fmt::Write as _;

use super::problem::QUOTED_CHARS_MAX;

/// A key path such as `meter_provider.readers[0]`; the root's is empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path(String);

impl Path {
    /// The path of `key` below this one.
    pub(crate) fn key(&self, key: &str) -> Self {
        let mut below = self.0.clone();
        if !below.is_empty() {
            below.push('.');
        }
        below.push_str(&super::printable(key, QUOTED_CHARS_MAX));
        Self(below)
    }

    /// The path of the element at `index` below this one.
    pub(crate) fn index(&self, index: usize) -> Self {
        let mut below = self.0.clone();
        // Writing to a string cannot fail.
        if write!(below, "[{index}]").is_err() {
            below.push_str("[?]");
        }
        Self(below)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
