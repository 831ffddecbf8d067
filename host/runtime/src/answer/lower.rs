//! From the model to what a guest is asked: the question.

use wasmeter_model::{Attributes, Instrument, InstrumentKind, NumberKind, Origin, ValueRef};

use crate::bindings::types;
use crate::failure::{FailureKind, Refusal, bytes};

/// What an attribute costs beside its key and value.
const ATTRIBUTE_BYTES: usize = 32;

/// Turns an instrument into what `streams` is asked with.
///
/// # Errors
///
/// It is larger than `bytes_max`.
pub(crate) fn lower_instrument(
    instrument: &Instrument,
    bytes_max: usize,
) -> Result<types::Instrument, Refusal> {
    let Instrument { name, description, unit, kind, number, origin, scope, resource, advisory } = instrument;
    let texts =
        [name, description, unit, &scope.name, &scope.version, &scope.schema_url, &resource.schema_url];
    let boundaries = advisory.boundaries.as_deref().unwrap_or_default();
    let keys = advisory.attributes.as_deref().unwrap_or_default();
    let size = texts
        .iter()
        .map(|text| text.len())
        .chain([attributes_bytes(&scope.attributes), attributes_bytes(&resource.attributes)])
        .chain([boundaries.len().saturating_mul(size_of::<f64>())])
        .chain(keys.iter().map(|key| key.len().saturating_add(ATTRIBUTE_BYTES)))
        .fold(0usize, usize::saturating_add);
    refuse_beyond("the instrument and its resource", size, bytes_max)?;
    Ok(types::Instrument {
        name: name.to_string(),
        description: description.to_string(),
        unit: unit.to_string(),
        kind: match kind {
            InstrumentKind::Counter => types::InstrumentKind::Counter,
            InstrumentKind::UpDownCounter => types::InstrumentKind::UpDownCounter,
            InstrumentKind::Histogram => types::InstrumentKind::Histogram,
            InstrumentKind::Gauge => types::InstrumentKind::Gauge,
            InstrumentKind::ObservableCounter => types::InstrumentKind::ObservableCounter,
            InstrumentKind::ObservableUpDownCounter => types::InstrumentKind::ObservableUpDownCounter,
            InstrumentKind::ObservableGauge => types::InstrumentKind::ObservableGauge,
        },
        number: match number {
            NumberKind::Int => types::NumberKind::Int,
            NumberKind::Double => types::NumberKind::Double,
        },
        origin: match origin {
            Origin::Recorded => types::Origin::Recorded,
            Origin::Received => types::Origin::Received,
            Origin::Observed => types::Origin::Observed,
        },
        scope: types::Scope {
            name: scope.name.to_string(),
            version: scope.version.to_string(),
            schema_url: scope.schema_url.to_string(),
            attributes: attributes_of(&scope.attributes),
        },
        resource_attributes: attributes_of(&resource.attributes),
        resource_schema_url: resource.schema_url.to_string(),
        advisory_boundaries: advisory.boundaries.as_deref().map(<[f64]>::to_vec),
        advisory_attributes: advisory
            .attributes
            .as_deref()
            .map(|keys| keys.iter().map(ToString::to_string).collect()),
    })
}

/// Turns a set into what `map-attributes` is asked with.
///
/// # Errors
///
/// It is larger than `bytes_max`.
pub(crate) fn lower_attributes(
    attributes: &Attributes,
    bytes_max: usize,
) -> Result<Vec<types::Attribute>, Refusal> {
    refuse_beyond("the attribute set", attributes_bytes(attributes), bytes_max)?;
    Ok(attributes_of(attributes))
}

fn refuse_beyond(what: &str, size: usize, bytes_max: usize) -> Result<(), Refusal> {
    if size <= bytes_max {
        return Ok(());
    }
    Err(Refusal::new(
        FailureKind::QuestionTooLarge,
        format!("{what} has {size} bytes, and plugins are asked about at most {}", bytes(bytes_max as u64)),
        "have the sender send shorter attributes; the plugin is not to blame",
    ))
}

fn attributes_bytes(attributes: &Attributes) -> usize {
    attributes
        .iter()
        .map(|(key, value)| {
            let value_bytes = match value {
                ValueRef::Empty | ValueRef::Bool(_) | ValueRef::Int(_) | ValueRef::Double(_) => 0,
                ValueRef::String(text) => text.len(),
                ValueRef::Nested(text) => text.len(),
                ValueRef::Bytes(bytes) => bytes.len(),
            };
            key.len().saturating_add(value_bytes).saturating_add(ATTRIBUTE_BYTES)
        })
        .fold(0, usize::saturating_add)
}

fn attributes_of(attributes: &Attributes) -> Vec<types::Attribute> {
    attributes
        .iter()
        .map(|(key, value)| types::Attribute { key: key.to_string(), value: value_of(value) })
        .collect()
}

fn value_of(value: ValueRef<'_>) -> types::Value {
    match value {
        ValueRef::Empty => types::Value::Empty,
        ValueRef::Bool(truth) => types::Value::Boolean(truth),
        ValueRef::Int(int) => types::Value::Int(int),
        ValueRef::Double(double) => types::Value::Double(double),
        ValueRef::String(text) => types::Value::Text(text.to_string()),
        ValueRef::Bytes(bytes) => types::Value::Bytes(bytes.to_vec()),
        ValueRef::Nested(text) => types::Value::Nested(text.to_string()),
    }
}
