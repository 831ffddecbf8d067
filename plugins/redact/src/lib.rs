//! Hashes, masks or drops attribute values that must not leave. See the README for what it reaches and what it does not.

mod hash;
mod rule;

use std::borrow::Cow;

use serde::Deserialize;
use wasmeter_guest::frame::{Edit, Frame, ValueRef};
use wasmeter_guest::{Fault, Outcome, Processor, Value};

use hash::Hasher;
use rule::{Action, Rule};

/// The key of the series that takes what exceeds the cardinality limit; it is the host's and tells nothing about anyone.
const OVERFLOW_KEY: &str = "otel.metric.overflow";

/// The processor.
#[derive(Deserialize)]
#[serde(try_from = "Config")]
pub struct Redact {
    rules: Vec<Rule>,
    mask: String,
    hasher: Option<Hasher>,
}

/// Which attribute values must not leave, and what becomes of them.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "redact"))]
#[serde(deny_unknown_fields)]
struct Config {
    /// Of several rules that fit an attribute, the first is taken.
    rules: Vec<Rule>,
    /// What masked values become; left out: `***`.
    #[serde(default = "default_mask")]
    mask: String,
    /// The key of the hashes, chosen at random; needed where a rule hashes.
    #[cfg_attr(test, schemars(length(min = 16)))]
    secret: Option<String>,
}

fn default_mask() -> String {
    "***".to_owned()
}

impl TryFrom<Config> for Redact {
    type Error = String;

    fn try_from(config: Config) -> Result<Self, String> {
        let Config { rules, mask, secret } = config;
        let hashes = rules.iter().any(|rule| rule.action == Action::Hash);
        let hasher = match secret {
            Some(secret) => Some(Hasher::new(&secret)?),
            None if hashes => {
                return Err("found a rule that hashes and no `secret`, expected one: without it, whoever \
                            knows what values there may be can hash them and compare"
                    .to_owned());
            }
            None => None,
        };
        Ok(Self { rules, mask, hasher })
    }
}

impl Redact {
    fn edit(&self, key: &str, value: ValueRef<'_>) -> Edit {
        if key == OVERFLOW_KEY {
            return Edit::Keep;
        }
        let text = text(value);
        let Some(rule) = self.rules.iter().find(|rule| rule.fits(key, &text)) else { return Edit::Keep };
        match (rule.action, &self.hasher) {
            (Action::Keep, _) => Edit::Keep,
            (Action::Drop, _) => Edit::Remove,
            (Action::Hash, Some(hasher)) => Edit::Replace(Value::Text(hasher.hash(&text))),
            // A rule that hashes has a hasher; should it not, nothing must leave.
            (Action::Mask | Action::Hash, _) => Edit::Replace(Value::Text(self.mask.clone())),
        }
    }
}

/// A value as patterns see it.
fn text(value: ValueRef<'_>) -> Cow<'_, str> {
    match value {
        ValueRef::Empty => Cow::Borrowed(""),
        ValueRef::Bool(truth) => Cow::Borrowed(if truth { "true" } else { "false" }),
        ValueRef::Int(int) => Cow::Owned(int.to_string()),
        ValueRef::Double(double) => Cow::Owned(double.to_string()),
        ValueRef::Text(text) | ValueRef::Nested(text) => Cow::Borrowed(text),
        ValueRef::Bytes(bytes) => String::from_utf8_lossy(bytes),
    }
}

impl Processor for Redact {
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn process(&self, mut frame: Frame) -> Result<Outcome, Fault> {
        if !frame.edit_attributes(|key, value| self.edit(key, value)) {
            return Ok(Outcome::Unchanged);
        }
        let merged = frame.merge_points();
        if merged.dropped > 0 {
            wasmeter_guest::warn!(
                "{} points became the same series as others and could not be added to them: summaries, or histograms of \
                 other bounds; hash instead of masking or dropping what tells them apart",
                merged.dropped
            );
        }
        Ok(Outcome::Replaced(frame))
    }
}

wasmeter_guest::register_processor!(Redact);

#[cfg(test)]
mod tests;
