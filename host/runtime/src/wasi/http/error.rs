//! What went wrong, in the words of `wasi:http`.

use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;

/// Why no head of a response came.
pub(super) fn of_head(error: hyper::Error, bytes_max: usize) -> Error {
    if error.is_parse_too_large() {
        return Error::HttpResponseHeaderSectionSize(Some(u32::try_from(bytes_max).unwrap_or(u32::MAX)));
    }
    error.into()
}

/// Why a connection failed that had been there.
pub(super) fn of_hyper(error: &hyper::Error) -> ErrorCode {
    if error.is_timeout() {
        ErrorCode::HttpResponseTimeout
    } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        ErrorCode::ConnectionTerminated
    } else {
        ErrorCode::HttpProtocolError
    }
}

/// Why the body of a response did not come, as a plugin can read it. wasmtime-wasi-http hands its own error on, of which a plugin
/// learns nothing.
pub(crate) fn of_body(error: wasmtime::Error) -> wasmtime::Error {
    match error.downcast_ref::<Error>() {
        Some(Error::Hyper(error)) => of_hyper(error).into(),
        Some(Error::HttpResponseBodySize(bytes_max)) => ErrorCode::HttpResponseBodySize(*bytes_max).into(),
        Some(Error::ConnectionReadTimeout) => ErrorCode::ConnectionReadTimeout.into(),
        Some(_) | None => error,
    }
}
