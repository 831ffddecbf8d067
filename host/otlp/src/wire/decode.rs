//! Decoding a name that is not known yet; `None` if the decoder of whole requests is to look at it.

use prost::Message;
use wasmeter_model::batch::MetricName;
use wasmeter_model::{Attributes, Resource, Scope};

use crate::decode::{MessageKind, check_shape_of, entities, is_nested, is_profile_reference, value_ref};
use crate::messages::{self, InstrumentationScope, KeyValue, Metric};

pub(super) fn resource(message: &[u8], schema_url: &[u8]) -> Option<Resource> {
    check_shape_of(MessageKind::Resource, message).ok()?;
    let resource = messages::Resource::decode(message).ok()?;
    let schema_url = std::str::from_utf8(schema_url).ok()?.into();
    let attributes = attributes(&resource.attributes)?;
    let (entities, malformed) = entities(&resource);
    (malformed == 0).then_some(Resource { attributes, schema_url, entities })
}

pub(super) fn scope(message: &[u8], schema_url: &[u8]) -> Option<Scope> {
    check_shape_of(MessageKind::Scope, message).ok()?;
    let scope = InstrumentationScope::decode(message).ok()?;
    Some(Scope {
        attributes: attributes(&scope.attributes)?,
        name: scope.name.into(),
        version: scope.version.into(),
        schema_url: std::str::from_utf8(schema_url).ok()?.into(),
    })
}

/// The fields of a metric without its points.
pub(super) fn metric(fields: &[u8]) -> Option<MetricName> {
    check_shape_of(MessageKind::Metric, fields).ok()?;
    let metric = Metric::decode(fields).ok()?;
    let metadata = attributes(&metric.metadata)?;
    let is_plain = metric.data.is_none() && !metric.name.is_empty();
    let (name, description, unit) = (metric.name.into(), metric.description.into(), metric.unit.into());
    is_plain.then_some(MetricName { name, description, unit, metadata })
}

/// The attributes, if nothing is to be said about them.
fn attributes(pairs: &[KeyValue]) -> Option<Attributes> {
    let is_unusual = |pair: &KeyValue| {
        let value = pair.value.as_ref();
        pair.key_strindex != 0 || is_profile_reference(value) || is_nested(value)
    };
    if pairs.iter().any(is_unusual) {
        return None;
    }
    let value = |pair: &KeyValue| value_ref(pair.value.as_ref(), None).to_value();
    let (set, overwritten) =
        Attributes::from_pairs(pairs.iter().map(|pair| (pair.key.as_str(), value(pair))));
    (overwritten == 0).then_some(set)
}
