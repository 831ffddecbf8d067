//! The OTLP messages, generated from `proto/` by the tool in `gen/`.
//!
//! `serde` on them follows OTLP/JSON: the protobuf JSON mapping, but trace and span ids in hexadecimal.

#[expect(missing_docs, reason = "the documentation of the messages is in proto/")]
#[expect(unreachable_pub, reason = "generated; what is wanted is exported below")]
#[expect(clippy::all, reason = "generated")]
#[rustfmt::skip]
mod generated;

pub use generated::opentelemetry::proto::collector::metrics::v1::*;
pub use generated::opentelemetry::proto::common::v1::*;
pub use generated::opentelemetry::proto::metrics::v1::*;
pub use generated::opentelemetry::proto::resource::v1::*;
