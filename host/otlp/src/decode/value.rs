//! Attribute values between the messages and the frame.

use wasmeter_model::ValueRef;

use crate::json;
use crate::messages::{AnyValue, KeyValue, any_value};

/// True if the value is an array or map, which the frame keeps as text.
pub(crate) fn is_nested(value: Option<&AnyValue>) -> bool {
    matches!(
        value.and_then(|value| value.value.as_ref()),
        Some(any_value::Value::ArrayValue(_) | any_value::Value::KvlistValue(_))
    )
}

/// True if the value refers to the string table of profiles, which metrics do not have.
pub(crate) fn is_profile_reference(value: Option<&AnyValue>) -> bool {
    matches!(value.and_then(|value| value.value.as_ref()), Some(any_value::Value::StringValueStrindex(_)))
}

/// The text of a value that is an array or map.
pub(crate) fn nested_text(pair: &KeyValue) -> Option<String> {
    pair.value.as_ref().filter(|value| is_nested(Some(value))).map(json::nested_text)
}

/// The value as the frame has it; `text` is that of a nested value.
pub(crate) fn value_ref<'a>(value: Option<&'a AnyValue>, text: Option<&'a str>) -> ValueRef<'a> {
    match value.and_then(|value| value.value.as_ref()) {
        None | Some(any_value::Value::StringValueStrindex(_)) => ValueRef::Empty,
        Some(any_value::Value::StringValue(string)) => ValueRef::String(string),
        Some(any_value::Value::BoolValue(truth)) => ValueRef::Bool(*truth),
        Some(any_value::Value::IntValue(int)) => ValueRef::Int(*int),
        Some(any_value::Value::DoubleValue(double)) => ValueRef::Double(*double),
        Some(any_value::Value::BytesValue(bytes)) => ValueRef::Bytes(bytes),
        Some(any_value::Value::ArrayValue(_) | any_value::Value::KvlistValue(_)) => {
            ValueRef::Nested(text.unwrap_or_default())
        }
    }
}

/// Reads the text of a nested value back; nothing if it is not OTLP/JSON of a value.
pub(crate) fn value_from_nested(text: &str) -> Option<AnyValue> {
    json::read(text.as_bytes()).ok()
}
