//! Sending frames over OTLP, with the retries the protocol asks for.

mod config;
mod error;
mod grpc;
mod http;
mod retry;

use std::num::NonZeroUsize;
use std::sync::Mutex;

use tokio::time::Instant;
use wasmeter_model::delivery::Jitter;
use wasmeter_model::frame::{Frame, Part};

pub use config::{ConfigError, ExportConfig, metrics_url};
pub use error::{ExportError, Exported};

use crate::encode::{encode_json, encode_protobuf, protobuf_size};

/// The most bytes of an encoded request before compression; what receivers take by the specification's advice.
pub const REQUEST_BYTES_MAX: usize = 64 << 20;
/// The most points of a request where nobody says otherwise. It bounds the memory that an export takes beside its frame.
pub const REQUEST_POINTS_MAX: NonZeroUsize = NonZeroUsize::new(8192).unwrap();
/// What the bytes of a request are kept below by sending fewer points at once: the 4 MiB that a gRPC server takes by default, with room
/// for what is only estimated.
const REQUEST_BYTES_USUAL: usize = (4 << 20) * 7 / 8;
/// The most bytes of a response; more is not read.
pub const RESPONSE_BYTES_MAX: usize = 4 << 20;

const USER_AGENT: &str =
    concat!("wasmeter/", env!("CARGO_PKG_VERSION"), " OTel-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION"));

/// The parts of a frame that are to be requests: of at most `points_max` points, and fewer where they would take more than the 4 MiB that
/// a gRPC server takes by default, which would refuse them for good. A single point may take more.
pub fn requests(frame: &Frame, points_max: NonZeroUsize) -> impl Iterator<Item = Part<'_>> {
    frame.parts_that(points_max, |part| protobuf_size(part) <= REQUEST_BYTES_USUAL)
}

/// Sends frames to one endpoint. Connects when first used and again when the connection broke.
#[derive(Debug)]
pub struct Exporter {
    transport: Transport,
    config: ExportConfig,
    /// Locked for one draw of a number, never across an `await`.
    jitter: Mutex<Jitter>,
}

#[derive(Debug)]
enum Transport {
    Grpc(grpc::GrpcTransport),
    Http(http::HttpTransport),
}

impl Exporter {
    /// An exporter over OTLP/gRPC. The endpoint is `http://host:port`, or `host:port`.
    ///
    /// # Errors
    ///
    /// The endpoint or a header is not usable. Nothing is connected yet.
    pub fn grpc(config: ExportConfig) -> Result<Self, ConfigError> {
        let transport = Transport::Grpc(grpc::GrpcTransport::new(&config)?);
        Ok(Self::new(transport, config))
    }

    /// An exporter over OTLP/HTTP. The endpoint is the whole URL, see [`metrics_url`].
    ///
    /// # Errors
    ///
    /// As with [`Exporter::grpc`].
    pub fn http(config: ExportConfig) -> Result<Self, ConfigError> {
        let transport = Transport::Http(http::HttpTransport::new(&config)?);
        Ok(Self::new(transport, config))
    }

    fn new(transport: Transport, config: ExportConfig) -> Self {
        let jitter = Mutex::new(Jitter::new(config.retry_seed));
        Self { transport, config, jitter }
    }

    /// Sends a frame or a part of one as one request, again and again while that may help, until `deadline` or the configured timeout,
    /// whichever comes first. What has no points is not sent. Several exports may run at a time; the metrics SDK never does that.
    ///
    /// # Errors
    ///
    /// The receiver refused the request, or none took it in time. What it holds is lost then, unless the caller keeps it.
    pub async fn export<'a>(
        &self,
        part: impl Into<Part<'a>>,
        deadline: Instant,
    ) -> Result<Exported, ExportError> {
        let part = part.into();
        if part.point_count() == 0 {
            return Ok(Exported::default());
        }
        let deadline = self.config.deadline(deadline);
        let bytes = match &self.transport {
            Transport::Http(http) if http.is_json() => encode_json(part).into(),
            Transport::Http(_) | Transport::Grpc(_) => encode_protobuf(part),
        };
        if bytes.len() > REQUEST_BYTES_MAX {
            return Err(ExportError::TooLarge { bytes: bytes.len() });
        }
        let delays = self.config.retry.delays(|| self.jitter.lock().map_or(1.0, |mut jitter| jitter.draw()));
        match &self.transport {
            Transport::Grpc(grpc) => {
                retry::retry(deadline, delays, || grpc.send(bytes.clone(), deadline)).await
            }
            Transport::Http(http) => {
                let body = http.body(bytes).map_err(|error| ExportError::permanent(error.to_string()))?;
                retry::retry(deadline, delays, || http.send(body.clone())).await
            }
        }
    }
}
