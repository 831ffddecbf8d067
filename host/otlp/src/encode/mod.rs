//! From a frame to an OTLP request.

mod backward;
mod direct;
mod pairs;
mod points;

use std::sync::Arc;

use bytes::Bytes;
use wasmeter_model::frame::{MetricRef, Part, PointKind};
use wasmeter_model::{EntityRefs, ValueRef};

use crate::decode::value_from_nested;
use crate::messages::{
    AggregationTemporality, AnyValue, EntityRef, ExponentialHistogram, ExportMetricsServiceRequest, Gauge,
    Histogram, InstrumentationScope, KeyValue, Metric, Resource, ResourceMetrics, ScopeMetrics, Sum, Summary,
    any_value, metric,
};

/// The request that says what a frame or a part of one says. Resources and scopes without metrics are left out, as the protocol advises
/// against empty envelopes. A nested value whose text is not OTLP/JSON (a plugin may have made it up) is sent as a string.
pub fn encode<'a>(part: impl Into<Part<'a>>) -> ExportMetricsServiceRequest {
    let part = part.into();
    let frame = part.frame();
    let mut request = ExportMetricsServiceRequest::default();
    let mut open = None;
    for row in part.metrics() {
        let (scope, resource) = (row.scope(), row.scope().resource());
        let here = (resource.row(), scope.row());
        if open.map(|(resource, _)| resource) != Some(here.0) {
            request.resource_metrics.push(ResourceMetrics {
                resource: Some(Resource {
                    attributes: attributes(frame.pairs(resource.attributes())),
                    dropped_attributes_count: resource.dropped_attributes(),
                    entity_refs: entity_refs(resource.entities()),
                }),
                scope_metrics: Vec::new(),
                schema_url: resource.schema_url().to_owned(),
            });
        }
        let Some(resource_metrics) = request.resource_metrics.last_mut() else { continue };
        if open != Some(here) {
            resource_metrics.scope_metrics.push(ScopeMetrics {
                scope: Some(InstrumentationScope {
                    name: scope.name().to_owned(),
                    version: scope.version().to_owned(),
                    attributes: attributes(frame.pairs(scope.attributes())),
                    dropped_attributes_count: scope.dropped_attributes(),
                }),
                metrics: Vec::new(),
                schema_url: scope.schema_url().to_owned(),
            });
            open = Some(here);
        }
        if let Some(scope_metrics) = resource_metrics.scope_metrics.last_mut() {
            scope_metrics.metrics.push(Metric {
                name: row.name().to_owned(),
                description: row.description().to_owned(),
                unit: row.unit().to_owned(),
                metadata: attributes(frame.pairs(row.metadata())),
                data: data(&row),
            });
        }
    }
    request
}

/// About how many bytes [`encode_protobuf`] makes of a part; takes a look at each point.
pub(crate) fn protobuf_size(part: Part<'_>) -> usize {
    direct::room(part)
}

/// [`encode`], in protobuf: the same bytes, written without the messages, and negative zeros with them.
pub fn encode_protobuf<'a>(part: impl Into<Part<'a>>) -> Bytes {
    direct::request(part.into())
}

/// [`encode`], in OTLP/JSON.
pub fn encode_json<'a>(part: impl Into<Part<'a>>) -> Vec<u8> {
    // Every field has a JSON form and writing to memory cannot fail; `{}` is the request without metrics.
    serde_json::to_vec(&encode(part)).unwrap_or_else(|_| b"{}".to_vec())
}

fn data(row: &MetricRef<'_>) -> Option<metric::Data> {
    let aggregation_temporality = match row.temporality() {
        None => AggregationTemporality::Unspecified,
        Some(wasmeter_model::Temporality::Delta) => AggregationTemporality::Delta,
        Some(wasmeter_model::Temporality::Cumulative) => AggregationTemporality::Cumulative,
    }
    .into();
    match row.kind() {
        PointKind::None => None,
        PointKind::Gauge => {
            Some(metric::Data::Gauge(Gauge { data_points: row.numbers().map(points::number).collect() }))
        }
        PointKind::Sum => Some(metric::Data::Sum(Sum {
            data_points: row.numbers().map(points::number).collect(),
            aggregation_temporality,
            is_monotonic: row.monotonic(),
        })),
        PointKind::Histogram => Some(metric::Data::Histogram(Histogram {
            data_points: row.histograms().map(points::histogram).collect(),
            aggregation_temporality,
        })),
        PointKind::ExponentialHistogram => Some(metric::Data::ExponentialHistogram(ExponentialHistogram {
            data_points: row.exponentials().map(points::exponential).collect(),
            aggregation_temporality,
        })),
        PointKind::Summary => Some(metric::Data::Summary(Summary {
            data_points: row.summaries().map(points::summary).collect(),
        })),
    }
}

fn entity_refs(entities: &EntityRefs) -> Vec<EntityRef> {
    let keys = |keys: &[Arc<str>]| keys.iter().map(|key| key.to_string()).collect();
    let entities = entities.as_slice().iter().map(|entity| EntityRef {
        schema_url: entity.schema_url.as_ref().to_owned(),
        r#type: entity.entity_type.as_ref().to_owned(),
        id_keys: keys(&entity.id_keys),
        description_keys: keys(&entity.description_keys),
    });
    entities.collect()
}

fn attributes<'a>(pairs: impl Iterator<Item = (&'a str, ValueRef<'a>)>) -> Vec<KeyValue> {
    pairs
        .map(|(key, value)| KeyValue { key: key.to_owned(), value: Some(any_value(value)), key_strindex: 0 })
        .collect()
}

fn any_value(value: ValueRef<'_>) -> AnyValue {
    let value = match value {
        ValueRef::Empty => None,
        ValueRef::Bool(truth) => Some(any_value::Value::BoolValue(truth)),
        ValueRef::Int(int) => Some(any_value::Value::IntValue(int)),
        ValueRef::Double(double) => Some(any_value::Value::DoubleValue(double)),
        ValueRef::String(text) => Some(any_value::Value::StringValue(text.to_owned())),
        ValueRef::Bytes(bytes) => Some(any_value::Value::BytesValue(bytes.to_vec())),
        ValueRef::Nested(text) => match value_from_nested(text) {
            Some(nested) => return nested,
            None => Some(any_value::Value::StringValue(text.to_owned())),
        },
    };
    AnyValue { value }
}
