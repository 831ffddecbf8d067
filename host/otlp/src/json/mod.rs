//! OTLP/JSON: the protobuf JSON mapping with OTLP's exceptions (protocol specification, "JSON Protobuf Encoding").
//!
//! Read: camelCase and original names, unknown fields skipped, `null` as absent, 64-bit integers and doubles as numbers
//! or strings, enums as numbers or names. Written: camelCase, 64-bit integers as strings, enums as numbers, fields with
//! their default value left out.

mod codecs;
mod depth;
#[macro_use]
mod macros;
mod bytes;
mod names;
mod schema;

pub(crate) use depth::check_shape;

use crate::decode::DecodeError;
use crate::messages::AnyValue;

/// Reads one message after its shape was checked, so that the recursion is bounded.
pub(crate) fn read<'de, T: serde::Deserialize<'de>>(text: &'de [u8]) -> Result<T, DecodeError> {
    check_shape(text)?;
    serde_json::from_slice(text).map_err(|error| DecodeError::json(&error))
}

/// The text of an array or map value, as the frame keeps it.
pub(crate) fn nested_text(value: &AnyValue) -> String {
    // Writing to memory cannot fail, and every field has a JSON form.
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}
