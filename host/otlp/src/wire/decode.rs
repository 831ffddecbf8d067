//! Decoding a name that is not known yet; `None` if the decoder of whole requests is to look at it.

use std::sync::Arc;

use prost::Message;
use wasmeter_model::batch::MetricName;
use wasmeter_model::{Attributes, Resource, Scope};

use crate::decode::{MessageKind, check_shape_of, entities, is_profile_reference, nested_text, value_ref};
use crate::messages::{self, InstrumentationScope, KeyValue, Metric};

/// What was decoded.
#[derive(Debug)]
pub(super) struct Name<T> {
    pub(super) value: Arc<T>,
    /// Of how many repeated elements its message is: they count among those of each request that has it.
    pub(super) elements: usize,
}

impl<T> Name<T> {
    fn new(value: T, elements: usize) -> Self {
        Self { value: Arc::new(value), elements }
    }
}

impl<T> Clone for Name<T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), elements: self.elements }
    }
}

pub(super) fn resource(message: &[u8], schema_url: &[u8]) -> Option<Name<Resource>> {
    let elements = check_shape_of(MessageKind::Resource, message).ok()?;
    let resource = messages::Resource::decode(message).ok()?;
    let schema_url = std::str::from_utf8(schema_url).ok()?.into();
    let attributes = attributes(&resource.attributes)?;
    let (entities, malformed) = entities(&resource);
    (malformed == 0).then(|| Name::new(Resource { attributes, schema_url, entities }, elements))
}

pub(super) fn scope(message: &[u8], schema_url: &[u8]) -> Option<Name<Scope>> {
    let elements = check_shape_of(MessageKind::Scope, message).ok()?;
    let scope = InstrumentationScope::decode(message).ok()?;
    let scope = Scope {
        attributes: attributes(&scope.attributes)?,
        name: scope.name.into(),
        version: scope.version.into(),
        schema_url: std::str::from_utf8(schema_url).ok()?.into(),
    };
    Some(Name::new(scope, elements))
}

/// The fields of a metric without its points.
pub(super) fn metric(fields: &[u8]) -> Option<Name<MetricName>> {
    let elements = check_shape_of(MessageKind::Metric, fields).ok()?;
    let metric = Metric::decode(fields).ok()?;
    let metadata = attributes(&metric.metadata)?;
    let is_plain = metric.data.is_none() && !metric.name.is_empty();
    let (name, description, unit) = (metric.name.into(), metric.description.into(), metric.unit.into());
    is_plain.then(|| Name::new(MetricName { name, description, unit, metadata }, elements))
}

/// The attributes, if nothing is to be said about them. Arrays and maps are welcome: resources have them as a rule (the arguments of a
/// process are one), and are decoded once.
fn attributes(pairs: &[KeyValue]) -> Option<Attributes> {
    let is_unusual = |pair: &KeyValue| pair.key_strindex != 0 || is_profile_reference(pair.value.as_ref());
    if pairs.iter().any(is_unusual) {
        return None;
    }
    let value = |pair: &KeyValue| value_ref(pair.value.as_ref(), nested_text(pair).as_deref()).to_value();
    let (set, overwritten) =
        Attributes::from_pairs(pairs.iter().map(|pair| (pair.key.as_str(), value(pair))));
    (overwritten == 0).then_some(set)
}
