//! Attribute values as text (common specification, "AnyValue representation for non-OTLP protocols").

use std::borrow::Cow;

use serde_json::Value as Json;
use wasmeter_model::ValueRef;

/// The text of a value.
pub(crate) fn text(value: ValueRef<'_>) -> Cow<'_, str> {
    match value {
        ValueRef::Empty => Cow::Borrowed(""),
        ValueRef::Bool(truth) => Cow::Borrowed(if truth { "true" } else { "false" }),
        ValueRef::Int(int) => Cow::Owned(int.to_string()),
        ValueRef::Double(double) => Cow::Owned(double_text(double)),
        ValueRef::String(text) => Cow::Borrowed(text),
        ValueRef::Bytes(bytes) => Cow::Owned(base64(bytes)),
        ValueRef::Nested(text) => nested(text),
    }
}

fn double_text(double: f64) -> String {
    if double.is_nan() {
        return "NaN".to_owned();
    }
    if double.is_infinite() {
        return if double > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let text = format!("{double:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// From OTLP's JSON encoding to plain JSON. Text that is not OTLP/JSON stays as it is: it is all there is to show.
///
/// The JSON reader refuses text nested deeper than 128 levels, which bounds the recursion here.
fn nested(text: &str) -> Cow<'_, str> {
    match serde_json::from_str::<Json>(text) {
        Ok(value) => {
            let mut out = String::new();
            push_any(&mut out, &value);
            Cow::Owned(out)
        }
        Err(_) => Cow::Borrowed(text),
    }
}

fn push_any(out: &mut String, any: &Json) {
    let Some((case, value)) = any.as_object().and_then(|object| object.iter().next()) else {
        return out.push_str("null");
    };
    match (case.as_str(), value) {
        ("stringValue" | "bytesValue", Json::String(text)) => push_string(out, text),
        ("boolValue", Json::Bool(truth)) => out.push_str(if *truth { "true" } else { "false" }),
        ("intValue", Json::String(digits)) => match digits.parse::<i64>() {
            Ok(int) => out.push_str(&int.to_string()),
            Err(_) => push_string(out, digits),
        },
        ("intValue" | "doubleValue", Json::Number(number)) => out.push_str(&number.to_string()),
        ("doubleValue", Json::String(name)) => push_string(out, name),
        ("arrayValue", array) => {
            out.push('[');
            for (position, item) in values(array).iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                push_any(out, item);
            }
            out.push(']');
        }
        ("kvlistValue", map) => {
            out.push('{');
            for (position, entry) in values(map).iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                push_string(out, entry.get("key").and_then(Json::as_str).unwrap_or_default());
                out.push(':');
                push_any(out, entry.get("value").unwrap_or(&Json::Null));
            }
            out.push('}');
        }
        _ => out.push_str("null"),
    }
}

fn values(list: &Json) -> &[Json] {
    list.get("values").and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn push_string(out: &mut String, text: &str) {
    out.push_str(&Json::from(text).to_string());
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| (group << 8) | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for sextet in 0..4 {
            let digit = (group >> (18 - 6 * sextet)) & 63;
            // Three bytes fill four digits, two fill three, one fills two.
            let digit = if sextet <= chunk.len() { ALPHABET.get(digit as usize) } else { None };
            out.push(digit.map_or('=', |digit| char::from(*digit)));
        }
    }
    out
}
