//! The exporter: what it sends, sends again and keeps.

use std::sync::Mutex;
use std::time::Instant;

use wasmeter_model::frame::{Frame, Part};
use wasmeter_model::{Aggregation, InstrumentKind, TemporalityPreference};
use wasmeter_otlp::export::{ExportError as Unsent, Exporter, REQUEST_POINTS_MAX, requests};

use super::network::Network;
use super::{OtlpError, OtlpExporterBuilder};
use crate::error::ExportError;
use crate::lock;
use crate::reader::{Failure, PushExporter, Undelivered};

/// Sends frames over OTLP, again and again while that may help and the deadline allows: in requests of at most 8192 points, and of about
/// the 4 MiB that gRPC servers take by default, each after the one before. That also bounds the memory an export takes.
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
    undelivered: Mutex<Undelivered>,
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
        Self { exporter, network, temporality, histograms, undelivered: Mutex::default() }
    }

    /// Sends one frame. A request that is refused for good does not keep the others from being sent.
    fn send(&self, frame: &Frame, deadline: Instant) -> Result<(), Failure> {
        let (mut done, mut refused) = (0, None);
        for part in requests(frame, REQUEST_POINTS_MAX) {
            match self.send_request(part, deadline) {
                Ok(()) => {}
                Err(failure) if failure.is_final => refused = refused.or(Some(failure)),
                Err(failure) => {
                    let before = refused.map(|refused| format!("; before that: {}", refused.message));
                    let message = failure.message + &before.unwrap_or_default();
                    return Err(Failure { message, done, ..failure });
                }
            }
            done += part.point_count();
        }
        refused.map_or(Ok(()), Err)
    }

    fn send_request(&self, part: Part<'_>, deadline: Instant) -> Result<(), Failure> {
        let sending = self.exporter.export(part, deadline.into());
        let outcome = self.network.wait(sending);
        match outcome.map_err(|error| Failure::new(error.to_string(), true))? {
            Ok(exported) if exported.rejected > 0 => {
                let message =
                    format!("the receiver rejected {} points: {}", exported.rejected, exported.message);
                Err(Failure::new(message, true))
            }
            Ok(exported) => {
                if !exported.message.is_empty() {
                    tracing::warn!(target: "wasmeter", "the OTLP receiver warns: {}", exported.message);
                }
                Ok(())
            }
            Err(error) => {
                let is_final = !matches!(error, Unsent::Exhausted { .. });
                Err(Failure::new(error.to_string(), is_final))
            }
        }
    }
}

impl PushExporter for OtlpExporter {
    fn export(&self, frame: &Frame, deadline: Instant) -> Result<(), ExportError> {
        let mut undelivered = lock(&self.undelivered);
        undelivered.export(frame, |frame| self.send(frame, deadline)).map_err(ExportError::from)
    }

    fn temporality(&self) -> TemporalityPreference {
        self.temporality
    }

    fn aggregation(&self, kind: InstrumentKind) -> Aggregation {
        if kind == InstrumentKind::Histogram { self.histograms.clone() } else { Aggregation::Default }
    }

    fn force_flush(&self, deadline: Instant) -> Result<(), ExportError> {
        let sent = lock(&self.undelivered).flush(|frame| self.send(frame, deadline));
        sent.map_err(ExportError::from)
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
