//! Small requests to start from.

use prost::Message;
use wasmeter_otlp::messages::*;

/// A request with one metric.
pub(crate) fn request(metric: Metric) -> ExportMetricsServiceRequest {
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource {
                attributes: vec![text("service.name", "shop")],
                ..Resource::default()
            }),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(InstrumentationScope {
                    name: "shop.http".to_owned(),
                    ..InstrumentationScope::default()
                }),
                metrics: vec![metric],
                schema_url: String::new(),
            }],
            schema_url: String::new(),
        }],
    }
}

pub(crate) fn bytes(metric: Metric) -> Vec<u8> {
    request(metric).encode_to_vec()
}

pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, any_value::Value::StringValue(value.to_owned()))
}

pub(crate) fn attribute(key: &str, value: any_value::Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), key_strindex: 0 }
}

pub(crate) fn metric(data: metric::Data) -> Metric {
    Metric { name: "requests".to_owned(), unit: "1".to_owned(), data: Some(data), ..Metric::default() }
}

/// A cumulative monotonic sum.
pub(crate) fn sum(data_points: Vec<NumberDataPoint>) -> Metric {
    metric(metric::Data::Sum(Sum {
        data_points,
        aggregation_temporality: AggregationTemporality::Cumulative.into(),
        is_monotonic: true,
    }))
}

pub(crate) fn histogram(point: HistogramDataPoint) -> Metric {
    metric(metric::Data::Histogram(Histogram {
        data_points: vec![point],
        aggregation_temporality: AggregationTemporality::Delta.into(),
    }))
}

pub(crate) fn exponential(point: ExponentialHistogramDataPoint) -> Metric {
    metric(metric::Data::ExponentialHistogram(ExponentialHistogram {
        data_points: vec![point],
        aggregation_temporality: AggregationTemporality::Delta.into(),
    }))
}

pub(crate) fn summary(point: SummaryDataPoint) -> Metric {
    metric(metric::Data::Summary(Summary { data_points: vec![point] }))
}

/// A sound point from 1 s to 2 s.
pub(crate) fn int_point(value: i64) -> NumberDataPoint {
    NumberDataPoint {
        attributes: vec![text("method", "GET")],
        start_time_unix_nano: 1_000_000_000,
        time_unix_nano: 2_000_000_000,
        value: Some(number_data_point::Value::AsInt(value)),
        ..NumberDataPoint::default()
    }
}

/// An array in an array and so on, `levels` deep.
pub(crate) fn nested_array(levels: usize) -> AnyValue {
    (0..levels).fold(AnyValue::default(), |inner, _| AnyValue {
        value: Some(any_value::Value::ArrayValue(ArrayValue { values: vec![inner] })),
    })
}
