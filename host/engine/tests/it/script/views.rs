//! Views as scripts write them: `name=http.* kind=counter -> keep=[method]`.

use std::num::NonZeroU32;
use std::sync::Arc;

use wasmeter_engine::{Mode, View, ViewFault, Views};
use wasmeter_model::{
    Aggregation, AttributeRule, Attributes, Combine, ExemplarReservoir, Instrument, Pattern, StreamSpec,
    Value,
};

use super::Fault;
use super::values::text;
use super::words::{Words, list, parsed, within};

/// A condition on instruments: the field and what it is to be.
type Condition = (String, String);

/// What a computed rule does to a set that has a certain value.
#[derive(Clone)]
enum Computed {
    /// `replace=[key old new]`
    Replace(String, Value, Value),
    /// `refuse=[key value]`: measurements with it are dropped.
    Refuse(String, Value),
    /// `fail_on=[key value]`: the View cannot answer.
    Fail(String, Value),
}

/// A View of a script.
struct Scripted {
    name: String,
    conditions: Vec<Condition>,
    /// The streams of an instrument that meets all conditions; none at all drops it; a text is a fault.
    streams: Result<Vec<StreamSpec>, String>,
    /// By the tag of the rule.
    computed: Vec<Computed>,
}

/// Adds the View of a line to a generation: `view …` as of the configuration file, `plugin …` as of the plugin directory,
/// `mode composable|independent` for those of the file.
pub(super) fn read(line: &str, views: &mut Views) -> Result<(), Fault> {
    let mut words = Words::of(line)?;
    match words.next("`view`, `plugin` or `mode`")? {
        "view" => views.base.push(view(format!("view {}", views.base.len() + 1), &mut words)?),
        "plugin" => views.plugins.push(view(format!("plugin {}", views.plugins.len() + 1), &mut words)?),
        "mode" => {
            views.mode = match words.next("a mode")? {
                "independent" => Mode::Independent,
                "composable" => Mode::Composable,
                other => return Err(format!("`{other}` is no mode, expected `independent` or `composable`")),
            }
        }
        other => return Err(format!("expected `view`, `plugin` or `mode`, found `{other}`")),
    }
    words.end()
}

fn view(name: String, words: &mut Words<'_>) -> Result<Arc<dyn View>, Fault> {
    let words = words.rest();
    let mut parts = words.split(|word| *word == "->");
    let mut conditions = Vec::new();
    for word in parts.next().unwrap_or_default().iter().filter(|word| **word != "*") {
        let (field, wanted) =
            word.split_once('=').ok_or_else(|| format!("expected `field=pattern` or `*`, found `{word}`"))?;
        if !FIELDS.contains(&field) {
            return Err(format!("Views do not select by `{field}`, but by {}", FIELDS.join(", ")));
        }
        conditions.push((field.to_owned(), text(wanted)?));
    }
    let mut scripted = Scripted { name, conditions, streams: Ok(Vec::new()), computed: Vec::new() };
    let parts: Vec<&[&str]> = parts.collect();
    if parts.is_empty() {
        return Err("expected `->` and the stream".to_owned());
    }
    for part in parts {
        match part {
            ["drop"] => {}
            [fault] if fault.starts_with("fails=") => scripted.streams = Err(text(&fault["fails=".len()..])?),
            part => {
                let spec = stream(part, &mut scripted.computed)?;
                if let Ok(streams) = &mut scripted.streams {
                    streams.push(spec);
                }
            }
        }
    }
    Ok(Arc::new(scripted))
}

const FIELDS: [&str; 8] =
    ["name", "kind", "unit", "number", "scope", "scope_version", "scope_schema_url", "origin"];

fn field(instrument: &Instrument, field: &str) -> String {
    match field {
        "name" => instrument.name.to_string(),
        "kind" => instrument.kind.name().to_owned(),
        "unit" => instrument.unit.to_string(),
        "number" => format!("{:?}", instrument.number).to_lowercase(),
        "scope" => instrument.scope.name.to_string(),
        "scope_version" => instrument.scope.version.to_string(),
        "scope_schema_url" => instrument.scope.schema_url.to_string(),
        _ => format!("{:?}", instrument.origin).to_lowercase(),
    }
}

fn patterns(word: &str) -> Result<Vec<Pattern>, Fault> {
    list(word)?.into_iter().map(|pattern| Ok(Pattern::new(text(pattern)?))).collect()
}

fn stream(words: &[&str], computed: &mut Vec<Computed>) -> Result<StreamSpec, Fault> {
    let mut spec = StreamSpec::default();
    let mut settings = Vec::new();
    for word in words.iter().filter(|word| **word != "default") {
        let (key, value) =
            word.split_once('=').ok_or_else(|| format!("expected `key=value`, found `{word}`"))?;
        match key {
            "name" => spec.name = Some(text(value)?.into()),
            "description" => spec.description = Some(text(value)?.into()),
            "unit" => spec.unit = Some(text(value)?.into()),
            "keep" => spec.attributes.push(AttributeRule::Include(patterns(value)?)),
            "exclude" => spec.attributes.push(AttributeRule::Exclude(patterns(value)?)),
            "keep_resource" => spec.resource.push(AttributeRule::Include(patterns(value)?)),
            "exclude_resource" => spec.resource.push(AttributeRule::Exclude(patterns(value)?)),
            "replace" | "refuse" | "fail_on" => {
                spec.attributes.push(AttributeRule::Computed(u32::try_from(computed.len()).unwrap_or(0)));
                computed.push(rule(key, value)?);
            }
            "cardinality_limit" => spec.cardinality_limit = Some(parsed::<NonZeroU32>(value)?),
            "approximate_buckets" => spec.approximate_buckets = parsed(value)?,
            "exemplar_reservoir" => spec.exemplar_reservoir = reservoir(value)?,
            "combine" => {
                spec.combine = Some(match value {
                    "sum" => Combine::Sum,
                    "min" => Combine::Min,
                    "max" => Combine::Max,
                    "last" => Combine::Last,
                    _ => {
                        return Err(format!(
                            "`{value}` is no way to combine, expected sum, min, max or last"
                        ));
                    }
                });
            }
            _ => settings.push((key, value)),
        }
    }
    spec.aggregation = aggregation(&settings)?;
    Ok(spec)
}

/// `none`, `aligned_histogram_bucket`, or `simple_fixed_size[3]`.
fn reservoir(word: &str) -> Result<ExemplarReservoir, Fault> {
    match word {
        "none" => Ok(ExemplarReservoir::None),
        "aligned_histogram_bucket" => Ok(ExemplarReservoir::AlignedHistogramBucket),
        _ => match word.strip_prefix("simple_fixed_size") {
            Some(size) => Ok(ExemplarReservoir::SimpleFixedSize { size: parsed(within(size, '[', ']')?)? }),
            None => Err(format!("`{word}` is no exemplar reservoir")),
        },
    }
}

fn rule(key: &str, value: &str) -> Result<Computed, Fault> {
    let words: Result<Vec<String>, Fault> = list(value)?.into_iter().map(text).collect();
    match (key, &words?[..]) {
        ("replace", [key, old, new]) => {
            Ok(Computed::Replace(key.clone(), old.as_str().into(), new.as_str().into()))
        }
        ("refuse", [key, value]) => Ok(Computed::Refuse(key.clone(), value.as_str().into())),
        ("fail_on", [key, value]) => Ok(Computed::Fail(key.clone(), value.as_str().into())),
        _ => Err(format!("`{key}={value}` has too few or too many words")),
    }
}

/// `aggregation=` with the settings that belong to it; the names are those of the declarative configuration.
pub(super) fn aggregation(settings: &[(&str, &str)]) -> Result<Aggregation, Fault> {
    let (mut name, mut boundaries, mut record_min_max) = ("default", None, true);
    let (mut max_size, mut max_scale) = (160, 20);
    for (key, value) in settings {
        match *key {
            "aggregation" => name = value,
            "boundaries" => {
                let bounds: Result<Vec<f64>, Fault> = list(value)?.into_iter().map(parsed).collect();
                boundaries = Some(Arc::from(bounds?));
            }
            "record_min_max" => record_min_max = parsed(value)?,
            "max_size" => max_size = parsed(value)?,
            "max_scale" => max_scale = parsed(value)?,
            _ => return Err(format!("`{key}` is not known here")),
        }
    }
    match name {
        "default" => Ok(Aggregation::Default),
        "drop" => Ok(Aggregation::Drop),
        "sum" => Ok(Aggregation::Sum),
        "last_value" => Ok(Aggregation::LastValue),
        "explicit_bucket_histogram" => {
            Ok(Aggregation::ExplicitBucketHistogram { boundaries, record_min_max })
        }
        "base2_exponential_bucket_histogram" => {
            Ok(Aggregation::Base2ExponentialBucketHistogram { max_size, max_scale, record_min_max })
        }
        other => Err(format!("`{other}` is no aggregation")),
    }
}

impl Scripted {
    fn fault(&self, reason: &str) -> ViewFault {
        ViewFault { view: self.name.as_str().into(), reason: reason.to_owned() }
    }
}

impl View for Scripted {
    fn name(&self) -> &str {
        &self.name
    }

    fn streams(&self, instrument: &Instrument) -> Result<Option<Vec<StreamSpec>>, ViewFault> {
        let is_met =
            |(name, wanted): &Condition| Pattern::new(wanted.as_str()).matches(&field(instrument, name));
        if !self.conditions.iter().all(is_met) {
            return Ok(None);
        }
        self.streams.clone().map(Some).map_err(|reason| self.fault(&reason))
    }

    fn map_attributes(&self, tag: u32, attributes: &Attributes) -> Result<Option<Attributes>, ViewFault> {
        match self.computed.get(tag as usize) {
            Some(Computed::Replace(key, old, new)) if attributes.get(key) == Some(old.as_ref()) => {
                let kept = attributes.iter().filter(|(found, _)| *found != key.as_str());
                Ok(Some(kept.chain([(key.as_str(), new.as_ref())]).collect()))
            }
            Some(Computed::Refuse(key, value)) if attributes.get(key) == Some(value.as_ref()) => Ok(None),
            Some(Computed::Fail(key, value)) if attributes.get(key) == Some(value.as_ref()) => {
                Err(self.fault("it cannot answer"))
            }
            _ => Ok(Some(attributes.clone())),
        }
    }
}
