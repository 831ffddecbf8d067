//! What the response to an export says of it.

use std::time::Duration;

use super::{Error, ErrorKind, Request, Response};
use crate::ExportError;

/// How much of a response's body is repeated in an error, in bytes.
const WORDS_BYTES_MAX: usize = 300;

impl Request {
    /// Sends it as an export. For exporters whose receivers speak HTTP as most do: a success is a success; the statuses 408, 429 and
    /// 500 to 599 are retryable, after as many seconds as `Retry-After` says; other statuses are permanent, with the beginning
    /// of the body as the reason. Without a response it is retryable, unless the origin is not granted or the request is none.
    ///
    /// # Errors
    ///
    /// Why it was not taken.
    pub fn export(self) -> Result<Response, ExportError> {
        let url = self.url.clone();
        let response = self.send().map_err(|error| unanswered(&url, &error))?;
        if response.is_success() {
            return Ok(response);
        }
        let status = response.status;
        let words = String::from_utf8_lossy(&response.body);
        let words = words.trim();
        let words = words.get(..words.floor_char_boundary(WORDS_BYTES_MAX)).unwrap_or_default();
        let reason = format!("`{url}` answered with status {status}: {words}");
        if !matches!(status, 408 | 429 | 500..=599) {
            return Err(ExportError::permanent(reason));
        }
        let after = response.header("retry-after").and_then(|seconds| seconds.trim().parse().ok());
        Err(ExportError::Retryable { after: after.map(Duration::from_secs), reason })
    }
}

fn unanswered(url: &str, error: &Error) -> ExportError {
    let reason = format!("`{url}` did not answer: {error}");
    match error.kind() {
        ErrorKind::NotGranted | ErrorKind::Invalid => ExportError::permanent(reason),
        _ => ExportError::retryable(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn exported(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Response, ExportError> {
        let headers: Vec<(String, Vec<u8>)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        let response = Response { status, headers, body: body.as_bytes().to_vec() };
        testing::serve_http(move |_| Ok(response.clone()));
        Request::post("http://receiver/write", "body").export()
    }

    #[test]
    fn the_status_says_whether_trying_again_may_help() {
        assert_eq!(exported(204, &[], "").unwrap().status, 204);
        for status in [408, 429, 500, 503, 599] {
            let error = exported(status, &[], "busy").unwrap_err();
            let reason = format!("`http://receiver/write` answered with status {status}: busy");
            assert_eq!(error, ExportError::retryable(reason));
        }
        let ExportError::Retryable { after, .. } = exported(503, &[("retry-after", "7")], "").unwrap_err()
        else {
            panic!("it is permanent")
        };
        assert_eq!(after, Some(Duration::from_secs(7)));
        for status in [301, 400, 404, 413] {
            assert!(matches!(exported(status, &[], ""), Err(ExportError::Permanent { .. })), "{status}");
        }
    }

    #[test]
    fn no_response_is_retryable_unless_there_can_be_none() {
        let failing = |kind| {
            testing::serve_http(move |_| Err(Error::new(kind, "no")));
            Request::post("http://receiver/write", "body").export().unwrap_err()
        };
        assert!(matches!(failing(ErrorKind::NotConnected), ExportError::Retryable { after: None, .. }));
        assert!(matches!(failing(ErrorKind::NotGranted), ExportError::Permanent { .. }));
    }
}
