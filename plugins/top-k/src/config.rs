//! The configuration.

use std::num::NonZeroU32;

use serde::Deserialize;
use wasmeter_guest::Pattern;

/// Which metrics keep how many series.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "top-k"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Of several rules that fit a metric, the first is taken.
    pub(crate) rules: Vec<Rule>,
    /// The key of the one attribute that the sum of the rest has; its value is `true`. Left out: `other`.
    #[serde(default = "default_attribute")]
    pub(crate) attribute: Key,
}

fn default_attribute() -> Key {
    Key("other".to_owned())
}

/// A key of an attribute: not empty.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "String"))]
pub(crate) struct Key(pub(crate) String);

impl TryFrom<String> for Key {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() {
            Err("found an empty key, expected a name such as `other`")
        } else {
            Ok(Self(text))
        }
    }
}

/// Which metrics have how many series.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// Patterns (`?`, `*`) of metrics' names, of which one must fit; left out: any metric.
    #[serde(default = "any")]
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    metrics: Vec<Pattern>,
    /// How many series stay, beside the sum of the rest.
    pub(crate) k: NonZeroU32,
    /// What becomes of the rest of a gauge; left out: `leave`.
    #[serde(default)]
    pub(crate) gauges: Gauges,
}

/// What becomes of the rest of a gauge, whose values may mean nothing as a sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Gauges {
    /// Gauges keep all their series.
    #[default]
    Leave,
    /// The rest adds up.
    Sum,
    /// The largest value of the rest.
    Max,
    /// The smallest value of the rest.
    Min,
    /// The mean of the rest.
    Mean,
}

fn any() -> Vec<Pattern> {
    vec![Pattern::from("*")]
}

impl Rule {
    pub(crate) fn fits(&self, name: &str) -> bool {
        self.metrics.iter().any(|pattern| pattern.matches(name))
    }
}
