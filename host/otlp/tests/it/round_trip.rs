//! Nothing a frame can hold is lost on the way in or out.

use proptest::prelude::*;
use prost::Message;
use wasmeter_model::frame::{FrameBuilder, MetricRow, NumberRow, PointHeader, PointKind};
use wasmeter_model::{Number, ValueRef};
use wasmeter_otlp::decode::{Decoded, Refused, decode_json, decode_protobuf};
use wasmeter_otlp::encode::{encode, encode_json, encode_protobuf};
use wasmeter_otlp::messages::{ExportMetricsServiceRequest, any_value, metric};

use crate::support::rows::rows;
use crate::support::strategies;

/// Compared by their bytes, where a NaN equals itself.
fn same(a: &ExportMetricsServiceRequest, b: &ExportMetricsServiceRequest) -> bool {
    a.encode_to_vec() == b.encode_to_vec()
}

proptest! {
    #![proptest_config(strategies::config())]

    #[test]
    fn a_request_survives_the_frame(request in strategies::request()) {
        let Decoded { frame, refused, .. } = decode_protobuf(&request.encode_to_vec()).unwrap();
        prop_assert_eq!(&refused, &Refused::default());
        let again = encode(&frame);
        prop_assert!(same(&again, &request), "{:#?}\n\nbecame\n\n{:#?}", request, again);
    }

    #[test]
    fn what_is_written_directly_is_what_prost_writes_of_the_messages(requests in proptest::collection::vec(strategies::request(), 1..3)) {
        for request in requests {
            let frame = decode_protobuf(&request.encode_to_vec()).unwrap().frame;
            prop_assert_eq!(encode_protobuf(&frame), encode(&frame).encode_to_vec());
        }
    }

    #[test]
    fn a_request_survives_json(request in strategies::request()) {
        let text = serde_json::to_string(&request).unwrap();
        let again: ExportMetricsServiceRequest = serde_json::from_str(&text).unwrap();
        prop_assert!(same(&again, &request), "{text}");
    }

    #[test]
    fn both_encodings_of_a_frame_decode_to_the_same_rows(request in strategies::request()) {
        let frame = decode_protobuf(&request.encode_to_vec()).unwrap().frame;
        let expected = rows(&frame);
        prop_assert_eq!(&rows(&decode_protobuf(&encode_protobuf(&frame)).unwrap().frame), &expected);
        prop_assert_eq!(&rows(&decode_json(&encode_json(&frame)).unwrap().frame), &expected);
    }
}

#[test]
fn a_made_up_nested_value_is_sent_as_the_string_it_is() {
    let mut builder = FrameBuilder::new();
    let none = builder.set([]);
    let attributes = builder.set([("a", ValueRef::Nested("no json"))]);
    builder.resource(none, "", 0);
    builder.scope("", "", "", none, 0);
    let row = MetricRow {
        name: "m",
        description: "",
        unit: "",
        kind: PointKind::Gauge,
        temporality: None,
        monotonic: false,
    };
    builder.metric(row, none);
    let header = PointHeader { attributes, ..PointHeader::default() };
    builder.number(NumberRow { header, value: Some(Number::Int(1)) });

    let request = encode(&builder.finish());
    let Some(metric::Data::Gauge(gauge)) = &request.resource_metrics[0].scope_metrics[0].metrics[0].data
    else {
        panic!("not a gauge: {request:?}");
    };
    let value = gauge.data_points[0].attributes[0].value.as_ref().unwrap().value.clone();
    assert_eq!(value, Some(any_value::Value::StringValue("no json".to_owned())));
}
