//! From an OTLP request to a frame, without trusting the request.
//!
//! First the shape is checked without building anything (nesting, number of elements), then the messages are built, then
//! each point is checked and written to the frame. A point that is wrong is refused with its [`Reason`]; the rest stays.

mod entities;
mod error;
mod fault;
mod points;
mod refused;
mod shape;
mod value;
mod walk;

pub(crate) use entities::entities;
pub use error::DecodeError;
pub use fault::{Fault, Reason};
pub(crate) use points::{
    check_bounds, check_exponential_shape, check_lengths, check_quantiles, check_times, check_value,
};
pub use refused::{Refused, Warnings};
pub(crate) use shape::{Kind as MessageKind, check_shape_of};
pub(crate) use value::{is_profile_reference, nested_text, value_from_nested, value_ref};

use prost::Message;
use wasmeter_model::frame::Frame;

use crate::messages::ExportMetricsServiceRequest;

/// How many messages may stand inside one another, the request included. An attribute value that is an array costs two
/// a level, a map three; a JSON object is a message. Far below what would exhaust a stack.
pub const NESTING_MAX: usize = 64;

/// How many repeated elements (metrics, points, attributes, exemplars ...) a request may have. An empty one costs two bytes
/// to send and up to a quarter of a KiB to hold, so that the size of the request alone would not bound the memory.
pub const ELEMENTS_MAX: usize = 4 * 1024 * 1024;

/// A decoded request.
#[derive(Debug, Default)]
pub struct Decoded {
    /// Everything that is sound, in the sender's order.
    pub frame: Frame,
    /// The points that are not in the frame, and why.
    pub refused: Refused,
    /// What is wrong but costs no point.
    pub warnings: Warnings,
}

/// Decodes an `ExportMetricsServiceRequest` in protobuf.
///
/// Attribute values that are arrays or maps become the OTLP/JSON text of the value. Duplicate attribute keys are kept.
/// References into the string table of profiles are left out, as the definitions ask of receivers of metrics.
///
/// # Errors
///
/// The bytes are no such message, or exceed [`NESTING_MAX`] or [`ELEMENTS_MAX`].
pub fn decode_protobuf(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    shape::check_shape(bytes)?;
    let request =
        ExportMetricsServiceRequest::decode(bytes).map_err(|error| DecodeError::protobuf(&error))?;
    Ok(walk::decode(&request))
}

/// Decodes an `ExportMetricsServiceRequest` in OTLP/JSON; otherwise like [`decode_protobuf`].
///
/// # Errors
///
/// The text is no such message, or exceeds [`NESTING_MAX`] or [`ELEMENTS_MAX`].
pub fn decode_json(text: &[u8]) -> Result<Decoded, DecodeError> {
    let request: ExportMetricsServiceRequest = crate::json::read(text)?;
    Ok(walk::decode(&request))
}
