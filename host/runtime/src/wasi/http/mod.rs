//! `wasi:http`: requests to granted origins, and to no other.
//!
//! wasmtime-wasi-http makes requests and responses of what a plugin says and reads. What leaves the host is sent here: only to an
//! origin that is granted, over a connection of its own, without following redirects and without a proxy. A request is over before
//! the call in which it was sent, so that the plugin can still say what came of it.

mod body;
mod connect;
mod error;
mod tls;

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::uri::Scheme;
use http::{Method, Request, Response, Uri};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio_rustls::rustls::ClientConfig;
use wasmtime_wasi::runtime::spawn;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::PluginLimits;
use crate::grants::HttpOrigin;
use body::BoundedBody;
pub(crate) use error::of_body;
pub(crate) use tls::trusting;

/// How much is read ahead of the plugin, in bytes, where no more is needed for the head of a response.
const BUFFER_BYTES: usize = 64 << 10;
/// How much of a call is left, at most, when its requests end.
const REST_MAX: Duration = Duration::from_millis(250);

/// Whom a plugin may send requests to, and how.
#[derive(Clone, Default)]
pub(crate) struct Outgoing {
    pub(crate) origins: Arc<[HttpOrigin]>,
    /// Whom it trusts; `None` if it may speak to nobody over TLS.
    pub(crate) tls: Option<Arc<ClientConfig>>,
}

/// The requests of one store.
pub(super) struct Fetcher {
    outgoing: Outgoing,
    /// The largest head of a response, and the largest body, in bytes.
    head_bytes_max: usize,
    body_bytes_max: u64,
    /// When the call in progress is over.
    until: Instant,
}

/// What becomes of a request: its response, and the connection that the body still comes over.
type Sent = (Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>);

/// How long the parts of a request may take, and how large the response may be.
struct Bounds {
    connect: Duration,
    first_byte: Duration,
    between_bytes: Duration,
    all: Instant,
    head_bytes_max: usize,
    body_bytes_max: u64,
}

impl Fetcher {
    pub(super) fn new(outgoing: Outgoing, limits: &PluginLimits) -> Self {
        let PluginLimits { http_head_bytes_max, http_body_bytes_max, .. } = *limits;
        Self {
            outgoing,
            head_bytes_max: http_head_bytes_max,
            body_bytes_max: http_body_bytes_max,
            until: Instant::now(),
        }
    }

    pub(super) fn begin_call(&mut self, until: Instant) {
        self.until = until;
    }

    /// As long as the plugin says, and not beyond its call.
    fn bounds(&self, options: Option<RequestOptions>) -> Bounds {
        let options = options.unwrap_or_default();
        let left = self.until.saturating_duration_since(Instant::now());
        let rest = (left / 8).min(REST_MAX);
        Bounds {
            connect: options.connect_timeout.unwrap_or(left),
            first_byte: options.first_byte_timeout.unwrap_or(left),
            between_bytes: options.between_bytes_timeout.unwrap_or(left),
            all: self.until.checked_sub(rest).unwrap_or(self.until),
            head_bytes_max: self.head_bytes_max,
            body_bytes_max: self.body_bytes_max,
        }
    }
}

impl WasiHttpHooks for Fetcher {
    /// A plugin says what it means.
    fn default_scheme(&mut self) -> Option<Scheme> {
        None
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        let bounds = self.bounds(options);
        let outgoing = self.outgoing.clone();
        Box::new(async move {
            let all = tokio::time::Instant::from_std(bounds.all);
            tokio::time::timeout_at(all, send(&outgoing, request, bounds))
                .await
                .unwrap_or(Err(Error::HttpResponseTimeout))
        })
    }

    // What went wrong is the plugin's to tell: the host's log is not for it.

    fn p2_error_from_hyper(&mut self, error: &hyper::Error) -> ErrorCode {
        error::of_hyper(error)
    }

    fn p2_error_from_connect(&mut self, error: &std::io::Error) -> ErrorCode {
        match error.kind() {
            std::io::ErrorKind::ConnectionRefused => ErrorCode::ConnectionRefused,
            std::io::ErrorKind::TimedOut => ErrorCode::ConnectionTimeout,
            _ => ErrorCode::DestinationUnavailable,
        }
    }

    fn p2_error_from_tls(&mut self, _: &std::io::Error) -> ErrorCode {
        ErrorCode::TlsProtocolError
    }
}

async fn send(outgoing: &Outgoing, mut request: Request<WasiBody>, bounds: Bounds) -> Result<Sent, Error> {
    let origin = HttpOrigin::of(request.uri())
        .filter(|origin| outgoing.origins.contains(origin))
        .ok_or(Error::HttpRequestDenied)?;
    // It would make a proxy of whoever is asked.
    if *request.method() == Method::CONNECT {
        return Err(Error::HttpRequestMethodInvalid);
    }
    let stream = tokio::time::timeout(bounds.connect, connect::connect(&origin, outgoing.tls.as_ref()))
        .await
        .unwrap_or(Err(Error::ConnectionTimeout))?;
    let (mut sender, connection) = http1::Builder::new()
        // Alone it would bound the head only roughly: one that has come as a whole is taken, however large.
        .max_buf_size(BUFFER_BYTES.max(bounds.head_bytes_max))
        .max_header_size(bounds.head_bytes_max)
        .handshake(TokioIo::new(stream))
        .await?;
    // Ends with the request, and when nobody waits for it any more.
    let connection = spawn(connection);
    // What is sent to the origin itself is the path alone.
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse::<Uri>().map_err(|_| Error::HttpRequestUriInvalid)?;
    let response = tokio::time::timeout(bounds.first_byte, sender.send_request(request))
        .await
        .map_err(|_| Error::ConnectionReadTimeout)?
        .map_err(|error| error::of_head(error, bounds.head_bytes_max))?;
    let all = tokio::time::Instant::from_std(bounds.all);
    let response = response
        .map(|body| BoundedBody::new(body, bounds.body_bytes_max, bounds.between_bytes, all).boxed_unsync());
    Ok((response, Box::new(async move { Ok(connection.await?) })))
}
