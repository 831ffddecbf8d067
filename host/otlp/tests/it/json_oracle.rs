//! Our JSON beside that of an independent implementation of the protobuf JSON mapping (`prost-reflect`), which knows the
//! definitions but not OTLP's exception for ids.

use std::sync::LazyLock;

use proptest::prelude::*;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::Value;
use wasmeter_otlp::messages::{Exemplar, ExportMetricsServiceRequest, metric};

use crate::support::strategies;

static REQUEST: LazyLock<MessageDescriptor> = LazyLock::new(|| {
    let proto = concat!(env!("CARGO_MANIFEST_DIR"), "/proto");
    let file = "opentelemetry/proto/collector/metrics/v1/metrics_service.proto";
    let descriptors = protox::compile([file], [proto]).unwrap();
    let pool = DescriptorPool::from_file_descriptor_set(descriptors).unwrap();
    pool.get_message_by_name("opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest").unwrap()
});

fn oracle(request: &ExportMetricsServiceRequest) -> Value {
    let message = DynamicMessage::decode(REQUEST.clone(), request.encode_to_vec().as_slice()).unwrap();
    let options = SerializeOptions::new().use_enum_numbers(true);
    message.serialize_with_options(serde_json::value::Serializer, &options).unwrap()
}

/// Sets every trace and span id to `null`, since OTLP writes them in another way.
fn without_ids(mut value: Value) -> Value {
    fn blank(value: &mut Value) {
        match value {
            Value::Object(fields) => fields.iter_mut().for_each(|(key, value)| match key.as_str() {
                "traceId" | "spanId" => *value = Value::Null,
                _ => blank(value),
            }),
            Value::Array(items) => items.iter_mut().for_each(blank),
            _ => {}
        }
    }
    blank(&mut value);
    value
}

fn clear_ids(request: &mut ExportMetricsServiceRequest) {
    let scopes = request.resource_metrics.iter_mut().flat_map(|resource| &mut resource.scope_metrics);
    for data in scopes.flat_map(|scope| &mut scope.metrics).filter_map(|metric| metric.data.as_mut()) {
        let exemplars: Vec<&mut Exemplar> = match data {
            metric::Data::Gauge(data) => {
                data.data_points.iter_mut().flat_map(|point| &mut point.exemplars).collect()
            }
            metric::Data::Sum(data) => {
                data.data_points.iter_mut().flat_map(|point| &mut point.exemplars).collect()
            }
            metric::Data::Histogram(data) => {
                data.data_points.iter_mut().flat_map(|point| &mut point.exemplars).collect()
            }
            metric::Data::ExponentialHistogram(data) => {
                data.data_points.iter_mut().flat_map(|point| &mut point.exemplars).collect()
            }
            metric::Data::Summary(_) => Vec::new(),
        };
        for exemplar in exemplars {
            exemplar.trace_id.clear();
            exemplar.span_id.clear();
        }
    }
}

proptest! {
    #![proptest_config(strategies::config())]

    #[test]
    fn p8_what_we_write_is_what_the_mapping_says(request in strategies::request()) {
        let ours = without_ids(serde_json::to_value(&request).unwrap());
        prop_assert_eq!(ours, without_ids(oracle(&request)));
    }

    #[test]
    fn what_others_write_we_read(mut request in strategies::request()) {
        clear_ids(&mut request);
        let read: ExportMetricsServiceRequest = serde_json::from_value(oracle(&request)).unwrap();
        prop_assert_eq!(read.encode_to_vec(), request.encode_to_vec());
    }
}
