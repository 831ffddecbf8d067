//! Status codes and their classes.

use serde::Deserialize;
use wasmeter_guest::{Attributes, Value};

/// The stable name and the old one.
const KEYS: [&str; 2] = ["http.response.status_code", "http.status_code"];

/// What becomes of status codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// `404` becomes the text `4xx`, under the same key.
    #[default]
    Class,
    /// They stay.
    Keep,
}

/// `2xx` for 200 to 299 and so on; `None` for what is no HTTP status (RFC 9110, section 15).
fn class(code: &Value) -> Option<&'static str> {
    let code = match code {
        Value::Int(code) => *code,
        Value::Text(text) if text.len() == 3 => text.parse().ok()?,
        _ => return None,
    };
    match code {
        100..=199 => Some("1xx"),
        200..=299 => Some("2xx"),
        300..=399 => Some("3xx"),
        400..=499 => Some("4xx"),
        500..=599 => Some("5xx"),
        _ => None,
    }
}

impl Status {
    /// Rewrites the status codes among the attributes; what is no status code stays as it is.
    pub(crate) fn apply(self, attributes: &mut Attributes) {
        if self == Self::Keep {
            return;
        }
        for key in KEYS {
            if let Some(class) = attributes.get(key).and_then(class) {
                attributes.set(key, class);
            }
        }
    }
}
