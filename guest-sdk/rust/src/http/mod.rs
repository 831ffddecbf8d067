//! Requests over HTTP to origins the operator grants.
//!
//! A plugin that uses this module needs `http` below `[grants]` in its `NAME.toml`; without, it is not loaded. The host verifies
//! certificates, follows no redirect and uses no proxy. A request is over a little before the call the plugin is in, whatever its own
//! timeout is: so the plugin can still say what came of it.
//!
//! Natively, in a unit test, [`testing::serve_http`](crate::testing::serve_http) answers.
//!
//! ```
//! use std::time::Duration;
//! use wasmeter_guest::http::{Request, Response};
//! use wasmeter_guest::testing;
//!
//! testing::serve_http(|request| {
//!     assert_eq!((request.method.as_str(), request.url.as_str()), ("GET", "http://127.0.0.1:9100/metrics"));
//!     Ok(Response { status: 200, headers: Vec::new(), body: b"up 1\n".to_vec() })
//! });
//! let response = Request::get("http://127.0.0.1:9100/metrics")
//!     .header("accept", "text/plain")
//!     .timeout(Duration::from_millis(500))
//!     .send()?;
//! assert_eq!((response.status, response.body.as_slice()), (200, b"up 1\n".as_slice()));
//! # Ok::<(), wasmeter_guest::http::Error>(())
//! ```

mod export;
#[cfg(not(target_family = "wasm"))]
mod native;
mod settings;
#[cfg(target_family = "wasm")]
mod wasi;

use std::fmt;
use std::time::Duration;

#[cfg(not(target_family = "wasm"))]
use native as host;
#[cfg(not(target_family = "wasm"))]
pub(crate) use native::serve;
pub use settings::{Headers, Url};
#[cfg(target_family = "wasm")]
use wasi as host;

/// How large a response may be unless the request says otherwise: 4 MiB.
const BODY_BYTES_MAX: usize = 4 << 20;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method, in capitals.
    pub method: String,
    /// Where to, whole: `https://example.com/path?query`.
    pub url: String,
    /// Headers; the host adds `Host` and what the body needs.
    pub headers: Vec<(String, String)>,
    /// The body; an empty one is none.
    pub body: Vec<u8>,
    /// How long connecting, the beginning of the response, and each further part of it may take, each; as long as the call takes if
    /// `None`.
    pub timeout: Option<Duration>,
    /// How large the body of the response may be, in bytes; 4 MiB. The plugin's memory has to hold it, and the host has a limit of its
    /// own (`http_body_bytes_max`).
    pub body_bytes_max: usize,
}

impl Request {
    /// A request with this method and no body.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: None,
            body_bytes_max: BODY_BYTES_MAX,
        }
    }

    /// Asks for what is at a URL.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// Sends something to a URL.
    pub fn post(url: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::new("POST", url) }
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets how long connecting, the beginning of the response, and each further part of it may take, each.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets how large the body of the response may be, in bytes.
    pub fn body_bytes_max(mut self, bytes: usize) -> Self {
        self.body_bytes_max = bytes;
        self
    }

    /// Sends it and waits for the whole response. A status that tells of a failure is a response like any other.
    ///
    /// # Errors
    ///
    /// There was no response, or not all of one.
    pub fn send(self) -> Result<Response, Error> {
        let bytes_max = self.body_bytes_max;
        let response = host::send(self)?;
        if response.body.len() > bytes_max {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!("the response is larger than {bytes_max} bytes"),
            ));
        }
        Ok(response)
    }
}

/// A response, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code, such as 200.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// True if the status tells of success: 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of this name, given in lower case, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(known, _)| known == name)?;
        std::str::from_utf8(value).ok()
    }
}

/// What sort of failure kept a response from coming.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The origin is none of those the operator grants.
    NotGranted,
    /// The request is none: its URL, its method or a header.
    Invalid,
    /// The host's name is unknown, or stands for an address it may not.
    NoAddress,
    /// Nobody answers there.
    NotConnected,
    /// Nobody trusted answers there: the certificate, or the protocol.
    NotTrusted,
    /// It took longer than it may.
    TimedOut,
    /// The response is larger than it may be.
    TooLarge,
    /// The connection ended, or what came was no HTTP.
    Broken,
}

/// Why there is no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    /// An error of this kind; the message is for people.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
