//! The configuration.

use serde::Deserialize;

/// Which metrics are made of which.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "derive"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The metrics to make.
    pub(crate) metrics: Vec<Derived>,
}

/// A metric made of two others: a gauge, with a point for each pair of points with equal attributes.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Derived {
    /// Its name; one that no metric of the resource has.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) name: Name,
    /// For people; left out: empty.
    #[serde(default)]
    pub(crate) description: String,
    /// In UCUM; left out: `1` of a ratio, that of both metrics of a difference.
    pub(crate) unit: Option<String>,
    /// What it is of the two.
    pub(crate) operation: Operation,
    /// The numerator, or what is taken from.
    pub(crate) first: Operand,
    /// The denominator, or what is taken away.
    pub(crate) second: Operand,
}

/// What becomes of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    /// The first by the second; nothing where the second is 0.
    Ratio,
    /// The first less the second.
    Difference,
}

/// One of the two metrics.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Operand {
    /// Its name.
    pub(crate) metric: String,
    /// Which of its numbers; left out: `value`.
    #[serde(default)]
    pub(crate) take: Take,
}

/// A number of a point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Take {
    /// Of a gauge or sum.
    #[default]
    Value,
    /// The sum of a histogram or summary.
    Sum,
    /// How many values a histogram or summary counts.
    Count,
}

/// A name that the metrics API allows for instruments.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Name(pub(crate) String);

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || "_.-/".contains(letter);
        let is_name = text.len() <= 255
            && text.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && text.chars().all(allowed);
        if is_name {
            return Ok(Self(text));
        }
        Err(format!(
            "found the name `{text}`, expected a letter, then letters, digits, `_`, `.`, `-` or `/`, at most 255 in all"
        ))
    }
}
