//! A frame as OTLP/JSON: the `MetricsData` of one line (OTLP specification, "JSON Protobuf Encoding"; "OpenTelemetry Protocol
//! File Exporter"). Says everything the frame says.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wasmeter_guest::frame::{
    AttributesRef, Buckets, ExemplarRef, Frame, MetricKind, MetricRef, Number, PointData, PointRef,
    Temporality, ValueRef,
};

use crate::json::Json;

/// The line, without the line feed at its end.
pub(crate) fn line(frame: &Frame) -> String {
    let mut json = Json::default();
    let metrics: Vec<MetricRef<'_>> = frame.metrics().collect();
    let resource_of = |metric: &MetricRef<'_>| metric.scope().resource().row();
    json.object(|json| {
        json.array_field("resourceMetrics", |json| {
            for of_resource in metrics.chunk_by(|a, b| resource_of(a) == resource_of(b)) {
                json.object(|json| resource_metrics(json, of_resource));
            }
        });
    });
    json.finish()
}

fn resource_metrics(json: &mut Json, metrics: &[MetricRef<'_>]) {
    let Some(first) = metrics.first() else { return };
    let resource = first.scope().resource();
    json.object_field("resource", |json| {
        attributes(json, "attributes", resource.attributes());
        json.small_field("droppedAttributesCount", resource.dropped_attributes().into());
    });
    json.array_field("scopeMetrics", |json| {
        for of_scope in metrics.chunk_by(|a, b| a.scope().row() == b.scope().row()) {
            json.object(|json| scope_metrics(json, of_scope));
        }
    });
    json.text_field("schemaUrl", resource.schema_url());
}

fn scope_metrics(json: &mut Json, metrics: &[MetricRef<'_>]) {
    let Some(scope) = metrics.first().map(MetricRef::scope) else { return };
    json.object_field("scope", |json| {
        json.text_field("name", scope.name());
        json.text_field("version", scope.version());
        attributes(json, "attributes", scope.attributes());
        json.small_field("droppedAttributesCount", scope.dropped_attributes().into());
    });
    json.array_field("metrics", |json| {
        for row in metrics {
            json.object(|json| metric(json, row));
        }
    });
    json.text_field("schemaUrl", scope.schema_url());
}

fn metric(json: &mut Json, metric: &MetricRef<'_>) {
    json.text_field("name", metric.name());
    json.text_field("description", metric.description());
    json.text_field("unit", metric.unit());
    attributes(json, "metadata", metric.metadata());
    let (data, has_temporality) = match metric.kind() {
        MetricKind::Empty => return,
        MetricKind::Gauge => ("gauge", false),
        MetricKind::Sum => ("sum", true),
        MetricKind::Histogram => ("histogram", true),
        MetricKind::ExponentialHistogram => ("exponentialHistogram", true),
        MetricKind::Summary => ("summary", false),
    };
    json.object_field(data, |json| {
        json.array_field("dataPoints", |json| {
            for row in metric.points() {
                json.object(|json| point(json, &row));
            }
        });
        if has_temporality {
            let code = match metric.temporality() {
                Temporality::Unspecified => 0,
                Temporality::Delta => 1,
                Temporality::Cumulative => 2,
            };
            json.small_field("aggregationTemporality", code);
        }
        if metric.monotonic() {
            json.literal_field("isMonotonic", "true");
        }
    });
}

fn point(json: &mut Json, point: &PointRef<'_>) {
    attributes(json, "attributes", point.attributes());
    json.wide_field("startTimeUnixNano", point.start());
    json.wide_field("timeUnixNano", point.time());
    match point.data() {
        PointData::Number(value) => number(json, value),
        PointData::Histogram(data) => {
            json.wide_field("count", data.count);
            known(json, data.sum, data.min, data.max);
            json.wide_array_field("bucketCounts", &data.counts);
            json.double_array_field("explicitBounds", &data.bounds);
        }
        PointData::ExponentialHistogram(data) => {
            json.wide_field("count", data.count);
            known(json, data.sum, data.min, data.max);
            json.small_field("scale", data.scale.into());
            json.wide_field("zeroCount", data.zero_count);
            json.double_field("zeroThreshold", data.zero_threshold);
            buckets(json, "positive", &data.positive);
            buckets(json, "negative", &data.negative);
        }
        PointData::Summary(data) => {
            json.wide_field("count", data.count);
            json.double_field("sum", data.sum);
            json.array_field("quantileValues", |json| {
                for (quantile, value) in data.quantiles.iter().zip(data.values.iter()) {
                    json.object(|json| {
                        json.double_field("quantile", *quantile);
                        json.double_field("value", *value);
                    });
                }
            });
        }
    }
    json.small_field("flags", point.flags().into());
    let exemplars = point.exemplars();
    if exemplars.len() > 0 {
        json.array_field("exemplars", |json| {
            for row in exemplars {
                json.object(|json| exemplar(json, row));
            }
        });
    }
}

fn known(json: &mut Json, sum: Option<f64>, min: Option<f64>, max: Option<f64>) {
    for (name, value) in [("sum", sum), ("min", min), ("max", max)] {
        if let Some(value) = value {
            json.double_field(name, value);
        }
    }
}

fn number(json: &mut Json, value: Option<Number>) {
    match value {
        None => {}
        Some(Number::Int(value)) => json.wide_field("asInt", value),
        Some(Number::Double(value)) => json.double_field("asDouble", value),
    }
}

fn buckets(json: &mut Json, name: &str, buckets: &Buckets<'_>) {
    if buckets.offset != 0 || !buckets.counts.is_empty() {
        json.object_field(name, |json| {
            json.small_field("offset", buckets.offset.into());
            json.wide_array_field("bucketCounts", &buckets.counts);
        });
    }
}

fn exemplar(json: &mut Json, row: ExemplarRef<'_>) {
    attributes(json, "filteredAttributes", row.attributes());
    let exemplar = row.to_exemplar();
    json.wide_field("timeUnixNano", exemplar.time);
    number(json, exemplar.value);
    // Ids are in hexadecimal, unlike other bytes.
    if exemplar.span_id != 0 {
        json.string_field("spanId", &format!("{:016x}", exemplar.span_id));
    }
    if exemplar.trace_id != 0 {
        json.string_field("traceId", &format!("{:032x}", exemplar.trace_id));
    }
}

fn attributes(json: &mut Json, name: &str, attributes: AttributesRef<'_>) {
    if attributes.is_empty() {
        return;
    }
    json.array_field(name, |json| {
        for (key, attribute) in attributes.iter() {
            json.object(|json| {
                json.string_field("key", key);
                value(json, attribute);
            });
        }
    });
}

fn value(json: &mut Json, value: ValueRef<'_>) {
    if let ValueRef::Nested(text) = value {
        // It is an `AnyValue` already. Line feeds in it can only be between its parts, where a space does as well.
        return json.literal_field("value", &text.replace(['\n', '\r'], " "));
    }
    json.object_field("value", |json| match value {
        ValueRef::Empty | ValueRef::Nested(_) => {}
        ValueRef::Bool(truth) => json.literal_field("boolValue", if truth { "true" } else { "false" }),
        ValueRef::Int(int) => json.wide_field("intValue", int),
        ValueRef::Double(double) => json.double_field("doubleValue", double),
        ValueRef::Text(text) => json.string_field("stringValue", text),
        ValueRef::Bytes(bytes) => json.string_field("bytesValue", &STANDARD.encode(bytes)),
    });
}

#[cfg(test)]
mod tests;
