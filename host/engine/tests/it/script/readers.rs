//! Readers as scripts declare them: what they prefer, and what they leave out.

use std::collections::HashMap;
use std::sync::Arc;

use wasmeter_engine::{AttributesFilterResult, MetricFilter, MetricFilterResult, MetricStream, ReaderConfig};
use wasmeter_model::{Attributes, InstrumentKind, Pattern, Temporality, TemporalityPreference, Value};

use super::Fault;
use super::instruments::kind;
use super::values::{pair, text};
use super::views::aggregation;
use super::words::{Words, list, parsed};

/// Leaves out metrics by their name, and series by an attribute.
#[derive(Default)]
struct Filter {
    metrics: Vec<Pattern>,
    series: Vec<(String, Value)>,
}

/// `[cumulative|delta|low_memory] [KIND=[temporality=… aggregation=… cardinality_limit=…]]… [drop=[NAME…]]
/// [drop_series=[key=value…]]`
pub(super) fn read(words: &mut Words<'_>) -> Result<ReaderConfig, Fault> {
    let mut config = ReaderConfig::default();
    let mut temporalities = HashMap::new();
    let mut filter = Filter::default();
    for word in words.rest() {
        let of = match word {
            "cumulative" => Some(TemporalityPreference::Cumulative),
            "delta" => Some(TemporalityPreference::Delta),
            "low_memory" => Some(TemporalityPreference::LowMemory),
            _ => None,
        };
        if let Some(preference) = of {
            config.temporality = preference;
            continue;
        }
        let (of, settings) =
            word.split_once('=').ok_or_else(|| format!("`{word}` is no temporality preference"))?;
        match of {
            "drop" => {
                for name in list(settings)? {
                    filter.metrics.push(Pattern::new(text(name)?));
                }
            }
            "drop_series" => {
                filter.series = list(settings)?.into_iter().map(pair).collect::<Result<_, Fault>>()?;
            }
            _ => {
                let kind = kind(of).ok_or_else(|| format!("`{of}` is no kind of instrument"))?;
                of_kind(kind, settings, &mut config, &mut temporalities)?;
            }
        }
    }
    if !temporalities.is_empty() {
        let others = config.temporality;
        config.temporality = TemporalityPreference::by_kind(|kind| {
            temporalities.get(&kind).copied().unwrap_or_else(|| others.of(kind))
        });
    }
    if !filter.metrics.is_empty() || !filter.series.is_empty() {
        config.filter = Some(Arc::new(filter));
    }
    Ok(config)
}

/// What a reader prefers for one kind of instrument.
fn of_kind(
    kind: InstrumentKind,
    settings: &str,
    config: &mut ReaderConfig,
    temporalities: &mut HashMap<InstrumentKind, Temporality>,
) -> Result<(), Fault> {
    let mut others = Vec::new();
    for word in list(settings)? {
        match word.split_once('=') {
            Some(("cardinality_limit", limit)) => {
                config.cardinality_limits.insert(kind, parsed(limit)?);
            }
            Some(("temporality", "delta")) => drop(temporalities.insert(kind, Temporality::Delta)),
            Some(("temporality", "cumulative")) => drop(temporalities.insert(kind, Temporality::Cumulative)),
            Some(setting) => others.push(setting),
            None => return Err(format!("expected `key=value`, found `{word}`")),
        }
    }
    if !others.is_empty() {
        config.aggregations.insert(kind, aggregation(&others)?);
    }
    Ok(())
}

impl MetricFilter for Filter {
    fn test_metric(&self, metric: MetricStream<'_>) -> MetricFilterResult {
        if self.metrics.iter().any(|pattern| pattern.matches(metric.name)) {
            MetricFilterResult::Drop
        } else if self.series.is_empty() {
            MetricFilterResult::Accept
        } else {
            MetricFilterResult::AcceptPartial
        }
    }

    fn test_attributes(&self, _metric: MetricStream<'_>, attributes: &Attributes) -> AttributesFilterResult {
        let is_dropped = self.series.iter().any(|(key, value)| attributes.get(key) == Some(value.as_ref()));
        if is_dropped { AttributesFilterResult::Drop } else { AttributesFilterResult::Accept }
    }
}
