//! What an exporter of a periodic reader is.

use std::sync::Arc;
use std::time::Instant;

use wasmeter_model::frame::Frame;
use wasmeter_model::{Aggregation, InstrumentKind, TemporalityPreference};

use crate::error::ExportError;

/// Sends frames somewhere (metrics SDK, "Push Metric Exporter").
///
/// All functions are called on the thread of the reader, one after the other, and never at the same time. Each must be done by
/// its `deadline`: nobody can interrupt it, and until it returns the reader exports nothing. A panic counts as a failure.
/// None may flush or shut down the provider it exports for.
pub trait PushExporter: Send + Sync + 'static {
    /// Exports a frame, which is never empty. What fails is not given again: whoever wants to retry does it in here.
    ///
    /// # Errors
    ///
    /// The frame was not exported, wholly or in part.
    fn export(&self, frame: &Frame, deadline: Instant) -> Result<(), ExportError>;

    /// The temporality the exporter asks for; asked once, when its reader is made. Cumulative by default.
    fn temporality(&self) -> TemporalityPreference {
        TemporalityPreference::Cumulative
    }

    /// The aggregation the exporter asks for where neither a View nor advice says another; asked once for each kind, when its
    /// reader is made. The specified default of the kind by default.
    fn aggregation(&self, kind: InstrumentKind) -> Aggregation {
        let _ = kind;
        Aggregation::Default
    }

    /// Sends what the exporter has kept back. Nothing by default.
    ///
    /// # Errors
    ///
    /// Something was not sent.
    fn force_flush(&self, deadline: Instant) -> Result<(), ExportError> {
        let _ = deadline;
        Ok(())
    }

    /// Ends the exporter; called once, and nothing after it. Nothing by default.
    ///
    /// # Errors
    ///
    /// Something was not sent or could not be closed.
    fn shutdown(&self, deadline: Instant) -> Result<(), ExportError> {
        let _ = deadline;
        Ok(())
    }
}

/// A shared exporter, for programs that want to look at it later.
impl<E: PushExporter + ?Sized> PushExporter for Arc<E> {
    fn export(&self, frame: &Frame, deadline: Instant) -> Result<(), ExportError> {
        (**self).export(frame, deadline)
    }

    fn temporality(&self) -> TemporalityPreference {
        (**self).temporality()
    }

    fn aggregation(&self, kind: InstrumentKind) -> Aggregation {
        (**self).aggregation(kind)
    }

    fn force_flush(&self, deadline: Instant) -> Result<(), ExportError> {
        (**self).force_flush(deadline)
    }

    fn shutdown(&self, deadline: Instant) -> Result<(), ExportError> {
        (**self).shutdown(deadline)
    }
}
