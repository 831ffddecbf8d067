//! One request, and what came of it.

use std::time::Duration;

use wasmeter_guest::clock;
use wasmeter_guest::http::{ErrorKind, Request};

use crate::config::Target;
use crate::totals::Outcome;

/// The most of an answer that is read, in bytes; a larger one is as good as one that breaks off.
const BODY_BYTES_MAX: usize = 1 << 20;

/// Asks a target; says what came of it and after how many seconds.
pub(crate) fn probe(target: &Target, timeout_ms: u64) -> (Outcome, f64) {
    let begun = clock::monotonic_nanos();
    let request = Request::new(target.method.name(), target.url.as_str())
        .headers(&target.headers)
        .timeout(Duration::from_millis(timeout_ms))
        .body_bytes_max(BODY_BYTES_MAX);
    let outcome = match request.send() {
        Ok(response) => Outcome::Answered(response.status),
        Err(error) => Outcome::Failed(error_type(error.kind())),
    };
    #[expect(clippy::cast_precision_loss, reason = "exact for the first hundred days")]
    let secs = clock::monotonic_nanos().saturating_sub(begun) as f64 / 1e9;
    (outcome, secs)
}

/// Few and fixed words, as the semantic conventions want them of `error.type`.
fn error_type(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotGranted => "not_granted",
        ErrorKind::Invalid => "invalid_request",
        ErrorKind::NoAddress => "no_address",
        ErrorKind::NotConnected => "not_connected",
        ErrorKind::NotTrusted => "not_trusted",
        ErrorKind::TimedOut => "timeout",
        ErrorKind::TooLarge => "too_large",
        ErrorKind::Broken => "broken",
        _ => "_OTHER",
    }
}
