//! The text of a line, field by field.

use wasmeter_guest::frame::{
    Buckets, Exemplar, ExponentialHistogram, Frame, FrameBuilder, Metric, MetricKind, Number, Point,
    PointData, Resource, Temporality,
};
use wasmeter_guest::{Attributes, Scope, Value};

use super::line;

fn metric(name: &str, kind: MetricKind) -> Metric {
    Metric {
        name: name.to_owned(),
        description: String::new(),
        unit: "s".to_owned(),
        kind,
        temporality: Temporality::Cumulative,
        monotonic: kind == MetricKind::Sum,
        metadata: Attributes::new(),
    }
}

fn point(data: PointData<'static>) -> Point<'static> {
    Point { attributes: Attributes::new(), start: 1, time: u64::MAX, flags: 0, data, exemplars: Vec::new() }
}

fn frame(metric: &Metric, point: &Point<'_>) -> Frame {
    let mut frame = FrameBuilder::new();
    frame.resource(&Resource::default());
    frame.scope(&Scope::default(), 0);
    frame.metric(metric);
    frame.point(point);
    frame.finish()
}

fn head(text: &str) -> String {
    format!(
        r#"{{"resourceMetrics":[{{"resource":{{}},"scopeMetrics":[{{"scope":{{}},"metrics":[{text}]}}]}}]}}"#
    )
}

#[test]
fn a_number_with_every_kind_of_attribute_and_an_exemplar() {
    let attributes: Attributes = [
        ("b", Value::Bool(true)),
        ("d", Value::Double(-0.0)),
        ("e", Value::Empty),
        ("i", Value::Int(i64::MIN)),
        ("n", Value::Nested("{\"arrayValue\":\n{}}".to_owned())),
        ("t", Value::Text("\"\\\n\u{1}é".to_owned())),
        ("y", Value::Bytes(vec![255, 0])),
    ]
    .into_iter()
    .collect();
    let exemplar = Exemplar {
        attributes: Attributes::new(),
        time: 3,
        value: Some(Number::Double(f64::INFINITY)),
        trace_id: 5,
        span_id: 0,
    };
    let number = PointData::Number(Some(Number::Int(7)));
    let point = Point { attributes, flags: 1, exemplars: vec![exemplar], ..point(number) };
    let text = line(&frame(&metric("m", MetricKind::Sum), &point));
    let attributes = [
        r#"{"key":"b","value":{"boolValue":true}}"#,
        r#"{"key":"d","value":{"doubleValue":-0.0}}"#,
        r#"{"key":"e","value":{}}"#,
        r#"{"key":"i","value":{"intValue":"-9223372036854775808"}}"#,
        r#"{"key":"n","value":{"arrayValue": {}}}"#,
        r#"{"key":"t","value":{"stringValue":"\"\\\n\u0001é"}}"#,
        r#"{"key":"y","value":{"bytesValue":"/wA="}}"#,
    ]
    .join(",");
    let expected = format!(
        r#"{{"name":"m","unit":"s","sum":{{"dataPoints":[{{"attributes":[{attributes}],"startTimeUnixNano":"1","timeUnixNano":"18446744073709551615","asInt":"7","flags":1,"exemplars":[{{"timeUnixNano":"3","asDouble":"Infinity","traceId":"00000000000000000000000000000005"}}]}}],"aggregationTemporality":2,"isMonotonic":true}}}}"#
    );
    assert_eq!(text, head(&expected));
    assert!(!text.contains('\n'));
}

#[test]
fn an_exponential_histogram() {
    let data = ExponentialHistogram {
        count: 3,
        sum: Some(1e300),
        scale: -2,
        zero_threshold: 0.5,
        positive: Buckets { offset: -1, counts: vec![1, 2].into() },
        ..ExponentialHistogram::default()
    };
    let point = point(PointData::ExponentialHistogram(data));
    let text = line(&frame(&metric("h", MetricKind::ExponentialHistogram), &point));
    let expected = r#"{"name":"h","unit":"s","exponentialHistogram":{"dataPoints":[{"startTimeUnixNano":"1","timeUnixNano":"18446744073709551615","count":"3","sum":1e300,"scale":-2,"zeroCount":"0","zeroThreshold":0.5,"positive":{"offset":-1,"bucketCounts":["1","2"]}}],"aggregationTemporality":2}}"#;
    assert_eq!(text, head(expected));
}

#[test]
fn a_metric_without_data_is_there() {
    let mut frame = FrameBuilder::new();
    frame.resource(&Resource::default());
    frame.scope(&Scope::default(), 0);
    frame.metric(&metric("none", MetricKind::Empty));
    assert_eq!(line(&frame.finish()), head(r#"{"name":"none","unit":"s"}"#));
}
