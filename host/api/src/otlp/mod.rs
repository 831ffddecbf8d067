//! An exporter over OTLP for [`crate::PeriodicReader`] (OTLP exporter specification); feature `otlp`.

mod builder;
mod exporter;
mod network;

pub use builder::{OtlpError, OtlpExporterBuilder, OtlpProtocol};
pub use exporter::OtlpExporter;
pub use wasmeter_otlp::Compression;
