//! Waiting, and leaving things begun: only in a component.

use std::time::Duration;

#[cfg(target_family = "wasm")]
pub(crate) fn sleep(duration: Duration) -> String {
    use wasip2::clocks::monotonic_clock::subscribe_duration;

    let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    subscribe_duration(nanos).block();
    "found: done".to_owned()
}

#[cfg(not(target_family = "wasm"))]
pub(crate) fn sleep(duration: Duration) -> String {
    format!("failed: no {duration:?} here")
}

/// Sends a request, waits for nothing and forgets it, so that it goes on for as long as the instance lives.
#[cfg(target_family = "wasm")]
pub(crate) fn begin(url: &str) -> String {
    use wasip2::http::outgoing_handler::handle;
    use wasip2::http::types::{Fields, OutgoingRequest, Scheme};

    let request = OutgoingRequest::new(Fields::new());
    let authority = url.strip_prefix("http://").unwrap_or(url);
    let is_set = request.set_scheme(Some(&Scheme::Http)).is_ok()
        && request.set_authority(Some(authority)).is_ok()
        && request.set_path_with_query(Some("/")).is_ok();
    match handle(request, None) {
        Ok(response) if is_set => {
            std::mem::forget(response);
            "found: begun".to_owned()
        }
        other => format!("failed: {other:?}"),
    }
}

#[cfg(not(target_family = "wasm"))]
pub(crate) fn begin(url: &str) -> String {
    format!("failed: no {url} here")
}
