//! The exporter: what it sends, sends again and keeps.

use std::sync::Mutex;
use std::time::Instant;

use wasmeter_model::delivery::Backlog;
use wasmeter_model::frame::Frame;
use wasmeter_model::{Aggregation, InstrumentKind, TemporalityPreference};
use wasmeter_otlp::export::{ExportError as Undelivered, Exporter};

use super::network::Network;
use super::{OtlpError, OtlpExporterBuilder};
use crate::error::ExportError;
use crate::lock;
use crate::reader::PushExporter;

/// Sends frames over OTLP, again and again while that may help and the deadline allows.
///
/// With delta temporality, frames that nobody took in time are kept, up to a million points, and sent before the next one; a
/// flush and the shutdown send them, too. With cumulative temporality the next frame makes them good.
///
/// It has a thread of its own for its connections and can be used inside and outside of an application's `tokio` runtime.
pub struct OtlpExporter {
    exporter: Exporter,
    network: Network,
    temporality: TemporalityPreference,
    histograms: Aggregation,
    backlog: Mutex<Backlog>,
}

impl OtlpExporter {
    /// An exporter as the `OTEL_EXPORTER_OTLP_*` variables say; over HTTP to `http://localhost:4318/v1/metrics` if they say nothing.
    ///
    /// # Errors
    ///
    /// As [`OtlpExporterBuilder::build`].
    pub fn from_env() -> Result<Self, OtlpError> {
        Self::builder().build()
    }

    /// An exporter in the making.
    pub fn builder() -> OtlpExporterBuilder {
        OtlpExporterBuilder::default()
    }

    pub(super) fn new(
        exporter: Exporter,
        network: Network,
        temporality: TemporalityPreference,
        histograms: Aggregation,
    ) -> Self {
        Self { exporter, network, temporality, histograms, backlog: Mutex::default() }
    }

    /// Sends one frame.
    fn send(&self, frame: &Frame, deadline: Instant) -> Result<(), Failure> {
        let sending = self.exporter.export(frame, deadline.into());
        let outcome = self.network.wait(sending);
        match outcome.map_err(|error| Failure { message: error.to_string(), is_final: true })? {
            Ok(exported) if exported.rejected > 0 => {
                let message =
                    format!("the receiver rejected {} points: {}", exported.rejected, exported.message);
                Err(Failure { message, is_final: true })
            }
            Ok(exported) => {
                if !exported.message.is_empty() {
                    tracing::warn!(target: "wasmeter", "the OTLP receiver warns: {}", exported.message);
                }
                Ok(())
            }
            Err(error) => {
                let is_final = !matches!(error, Undelivered::Exhausted { .. });
                Err(Failure { message: error.to_string(), is_final })
            }
        }
    }

    /// Sends what was kept, in its order, so that the receiver sees no gap that later turns out to be none.
    fn send_backlog(&self, backlog: &mut Backlog, deadline: Instant) -> Result<(), Failure> {
        let mut refused = Ok(());
        while let Some(frame) = backlog.pop() {
            match self.send(&frame, deadline) {
                Ok(()) => {}
                // Lost for good; what is behind it is not.
                Err(failure) if failure.is_final => refused = Err(failure),
                Err(failure) => {
                    backlog.put_back(frame);
                    return Err(failure);
                }
            }
        }
        refused
    }
}

/// Why a frame was not taken, and whether sending it again is in vain.
struct Failure {
    message: String,
    is_final: bool,
}

impl From<Failure> for ExportError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.message)
    }
}

impl PushExporter for OtlpExporter {
    fn export(&self, frame: &Frame, deadline: Instant) -> Result<(), ExportError> {
        let mut backlog = lock(&self.backlog);
        let before = self.send_backlog(&mut backlog, deadline);
        let sent = match before {
            Err(failure) if !failure.is_final => Err(failure),
            before => self.send(frame, deadline).and(before),
        };
        let Err(mut failure) = sent else { return Ok(()) };
        if frame.has_delta() && !failure.is_final {
            let dropped = backlog.push(frame.clone());
            if dropped > 0 {
                failure.message += &format!("; {dropped} older points that were kept are dropped");
            }
        }
        Err(failure.into())
    }

    fn temporality(&self) -> TemporalityPreference {
        self.temporality
    }

    fn aggregation(&self, kind: InstrumentKind) -> Aggregation {
        if kind == InstrumentKind::Histogram { self.histograms.clone() } else { Aggregation::Default }
    }

    fn force_flush(&self, deadline: Instant) -> Result<(), ExportError> {
        self.send_backlog(&mut lock(&self.backlog), deadline).map_err(ExportError::from)
    }

    fn shutdown(&self, deadline: Instant) -> Result<(), ExportError> {
        self.force_flush(deadline)
    }
}

impl std::fmt::Debug for OtlpExporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OtlpExporter")
            .field("exporter", &self.exporter)
            .field("temporality", &self.temporality)
            .finish_non_exhaustive()
    }
}
