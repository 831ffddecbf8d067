//! Nothing a frame can hold is lost on the way in or out.

use std::num::NonZeroUsize;

use proptest::prelude::*;
use prost::Message;
use wasmeter_model::frame::{
    ExemplarRow, ExponentialRow, FrameBuilder, HistogramRow, MetricRow, NumberRow, PointHeader, PointKind,
    SummaryRow,
};
use wasmeter_model::{Attributes, Number, Temporality, Timestamp, ValueRef};
use wasmeter_otlp::decode::{Decoded, Refused, decode_json, decode_protobuf};
use wasmeter_otlp::encode::{encode, encode_json, encode_protobuf};
use wasmeter_otlp::messages::{AnyValue, ExportMetricsServiceRequest, KeyValue, any_value, metric};
use wasmeter_otlp::wire::Names;

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
    fn a_part_of_a_frame_is_written_as_a_copy_of_it_is(request in strategies::request(), points_max in 1_usize..5) {
        let frame = decode_protobuf(&request.encode_to_vec()).unwrap().frame;
        for part in frame.parts(NonZeroUsize::new(points_max).unwrap()) {
            let bytes = encode_protobuf(part);
            prop_assert_eq!(&bytes, &encode(part).encode_to_vec());
            prop_assert_eq!(&bytes, &encode_protobuf(&*part.to_frame()));
            prop_assert_eq!(decode_protobuf(&bytes).unwrap().frame.point_count(), part.point_count());
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

/// Where an attribute was written is remembered only up to a length, and as a part of one kind of point.
#[test]
fn long_attributes_are_written_as_often_as_they_come_and_for_each_kind() {
    for length in [31, 64, 127, 128, 16_000, 65_520, 65_526, 65_527, 65_528, 65_529, 65_540, 200_000] {
        let (text, other) = ("x".repeat(length), "y".repeat(length + 1));
        let mut builder = FrameBuilder::new();
        let none = builder.set([]);
        let attributes = builder.set([("k", ValueRef::String(&text)), ("l", ValueRef::String(&other))]);
        builder.resource(attributes, "", 0);
        builder.scope("", "", "", attributes, 0);
        let header = PointHeader { attributes, ..PointHeader::default() };
        for kind in [PointKind::Gauge, PointKind::Histogram, PointKind::Gauge] {
            let (temporality, monotonic) = (None, false);
            builder.metric(
                MetricRow { name: "m", description: "", unit: "", kind, temporality, monotonic },
                none,
            );
            for _ in 0..2 {
                builder.number(NumberRow { header, value: Some(Number::Int(1)) });
                builder.histogram(HistogramRow {
                    header,
                    count: 1,
                    sum: None,
                    min: None,
                    max: None,
                    bounds: &[],
                    counts: &[],
                });
            }
        }
        let frame = builder.finish();
        assert_eq!(frame.point_count(), 6);
        assert_eq!(encode_protobuf(&frame), encode(&frame).encode_to_vec(), "{length}");
    }
}

/// All lists of attributes of a request.
fn lists(request: &mut ExportMetricsServiceRequest) -> Vec<&mut Vec<KeyValue>> {
    let mut lists = Vec::new();
    for resource in &mut request.resource_metrics {
        lists.extend(resource.resource.as_mut().map(|resource| &mut resource.attributes));
        for scope in &mut resource.scope_metrics {
            lists.extend(scope.scope.as_mut().map(|scope| &mut scope.attributes));
            for metric in &mut scope.metrics {
                lists.push(&mut metric.metadata);
                match metric.data.as_mut().unwrap() {
                    metric::Data::Gauge(gauge) => {
                        for point in &mut gauge.data_points {
                            lists.push(&mut point.attributes);
                            lists.extend(point.exemplars.iter_mut().map(|row| &mut row.filtered_attributes));
                        }
                    }
                    metric::Data::Histogram(histogram) => {
                        lists.extend(histogram.data_points.iter_mut().map(|point| &mut point.attributes));
                    }
                    metric::Data::ExponentialHistogram(histogram) => {
                        lists.extend(histogram.data_points.iter_mut().map(|point| &mut point.attributes));
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }
    lists
}

/// A set of the engine goes out in the bytes it came in, whatever it is then the attributes of.
#[test]
fn sets_of_the_engine_are_sent_as_they_were_received() {
    let keys = ["b", "a", "c"];
    let pair = |key: &str| KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(any_value::Value::StringValue(key.repeat(60))) }),
        key_strindex: 0,
    };
    for (what, tag, padded, nested) in [
        ("as received", 0x3a, false, false),
        ("of a histogram", 0x4a, false, false),
        ("with lengths that could be shorter", 0x3a, true, false),
        ("with an array, not received as it is", 0x3a, false, true),
    ] {
        let mut list = Vec::new();
        for key in keys {
            let message = pair(key).encode_to_vec();
            let length = message.len() as u8;
            list.push(tag);
            list.extend(if padded { vec![length | 0x80, 0] } else { vec![length] });
            list.extend(message);
        }
        let array = ValueRef::Nested(r#"{"arrayValue":{}}"#);
        let set = match nested {
            false => Attributes::from_encoded(&list, tag).unwrap(),
            true => Attributes::from_iter(keys.map(|key| (key, array))),
        };
        let mut builder = FrameBuilder::new();
        let attributes = builder.attributes(&set);
        builder.resource(attributes, "", 0);
        builder.scope("", "", "", attributes, 0);
        let header = PointHeader { attributes, ..PointHeader::default() };
        for kind in [PointKind::Gauge, PointKind::Histogram, PointKind::ExponentialHistogram] {
            let (temporality, monotonic) = (None, false);
            let row = MetricRow { name: "m", description: "", unit: "", kind, temporality, monotonic };
            builder.metric(row, attributes);
            builder.exemplar(ExemplarRow {
                attributes,
                time: Timestamp(1),
                value: None,
                trace_id: 0,
                span_id: 0,
            });
            builder.number(NumberRow { header, value: Some(Number::Int(1)) });
            builder.histogram(HistogramRow { header, ..HistogramRow::default() });
            builder.exponential(ExponentialRow { header, ..ExponentialRow::default() });
        }
        let frame = builder.finish();

        let mut expected = encode(&frame);
        let in_given_order = !padded && !nested;
        for list in lists(&mut expected).into_iter().filter(|_| in_given_order) {
            list.sort_by_key(|pair| keys.iter().position(|key| *key == pair.key));
        }
        assert_eq!(lists(&mut expected).iter().filter(|list| list.len() == 3).count(), 9, "{what}");
        assert_eq!(encode_protobuf(&frame), expected.encode_to_vec(), "{what}");
    }
}

/// Prost does not write the negative zeros of fields without presence, so no request of its making has one.
#[test]
fn negative_zeros_of_a_summary_survive_both_encodings() {
    let mut builder = FrameBuilder::new();
    let none = builder.set([]);
    builder.resource(none, "", 0);
    builder.scope("", "", "", none, 0);
    let (kind, temporality, monotonic) = (PointKind::Summary, Some(Temporality::Cumulative), false);
    builder.metric(MetricRow { name: "m", description: "", unit: "", kind, temporality, monotonic }, none);
    let header = PointHeader { attributes: none, ..PointHeader::default() };
    builder.summary(SummaryRow { header, count: 1, sum: -0.0, quantiles: &[(0.5, -0.0), (1.0, 0.0)] });
    let frame = builder.finish();

    let expected = rows(&frame);
    let bytes = encode_protobuf(&frame);
    let [of_protobuf, of_json] = [decode_protobuf(&bytes), decode_json(&encode_json(&frame))];
    assert_eq!(rows(&of_protobuf.unwrap().frame), expected);
    assert_eq!(rows(&of_json.unwrap().frame), expected);
    let read = Names::new(10_000).read(&bytes).expect("it is plain");
    let summary = read.metrics().next().unwrap().summaries().next().unwrap().1;
    assert_eq!(
        (summary.sum.to_bits(), summary.quantile_values[0].to_bits()),
        ((-0.0_f64).to_bits(), (-0.0_f64).to_bits())
    );
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
