//! `resource` of the schema.

use std::fmt::Write as _;
use std::sync::Arc;

use wasmeter_model::{Attributes, Resource, Value};

use crate::section::Located;
use crate::text::key_value_list;
use crate::yaml::Content;

pub(super) fn read(value: &Located<'_>) -> Resource {
    let Some(mut section) = value.section() else { return Resource::default() };
    let mut attributes: Vec<(Arc<str>, Value)> = Vec::new();
    if let Some(list) = section.optional("attributes_list")
        && let Some(text) = list.text()
    {
        match key_value_list(text) {
            Ok(pairs) => attributes.extend(pairs.into_iter().map(|(key, text)| (key.into(), text.into()))),
            Err(expected) => list.reject(expected),
        }
    }
    // Later ones win, as the schema gives `attributes` priority over `attributes_list`.
    if let Some(list) = section.get("attributes") {
        attributes.extend(list.entries().iter().filter_map(attribute));
    }
    let schema_url = section.optional("schema_url").and_then(|value| value.text()).unwrap_or_default();
    section.without_effect(&["detection/development"]);
    section.finish();
    Resource {
        attributes: Attributes::from_pairs(attributes).0,
        schema_url: schema_url.into(),
        ..Resource::default()
    }
}

/// The attribute types of the schema.
#[derive(Clone, Copy, PartialEq)]
enum Type {
    String,
    Bool,
    Int,
    Double,
}

const TYPES: [(&str, (Type, bool)); 8] = [
    ("string", (Type::String, false)),
    ("bool", (Type::Bool, false)),
    ("int", (Type::Int, false)),
    ("double", (Type::Double, false)),
    ("string_array", (Type::String, true)),
    ("bool_array", (Type::Bool, true)),
    ("int_array", (Type::Int, true)),
    ("double_array", (Type::Double, true)),
];

fn attribute(entry: &Located<'_>) -> Option<(Arc<str>, Value)> {
    let mut section = entry.section()?;
    let name = section.required("name").and_then(|name| {
        let text = name.text()?;
        if text.is_empty() {
            name.reject("a name that is not empty");
        }
        Some(Arc::from(text))
    });
    let value = section.required("value");
    let (of, is_array) = match section.optional("type") {
        Some(value) => value.choice(&TYPES).unwrap_or((Type::String, false)),
        None => (Type::String, false),
    };
    section.finish();
    // An attribute without a value is as good as absent, as the schema says.
    let value = value.filter(|value| !value.is_null())?;
    let value = if is_array { array(&value, of) } else { scalar(&value, of) };
    Some((name?, value?))
}

fn scalar(value: &Located<'_>, of: Type) -> Option<Value> {
    match of {
        Type::String => match value.content() {
            Content::Bool(_) | Content::Int(_) | Content::Float(_) => {
                value.reject_with_help("text", "put it in quotes or say its `type`");
                None
            }
            _ => value.text().map(Value::from),
        },
        Type::Bool => value.boolean().map(Value::from),
        Type::Int => value.integer("a whole number", i64::MIN..=i64::MAX).map(Value::from),
        Type::Double => value.number().map(Value::from),
    }
}

/// An array as the OTLP/JSON text the model keeps nested values in.
fn array(value: &Located<'_>, of: Type) -> Option<Value> {
    let mut json = String::from(r#"{"arrayValue":{"values":["#);
    for (index, entry) in value.entries().iter().enumerate() {
        let entry = scalar(entry, of)?;
        if index > 0 {
            json.push(',');
        }
        push_any_value(&mut json, &entry);
    }
    json.push_str("]}}");
    Some(Value::Nested(json.into()))
}

/// The OTLP/JSON `AnyValue` of a scalar: 64-bit integers are strings, as are the doubles JSON has no numbers for.
fn push_any_value(json: &mut String, value: &Value) {
    let written = match value {
        Value::Bool(value) => write!(json, r#"{{"boolValue":{value}}}"#),
        Value::Int(value) => write!(json, r#"{{"intValue":"{value}"}}"#),
        Value::Double(value) if value.is_finite() => write!(json, r#"{{"doubleValue":{value:?}}}"#),
        Value::Double(value) if value.is_nan() => write!(json, r#"{{"doubleValue":"NaN"}}"#),
        Value::Double(value) => {
            write!(json, r#"{{"doubleValue":"{}Infinity"}}"#, if *value < 0.0 { "-" } else { "" })
        }
        Value::String(text) => {
            json.push_str(r#"{"stringValue":""#);
            push_escaped(json, text);
            json.push_str("\"}");
            Ok(())
        }
        Value::Empty | Value::Bytes(_) | Value::Nested(_) => write!(json, "{{}}"),
    };
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}

fn push_escaped(json: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            '\u{0}'..='\u{1f}' => {
                let written = write!(json, "\\u{:04x}", u32::from(character));
                debug_assert!(written.is_ok(), "writing to a string cannot fail");
            }
            _ => json.push(character),
        }
    }
}
