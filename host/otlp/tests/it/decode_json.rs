//! OTLP/JSON as clients write it, and as they should not.

use serde_json::{Value, json};
use wasmeter_model::frame::{Frame, PointKind};
use wasmeter_model::{Number, Temporality, Timestamp, ValueRef};
use wasmeter_otlp::decode::{DecodeError, NESTING_MAX, decode_json};

use crate::support::rows::rows;

fn request(metric: Value) -> String {
    json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}).to_string()
}

fn gauge(point: Value) -> String {
    request(json!({"name": "m", "gauge": {"dataPoints": [point]}}))
}

fn frame(text: &str) -> Frame {
    let decoded = decode_json(text.as_bytes()).unwrap();
    assert_eq!(decoded.refused.total(), 0, "{}", decoded.refused);
    decoded.frame
}

fn value_of(point: Value) -> Option<Number> {
    frame(&gauge(point)).metrics().next().unwrap().numbers().next().unwrap().value
}

#[track_caller]
fn assert_error(text: &[u8], says: &str) {
    let error = decode_json(text).unwrap_err().to_string();
    assert!(error.contains(says), "{error}");
}

#[test]
fn the_official_example_decodes() {
    let frame = frame(include_str!("../data/metrics.json"));
    let kinds: Vec<_> = frame.metrics().map(|metric| (metric.name(), metric.kind())).collect();
    assert_eq!(
        kinds,
        [
            ("my.counter", PointKind::Sum),
            ("my.gauge", PointKind::Gauge),
            ("my.histogram", PointKind::Histogram),
            ("my.exponential.histogram", PointKind::ExponentialHistogram),
        ]
    );
    let metric = frame.metrics().nth(3).unwrap();
    let point = metric.exponentials().next().unwrap();
    assert_eq!((point.count, point.zero_count, point.positive.0), (3, 1, 1));
    assert_eq!(point.positive.1.to_vec(), [0, 2]);
    assert_eq!((point.sum, point.min, point.max), (Some(10.0), Some(0.0), Some(5.0)));
    assert_eq!(point.point.time(), Timestamp(1_544_712_660_300_000_000));
    assert_eq!(metric.temporality(), Some(Temporality::Delta));
    assert_eq!(metric.scope().version(), "1.0.0");
}

#[test]
fn p8_integers_are_numbers_or_strings() {
    for int in [json!("-9223372036854775808"), json!(i64::MIN)] {
        assert_eq!(value_of(json!({"asInt": int})), Some(Number::Int(i64::MIN)));
    }
    assert_eq!(value_of(json!({"asInt": 1e3})), Some(Number::Int(1000)));
    assert_error(gauge(json!({"asInt": 1.5})).as_bytes(), "expected an integer");
    assert_error(gauge(json!({"asInt": "1e"})).as_bytes(), "expected an integer");
    assert_error(gauge(json!({"asInt": "9223372036854775808"})).as_bytes(), "out of the range of i64");
    assert_error(gauge(json!({"timeUnixNano": -1})).as_bytes(), "out of the range of u64");
}

#[test]
fn p8_doubles_are_numbers_or_strings() {
    let of = |double: Value| match value_of(json!({"asDouble": double})) {
        Some(Number::Double(double)) => double,
        other => panic!("{other:?}"),
    };
    assert!(of(json!("NaN")).is_nan());
    assert_eq!(of(json!("Infinity")), f64::INFINITY);
    assert_eq!(of(json!("-Infinity")), f64::NEG_INFINITY);
    assert_eq!(of(json!("-1.5e3")), -1500.0);
    assert_eq!(of(json!(3)), 3.0);
    // One that a parser without correct rounding gets wrong.
    assert_eq!(of(json!(5e-324)), 5e-324);
    for wrong in ["inf", "nan", "+Infinity", "0x1", "", "1,5"] {
        assert_error(gauge(json!({"asDouble": wrong})).as_bytes(), "`NaN`, `Infinity`");
    }
}

#[test]
fn p8_enums_are_numbers_or_names() {
    for temporality in [json!(1), json!("AGGREGATION_TEMPORALITY_DELTA")] {
        let data = json!({"aggregationTemporality": temporality, "dataPoints": [{"asInt": 1}]});
        let frame = frame(&request(json!({"name": "m", "sum": data})));
        assert_eq!(frame.metrics().next().unwrap().temporality(), Some(Temporality::Delta));
    }
    let unknown = json!({"name": "m", "sum": {"aggregationTemporality": "DELTA"}});
    assert_error(request(unknown).as_bytes(), "AGGREGATION_TEMPORALITY_DELTA");
}

#[test]
fn p8_p9_original_names_null_and_unknown_fields_are_tolerated() {
    let ours = frame(&gauge(json!({"asInt": "7", "timeUnixNano": "9", "attributes": []})));
    let theirs = json!({"resource_metrics": [{"scope_metrics": [{"metrics": [{
        "name": "m", "unit": null, "future": {"deep": [[[{"er": [1, "x\"}{"]}]]]},
        "gauge": {"data_points": [{"as_int": 7, "time_unix_nano": 9, "attributes": null, "as_double": null}]}
    }]}], "resource": null}]});
    assert_eq!(rows(&frame(&theirs.to_string())), rows(&ours));
}

#[test]
fn p8_ids_are_hexadecimal() {
    let point = json!({"asInt": 1, "exemplars": [{"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "eee19b7ec3c1b174"}]});
    let frame = frame(&gauge(point));
    let exemplar =
        frame.metrics().next().unwrap().numbers().next().unwrap().point.exemplars().next().unwrap();
    assert_eq!(exemplar.trace_id, 0x5b8e_fff7_9803_8103_d269_b633_813f_c60c);
    assert_eq!(exemplar.span_id, 0xeee1_9b7e_c3c1_b174);
    for wrong in ["5", "zz", "é", "+1"] {
        assert_error(gauge(json!({"exemplars": [{"traceId": wrong}]})).as_bytes(), "hexadecimal");
    }
}

#[test]
fn bytes_are_base64_of_either_alphabet() {
    for text in ["+/8=", "+/8", "-_8=", "-_8"] {
        let point = json!({"asInt": 1, "attributes": [{"key": "a", "value": {"bytesValue": text}}]});
        let frame = frame(&gauge(point));
        let point = frame.metrics().next().unwrap().numbers().next().unwrap().point;
        assert_eq!(point.pairs().next(), Some(("a", ValueRef::Bytes(&[0xfb, 0xff]))));
    }
    let point = json!({"attributes": [{"key": "a", "value": {"bytesValue": "!"}}]});
    assert_error(gauge(point).as_bytes(), "base64");
}

#[test]
fn nested_values_become_their_own_json() {
    let value = json!({"kvlist_value": {"values": [{"key": "k", "value": {"intValue": 1}}]}});
    let frame = frame(&gauge(json!({"asInt": 1, "attributes": [{"key": "a", "value": value}]})));
    let point = frame.metrics().next().unwrap().numbers().next().unwrap().point;
    let text = r#"{"kvlistValue":{"values":[{"key":"k","value":{"intValue":"1"}}]}}"#;
    assert_eq!(point.pairs().next(), Some(("a", ValueRef::Nested(text))));
}

#[test]
fn wrong_types_are_refused_with_line_and_column() {
    for (text, says) in [
        (r#"[]"#, "an object"),
        (r#"{"resourceMetrics": {}}"#, "expected an array"),
        (r#"{"resourceMetrics": [[]]}"#, "an object"),
        (r#"{"resourceMetrics": [null]}"#, "an object"),
        (r#"{"resourceMetrics": [{"schemaUrl": 1}]}"#, "expected a string"),
        (r#"{"resourceMetrics": []"#, "line 1 column"),
        (r#"{"resourceMetrics": []} x"#, "trailing characters"),
        ("", "EOF"),
        ("\u{feff}{}", "expected value"),
    ] {
        assert_error(text.as_bytes(), says);
    }
    assert_error(gauge(json!({"flags": "many"})).as_bytes(), "expected an integer");
    assert_error(request(json!({"name": "m", "sum": {"isMonotonic": "yes"}})).as_bytes(), "a boolean");
}

#[test]
fn fields_given_twice_are_refused_rather_than_lost() {
    assert_error(br#"{"resourceMetrics":[],"resourceMetrics":[]}"#, "duplicate field `resourceMetrics`");
    assert_error(br#"{"resourceMetrics":[],"resource_metrics":[]}"#, "duplicate field `resourceMetrics`");
    assert_error(gauge(json!({"asInt": 1, "asDouble": 1})).as_bytes(), "more than one case of `value`");
}

#[test]
fn text_that_is_not_unicode_is_refused() {
    assert_error(b"{\"resourceMetrics\":[{\"schemaUrl\":\"\xff\"}]}", "unicode");
    assert_error(br#"{"resourceMetrics":[{"schemaUrl":"\ud800"}]}"#, "hex escape");
}

#[test]
fn a_request_cut_anywhere_is_refused() {
    let whole = gauge(json!({"asInt": "7"}));
    for length in 0..whole.len() {
        assert!(decode_json(&whole.as_bytes()[..length]).is_err(), "{length}");
    }
}

#[test]
fn objects_nest_to_the_bound_and_no_further() {
    let with = |levels: usize| {
        let value = (0..levels).fold(json!({}), |inner, _| json!({"arrayValue": {"values": [inner]}}));
        gauge(json!({"asInt": 1, "attributes": [{"key": "a", "value": value}]}))
    };
    let levels = (NESTING_MAX - 8) / 2;
    assert_eq!(frame(&with(levels)).point_count(), 1);
    assert_eq!(decode_json(with(levels + 1).as_bytes()).unwrap_err(), DecodeError::TooDeep);
    assert_eq!(decode_json("{\"a\":".repeat(100_000).as_bytes()).unwrap_err(), DecodeError::TooDeep);
    // Arrays alone are no messages; where one is expected they are the wrong type, elsewhere they are skipped.
    assert!(matches!(decode_json("[".repeat(100_000).as_bytes()), Err(DecodeError::Json(_))));
    let skipped = format!("{{\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(frame(&skipped).point_count(), 0);
}
