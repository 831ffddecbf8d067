//! Received metrics go into the engine.

use wasmeter_engine::Engine;
use wasmeter_model::batch::Batch;
use wasmeter_otlp::receive::{Accepted, Overloaded, Sink, Transport};

use crate::clock::now;

/// The engine as a receiver's sink.
pub(super) struct EngineSink {
    engine: Engine,
}

impl EngineSink {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine }
    }
}

impl Sink for EngineSink {
    fn accept(&self, batch: Batch<'static>, transport: Transport) -> Result<Accepted, Overloaded> {
        let report = self.engine.ingest_batch(&batch, now());
        let message = report.message();
        if !message.is_empty() {
            tracing::debug!(transport = transport.name(), "{message}");
        }
        Ok(Accepted { rejected_points: report.rejected_points(), message })
    }
}
