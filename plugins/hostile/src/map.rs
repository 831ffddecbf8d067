//! Answers of `map-attributes`, most of them wrong.

use std::cell::Cell;

use crate::bindings::exports::wasmeter::plugin::views::Attribute;
use crate::bindings::wasmeter::plugin::types::Value;
use crate::{panics, waste};

thread_local! {
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

pub(crate) fn map(behaviour: &str, mut attributes: Vec<Attribute>) -> Option<Vec<Attribute>> {
    CALLS.set(CALLS.get() + 1);
    let has = |key: &str| attributes.iter().any(|attribute| attribute.key == key);
    let attribute = |key: &str, value: Value| Attribute { key: key.to_owned(), value };
    let nested = |text: String| attribute("nested", Value::Nested(text));
    match behaviour {
        "trap" => waste::trap(),
        "loop" => waste::time(),
        "panic-on-second" if CALLS.get() == 2 => panics("the second call"),
        "panic-on-marker" if has("marker") => panics("the marker"),
        "drop" => return None,
        "alternate" => attributes.push(attribute("call", Value::Int(CALLS.get().into()))),
        "empty-key" => attributes.push(attribute("", Value::Boolean(true))),
        "giant-value" => attributes.push(attribute("big", Value::Text("v".repeat(2 << 20)))),
        "many-attributes" => {
            attributes.extend((0..5000).map(|number| attribute(&format!("k{number}"), Value::Empty)));
        }
        "twin-keys" => {
            attributes.extend([attribute("twin", Value::Int(1)), attribute("twin", Value::Int(2))])
        }
        "bad-nested" => attributes.push(nested("{\"arrayValue\":".to_owned())),
        "deep-nested" => {
            let deep = 100_000;
            attributes.push(nested(format!("{}{}", "[".repeat(deep), "]".repeat(deep))));
        }
        "good-nested" => {
            attributes.push(nested(r#"{"arrayValue":{"values":[{"intValue":"1"}]}}"#.to_owned()));
        }
        _ => {}
    }
    attributes.retain(|attribute| attribute.key != "user.id");
    Some(attributes)
}
