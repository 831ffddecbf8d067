//! Which attributes are meant, and what becomes of them.

use serde::Deserialize;
use wasmeter_guest::Pattern;

/// What becomes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// It stays, whatever later rules say.
    Keep,
    /// Equal values become equal texts that do not tell what they were.
    Hash,
    /// All values become one text.
    Mask,
    /// The attribute is removed.
    Drop,
}

/// One rule; of several that fit, the first is taken.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// Patterns (`?`, `*`) of keys, of which one must fit; left out: any key.
    #[serde(default = "any")]
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    keys: Vec<Pattern>,
    /// Patterns (`?`, `*`) of values as text, of which one must fit; left out: any value.
    #[serde(default = "any")]
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    values: Vec<Pattern>,
    /// What becomes of the value.
    pub(crate) action: Action,
}

fn any() -> Vec<Pattern> {
    vec![Pattern::from("*")]
}

impl Rule {
    pub(crate) fn fits(&self, key: &str, value: &str) -> bool {
        self.keys.iter().any(|pattern| pattern.matches(key))
            && self.values.iter().any(|pattern| pattern.matches(value))
    }
}
