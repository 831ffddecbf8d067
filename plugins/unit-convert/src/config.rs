//! The configuration.

use serde::Deserialize;
use wasmeter_guest::Pattern;

use crate::factor::Factor;

/// Which metrics are converted, and into what.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "unit-convert"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Of several rules that fit a metric, the first is taken.
    pub(crate) rules: Vec<Rule>,
    /// What becomes of exponential histograms whose buckets have no counterpart in the other unit, which is so unless the
    /// factor is a power of two; left out: `leave`.
    #[serde(default)]
    pub(crate) exponential_histograms: Exponential,
}

/// What becomes of exponential histograms that cannot be converted exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Exponential {
    /// The metric stays as it is, in its old unit, and the log says so.
    #[default]
    Leave,
    /// Values are counted in the nearest buckets; quantiles are then off by at most half a bucket's width.
    Nearest,
}

/// Which metrics are converted, and into what.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RuleConfig")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "RuleConfig"))]
pub(crate) struct Rule {
    metrics: Vec<Pattern>,
    from: String,
    pub(crate) to: String,
    pub(crate) factor: Factor,
}

/// Which metrics are converted, and into what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RuleConfig {
    /// Patterns (`?`, `*`) of metrics' names, of which one must fit; left out: any metric.
    #[serde(default = "any")]
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    metrics: Vec<Pattern>,
    /// The unit that a metric must have, in UCUM: `ms`, `By`.
    from: String,
    /// The unit that it gets.
    to: String,
    /// How many of `to` one of `from` is; needed where these are not units of time, data, length, mass or parts that are known.
    factor: Option<f64>,
}

fn any() -> Vec<Pattern> {
    vec![Pattern::from("*")]
}

impl TryFrom<RuleConfig> for Rule {
    type Error = String;

    fn try_from(config: RuleConfig) -> Result<Self, String> {
        let RuleConfig { metrics, from, to, factor } = config;
        let known = Factor::between(&from, &to);
        let factor = match (known, factor) {
            (Some(known), None) => known,
            (_, Some(factor)) => Factor::of(factor)
                .ok_or_else(|| format!("the factor {factor}: expected a finite number above 0"))?,
            (None, None) => {
                return Err(format!(
                    "found no `factor` from `{from}` to `{to}`, expected one: these are not two known units of the same quantity"
                ));
            }
        };
        if let Some(known) = known
            && (known.apply(1.0) / factor.apply(1.0) - 1.0).abs() > 1e-9
        {
            return Err(format!(
                "the factor {} from `{from}` to `{to}`: expected {}; leave it out",
                factor.apply(1.0),
                known.apply(1.0)
            ));
        }
        Ok(Self { metrics, from, to, factor: known.unwrap_or(factor) })
    }
}

impl Rule {
    pub(crate) fn fits(&self, name: &str, unit: &str) -> bool {
        self.from == unit && self.metrics.iter().any(|pattern| pattern.matches(name))
    }
}
