//! Why a whole request cannot be read.

use super::{ELEMENTS_MAX, NESTING_MAX};

/// Why a whole request cannot be read. Sending it again would not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Messages inside messages, beyond [`NESTING_MAX`].
    #[error("messages are nested more than {NESTING_MAX} deep; flatten the attribute values")]
    TooDeep,
    /// Repeated elements beyond [`ELEMENTS_MAX`].
    #[error("the request has more than {ELEMENTS_MAX} elements; send smaller batches")]
    TooManyElements,
    /// No protobuf message of the expected type; with the reason.
    #[error("not an ExportMetricsServiceRequest in protobuf: {0}")]
    Protobuf(String),
    /// No JSON of the expected shape; with the reason, line and column.
    #[error("not an ExportMetricsServiceRequest in JSON: {0}")]
    Json(String),
}

impl DecodeError {
    /// The longest reason kept; parsers quote what they found, which the sender chose.
    const REASON_CHARS_MAX: usize = 512;

    pub(super) fn protobuf(reason: &dyn std::fmt::Display) -> Self {
        Self::Protobuf(cut(reason))
    }

    pub(crate) fn json(reason: &dyn std::fmt::Display) -> Self {
        Self::Json(cut(reason))
    }
}

fn cut(reason: &dyn std::fmt::Display) -> String {
    reason.to_string().chars().take(DecodeError::REASON_CHARS_MAX).collect()
}
