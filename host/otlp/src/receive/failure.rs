//! Why a request failed, and how each transport says so.

use std::time::Duration;

use http::StatusCode;
use tonic::Code;
use tonic_types::{ErrorDetails, StatusExt};

use super::Overloaded;
use crate::decode::DecodeError;

/// Why a request failed; closed and small, to be the attribute of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum FailureKind {
    /// The body is larger than allowed, as sent or after decompression.
    TooLarge,
    /// The body did not arrive in time.
    TooSlow,
    /// The client went away before it was answered.
    Disconnected,
    /// The body is not what its compression says.
    BadCompression,
    /// A compression other than gzip and zstd.
    UnsupportedEncoding,
    /// A media type other than OTLP's.
    UnsupportedContentType,
    /// A method other than POST.
    MethodNotAllowed,
    /// Another path or gRPC method.
    NotFound,
    /// The body is no OTLP request.
    Malformed,
    /// Nesting or the number of elements beyond the bounds of decoding.
    TooComplex,
    /// No room now.
    Overloaded,
    /// A defect of this process.
    Internal,
}

impl FailureKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::TooLarge,
        Self::TooSlow,
        Self::Disconnected,
        Self::BadCompression,
        Self::UnsupportedEncoding,
        Self::UnsupportedContentType,
        Self::MethodNotAllowed,
        Self::NotFound,
        Self::Malformed,
        Self::TooComplex,
        Self::Overloaded,
        Self::Internal,
    ];

    /// A stable name in snake_case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::Disconnected => "disconnected",
            Self::BadCompression => "bad_compression",
            Self::UnsupportedEncoding => "unsupported_encoding",
            Self::UnsupportedContentType => "unsupported_content_type",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NotFound => "not_found",
            Self::Malformed => "malformed",
            Self::TooComplex => "too_complex",
            Self::Overloaded => "overloaded",
            Self::Internal => "internal",
        }
    }

    pub(super) const fn http_status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::UnsupportedEncoding | Self::UnsupportedContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Disconnected | Self::BadCompression | Self::Malformed | Self::TooComplex => {
                StatusCode::BAD_REQUEST
            }
            Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Codes a client retries (protocol specification, "Failures") only where that may help.
    pub(super) const fn grpc_code(self) -> Code {
        match self {
            Self::TooLarge => Code::ResourceExhausted,
            Self::TooSlow => Code::DeadlineExceeded,
            Self::Disconnected => Code::Cancelled,
            Self::BadCompression | Self::UnsupportedContentType | Self::Malformed | Self::TooComplex => {
                Code::InvalidArgument
            }
            Self::UnsupportedEncoding | Self::MethodNotAllowed | Self::NotFound => Code::Unimplemented,
            Self::Overloaded => Code::Unavailable,
            Self::Internal => Code::Internal,
        }
    }
}

/// A failed request: its kind, and what the client is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct Failure {
    pub(super) kind: FailureKind,
    pub(super) message: String,
    pub(super) retry_after: Option<Duration>,
}

impl Failure {
    pub(super) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None }
    }

    pub(super) fn too_large(bytes_max: usize) -> Self {
        Self::new(
            FailureKind::TooLarge,
            format!(
                "the body is larger than {bytes_max} bytes, as sent or decompressed; send smaller batches"
            ),
        )
    }

    pub(super) fn overloaded(retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(FailureKind::Overloaded, "overloaded; try again later")
        }
    }

    /// The failure as OTLP/gRPC wants it: with `RetryInfo` where trying again helps.
    pub(super) fn status(&self) -> tonic::Status {
        let code = self.kind.grpc_code();
        match self.retry_after {
            Some(delay) => tonic::Status::with_error_details(
                code,
                self.message.as_str(),
                ErrorDetails::with_retry_info(Some(delay)),
            ),
            None => tonic::Status::new(code, self.message.as_str()),
        }
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        let kind = match error {
            DecodeError::TooDeep | DecodeError::TooManyElements => FailureKind::TooComplex,
            DecodeError::Protobuf(_) | DecodeError::Json(_) => FailureKind::Malformed,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<Overloaded> for Failure {
    fn from(overloaded: Overloaded) -> Self {
        Self::overloaded(overloaded.retry_after)
    }
}
