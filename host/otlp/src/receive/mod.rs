//! Receiving OTLP over gRPC and HTTP.
//!
//! A [`Receiver`] takes requests from any number of listeners and hands what is in them to one [`Sink`]. What a client can
//! cost is bounded by [`ReceiveLimits`]: bytes of a body before and after decompression, bytes of all bodies together,
//! requests at work and waiting, connections, and time. What is over a bound is refused with an answer that says when to
//! come back, and counted in [`ReceiveStats`].

mod body;
mod budget;
mod decompress;
mod failure;
mod framing;
mod grpc;
mod http;
mod intake;
mod limits;
mod places;
mod stats;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use wasmeter_model::batch::Batch;
use wasmeter_serve::{Protocol, serve};

pub use failure::FailureKind;
pub use limits::ReceiveLimits;
pub use stats::{Counted, ReceiveCount, ReceiveStats};

/// How a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Transport {
    /// OTLP/gRPC.
    Grpc,
    /// OTLP/HTTP, in protobuf or JSON.
    Http,
}

impl Transport {
    /// Every transport.
    pub const ALL: [Self; 2] = [Self::Grpc, Self::Http];

    /// A stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Http => "http",
        }
    }
}

/// What a sink says about a batch it took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// How many of the batch's points it did not take, for good.
    pub rejected_points: u64,
    /// What the client's people should know; empty if nothing. The specification allows a message without rejections,
    /// as a warning.
    pub message: String,
}

/// A sink cannot take the batch now; nothing of it was taken. The client is told to send it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("overloaded; try again in {} s", .retry_after.as_secs_f64())]
pub struct Overloaded {
    /// When the client may try again; rounded up to whole seconds over HTTP.
    pub retry_after: Duration,
}

/// Where received metrics go.
pub trait Sink: Send + Sync + 'static {
    /// Takes a batch with at least one point. Called on a thread where blocking for some milliseconds is fine, from at most
    /// [`ReceiveLimits::in_flight_max`] threads at a time. A panic is answered as an internal error and counted.
    ///
    /// # Errors
    ///
    /// The batch was not taken, because there is no room now.
    fn accept(&self, batch: Batch<'static>, transport: Transport) -> Result<Accepted, Overloaded>;
}

/// Serves OTLP from listeners to a sink; all listeners share the limits. Cheap to clone.
#[derive(Clone)]
pub struct Receiver {
    intake: Arc<intake::Intake>,
}

impl Receiver {
    /// A receiver without listeners.
    pub fn new(sink: Arc<dyn Sink>, limits: ReceiveLimits) -> Self {
        Self { intake: Arc::new(intake::Intake::new(sink, limits)) }
    }

    /// What was counted so far.
    pub fn stats(&self) -> Arc<ReceiveStats> {
        Arc::clone(&self.intake.stats)
    }

    /// Serves OTLP/gRPC (HTTP/2 without TLS; gzip, zstd or no compression) until `shutdown` completes. Then accepts no more, lets
    /// requests finish within [`ReceiveLimits::drain_timeout`] and returns.
    pub async fn serve_grpc(&self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let service = grpc::GrpcService(Arc::clone(&self.intake));
        serve(listener, Protocol::Http2, service, &self.intake.limits.connections(), shutdown).await;
    }

    /// Serves OTLP/HTTP (HTTP/1.1 or HTTP/2 without TLS; protobuf or JSON; gzip, zstd or no compression) on
    /// [`crate::METRICS_PATH`] until `shutdown` completes; ends like [`Receiver::serve_grpc`].
    pub async fn serve_http(&self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let service = http::HttpService(Arc::clone(&self.intake));
        serve(listener, Protocol::Any, service, &self.intake.limits.connections(), shutdown).await;
    }
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Receiver").field("limits", &self.intake.limits).finish_non_exhaustive()
    }
}
