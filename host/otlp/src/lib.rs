//! OTLP for metrics: receive, decode, encode, export, retry.
//!
//! What arrives becomes a [`wasmeter_model::batch::Batch`] before anything else sees it, read where it lies ([`wire`]) or decoded to
//! a [`wasmeter_model::frame::Frame`] first ([`decode`]); a frame is what is sent.
//! Requests are untrusted: what is wrong with one point refuses that point, what is wrong with the request refuses the
//! request, and both are counted ([`decode::Refused`], [`receive::ReceiveStats`]). Built against the definitions of
//! opentelemetry-proto v1.11.0, which are in `proto/`; no OpenTelemetry SDK is involved.

mod codec;
mod compression;
pub mod decode;
pub mod encode;
pub mod export;
mod json;
pub mod messages;
pub mod receive;
pub mod wire;

pub use compression::Compression;

/// The path of the OTLP/HTTP metrics signal.
pub const METRICS_PATH: &str = "/v1/metrics";
/// The gRPC method of the OTLP metrics signal.
pub const METRICS_METHOD: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
/// The media type of OTLP/HTTP in protobuf.
pub const PROTOBUF: &str = "application/x-protobuf";
/// The media type of OTLP/HTTP in JSON.
pub const JSON: &str = "application/json";
