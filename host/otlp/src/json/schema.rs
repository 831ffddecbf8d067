//! The fields of every message that JSON has to know.

use super::bytes::{Base64, HexId};
use super::codecs::{Bool, Double, Int, List, Message, Optional, TemporalityCode, Text};
use crate::messages::{self, any_value, exemplar, metric, number_data_point};

json_message!(messages::ExportMetricsServiceRequest {
    resource_metrics: List<Message> = "resourceMetrics",
});

json_message!(messages::ExportMetricsServiceResponse {
    partial_success: Optional<Message> = "partialSuccess",
});

json_message!(messages::ExportMetricsPartialSuccess {
    rejected_data_points: Int = "rejectedDataPoints",
    error_message: Text = "errorMessage",
});

json_message!(messages::ResourceMetrics {
    resource: Optional<Message> = "resource",
    scope_metrics: List<Message> = "scopeMetrics",
    schema_url: Text = "schemaUrl",
});

json_message!(messages::Resource {
    attributes: List<Message> = "attributes",
    dropped_attributes_count: Int = "droppedAttributesCount",
    entity_refs: List<Message> = "entityRefs",
});

json_message!(messages::EntityRef {
    schema_url: Text = "schemaUrl",
    r#type: Text = "type",
    id_keys: List<Text> = "idKeys",
    description_keys: List<Text> = "descriptionKeys",
});

json_message!(messages::ScopeMetrics {
    scope: Optional<Message> = "scope",
    metrics: List<Message> = "metrics",
    schema_url: Text = "schemaUrl",
});

json_message!(messages::InstrumentationScope {
    name: Text = "name",
    version: Text = "version",
    attributes: List<Message> = "attributes",
    dropped_attributes_count: Int = "droppedAttributesCount",
});

json_message!(messages::Metric {
    name: Text = "name",
    description: Text = "description",
    unit: Text = "unit",
    metadata: List<Message> = "metadata",
} oneof data: metric::Data {
    Gauge(Message) = "gauge" | "gauge",
    Sum(Message) = "sum" | "sum",
    Histogram(Message) = "histogram" | "histogram",
    ExponentialHistogram(Message) = "exponentialHistogram" | "exponential_histogram",
    Summary(Message) = "summary" | "summary",
});

json_message!(messages::Gauge {
    data_points: List<Message> = "dataPoints",
});

json_message!(messages::Sum {
    data_points: List<Message> = "dataPoints",
    aggregation_temporality: TemporalityCode = "aggregationTemporality",
    is_monotonic: Bool = "isMonotonic",
});

json_message!(messages::Histogram {
    data_points: List<Message> = "dataPoints",
    aggregation_temporality: TemporalityCode = "aggregationTemporality",
});

json_message!(messages::ExponentialHistogram {
    data_points: List<Message> = "dataPoints",
    aggregation_temporality: TemporalityCode = "aggregationTemporality",
});

json_message!(messages::Summary {
    data_points: List<Message> = "dataPoints",
});

json_message!(messages::NumberDataPoint {
    attributes: List<Message> = "attributes",
    start_time_unix_nano: Int = "startTimeUnixNano",
    time_unix_nano: Int = "timeUnixNano",
    exemplars: List<Message> = "exemplars",
    flags: Int = "flags",
} oneof value: number_data_point::Value {
    AsDouble(Double) = "asDouble" | "as_double",
    AsInt(Int) = "asInt" | "as_int",
});

json_message!(messages::HistogramDataPoint {
    attributes: List<Message> = "attributes",
    start_time_unix_nano: Int = "startTimeUnixNano",
    time_unix_nano: Int = "timeUnixNano",
    count: Int = "count",
    sum: Optional<Double> = "sum",
    bucket_counts: List<Int> = "bucketCounts",
    explicit_bounds: List<Double> = "explicitBounds",
    exemplars: List<Message> = "exemplars",
    flags: Int = "flags",
    min: Optional<Double> = "min",
    max: Optional<Double> = "max",
});

json_message!(messages::ExponentialHistogramDataPoint {
    attributes: List<Message> = "attributes",
    start_time_unix_nano: Int = "startTimeUnixNano",
    time_unix_nano: Int = "timeUnixNano",
    count: Int = "count",
    sum: Optional<Double> = "sum",
    scale: Int = "scale",
    zero_count: Int = "zeroCount",
    positive: Optional<Message> = "positive",
    negative: Optional<Message> = "negative",
    flags: Int = "flags",
    exemplars: List<Message> = "exemplars",
    min: Optional<Double> = "min",
    max: Optional<Double> = "max",
    zero_threshold: Double = "zeroThreshold",
});

json_message!(messages::exponential_histogram_data_point::Buckets {
    offset: Int = "offset",
    bucket_counts: List<Int> = "bucketCounts",
});

json_message!(messages::SummaryDataPoint {
    attributes: List<Message> = "attributes",
    start_time_unix_nano: Int = "startTimeUnixNano",
    time_unix_nano: Int = "timeUnixNano",
    count: Int = "count",
    sum: Double = "sum",
    quantile_values: List<Message> = "quantileValues",
    flags: Int = "flags",
});

json_message!(messages::summary_data_point::ValueAtQuantile {
    quantile: Double = "quantile",
    value: Double = "value",
});

json_message!(messages::Exemplar {
    filtered_attributes: List<Message> = "filteredAttributes",
    time_unix_nano: Int = "timeUnixNano",
    span_id: HexId = "spanId",
    trace_id: HexId = "traceId",
} oneof value: exemplar::Value {
    AsDouble(Double) = "asDouble" | "as_double",
    AsInt(Int) = "asInt" | "as_int",
});

json_message!(messages::KeyValue {
    key: Text = "key",
    value: Optional<Message> = "value",
    key_strindex: Int = "keyStrindex",
});

json_message!(messages::AnyValue {} oneof value: any_value::Value {
    StringValue(Text) = "stringValue" | "string_value",
    BoolValue(Bool) = "boolValue" | "bool_value",
    IntValue(Int) = "intValue" | "int_value",
    DoubleValue(Double) = "doubleValue" | "double_value",
    ArrayValue(Message) = "arrayValue" | "array_value",
    KvlistValue(Message) = "kvlistValue" | "kvlist_value",
    BytesValue(Base64) = "bytesValue" | "bytes_value",
    StringValueStrindex(Int) = "stringValueStrindex" | "string_value_strindex",
});

json_message!(messages::ArrayValue {
    values: List<Message> = "values",
});

json_message!(messages::KeyValueList {
    values: List<Message> = "values",
});
