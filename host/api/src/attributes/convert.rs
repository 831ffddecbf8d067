//! One attribute after the other. Allocates, so it is done once per set and thread where that can be helped.

use std::fmt::Write;
use std::sync::Arc;

use opentelemetry::{Array, KeyValue, Value as ApiValue};
use wasmeter_model::{Attributes, Value};

/// The set of these attributes; of a key given twice the last value counts (common specification, "Attribute collections").
pub(crate) fn converted<'a>(given: impl IntoIterator<Item = &'a KeyValue>) -> Attributes {
    let pairs = given.into_iter().map(|pair| (Arc::<str>::from(pair.key.as_str()), value(&pair.value)));
    Attributes::from_pairs(pairs).0
}

pub(super) fn value(value: &ApiValue) -> Value {
    match value {
        ApiValue::Bool(truth) => Value::Bool(*truth),
        ApiValue::I64(int) => Value::Int(*int),
        ApiValue::F64(double) => Value::Double(*double),
        ApiValue::String(text) => Value::String(text.as_str().into()),
        ApiValue::Array(array) => Value::Nested(nested(array).into()),
        // What the API may learn yet has at least a text.
        other => Value::String(other.as_str().into()),
    }
}

/// An array as the text of its OTLP/JSON `AnyValue`.
fn nested(array: &Array) -> String {
    let mut json = String::from(r#"{"arrayValue":{"values":["#);
    match array {
        Array::Bool(values) => each(&mut json, values, "boolValue", |json, truth| {
            json.push_str(if *truth { "true" } else { "false" });
        }),
        // 64-bit integers are text in OTLP/JSON.
        Array::I64(values) => each(&mut json, values, "intValue", |json, int| text(json, &int.to_string())),
        Array::F64(values) => each(&mut json, values, "doubleValue", |json, double| number(json, *double)),
        Array::String(values) => {
            each(&mut json, values, "stringValue", |json, value| text(json, value.as_str()));
        }
        other => text_value(&mut json, &other.to_string()),
    }
    json.push_str("]}}");
    json
}

fn each<T>(json: &mut String, values: &[T], kind: &str, write: impl Fn(&mut String, &T)) {
    for (place, value) in values.iter().enumerate() {
        json.push_str(if place == 0 { "{\"" } else { ",{\"" });
        json.push_str(kind);
        json.push_str("\":");
        write(json, value);
        json.push('}');
    }
}

fn text_value(json: &mut String, value: &str) {
    json.push_str("{\"stringValue\":");
    text(json, value);
    json.push('}');
}

fn number(json: &mut String, double: f64) {
    if double.is_nan() {
        json.push_str("\"NaN\"");
    } else if double.is_infinite() {
        json.push_str(if double > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" });
    } else {
        json.push_str(&format!("{double:?}"));
    }
}

fn text(json: &mut String, value: &str) {
    json.push('"');
    for char in value.chars() {
        match char {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            control if control < ' ' => {
                let written = write!(json, "\\u{:04x}", u32::from(control));
                debug_assert!(written.is_ok(), "a String takes all text");
            }
            other => json.push(other),
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use opentelemetry::{Array, KeyValue, StringValue, Value as ApiValue};
    use wasmeter_model::{Value, ValueRef};

    use super::converted;

    fn one(value: impl Into<ApiValue>) -> Value {
        converted(&[KeyValue::new("key", value)]).get("key").unwrap().to_value()
    }

    #[test]
    fn values_keep_their_type() {
        assert_eq!(one(true), Value::Bool(true));
        assert_eq!(one(-7_i64), Value::Int(-7));
        assert_eq!(one(0.5), Value::Double(0.5));
        assert_eq!(one("text"), Value::String("text".into()));
    }

    #[test]
    fn arrays_become_the_text_of_their_otlp_json() {
        let cases: [(Array, &str); 5] = [
            (vec![true, false].into(), r#"{"boolValue":true},{"boolValue":false}"#),
            (vec![1_i64, i64::MIN].into(), r#"{"intValue":"1"},{"intValue":"-9223372036854775808"}"#),
            (
                vec![1.5, f64::NAN, f64::NEG_INFINITY].into(),
                r#"{"doubleValue":1.5},{"doubleValue":"NaN"},{"doubleValue":"-Infinity"}"#,
            ),
            (vec![StringValue::from("a\"b\\c\n")].into(), r#"{"stringValue":"a\"b\\c\u000a"}"#),
            (Array::I64(Vec::new()), ""),
        ];
        for (array, values) in cases {
            let expected = format!(r#"{{"arrayValue":{{"values":[{values}]}}}}"#);
            assert_eq!(one(ApiValue::Array(array)), Value::Nested(expected.into()));
        }
    }

    #[test]
    fn the_last_of_a_repeated_key_wins() {
        let set = converted(&[KeyValue::new("key", 1_i64), KeyValue::new("key", 2_i64)]);
        assert_eq!((set.len(), set.get("key")), (1, Some(ValueRef::Int(2))));
    }
}
