//! What the thread of a periodic reader exports to.

use std::time::Instant;

use wasmeter_model::frame::Frame;

use super::PushExporter;
use crate::error::ExportError;

/// An exporter of the program, or one of the plugin directory.
pub(crate) trait Target: Send + 'static {
    /// Exports a frame, which is never empty.
    fn export(&self, frame: &Frame, deadline: Instant) -> Result<(), ExportError>;

    /// Takes note of a collection without a point.
    fn nothing_new(&self, deadline: Instant) -> Result<(), ExportError> {
        let _ = deadline;
        Ok(())
    }

    /// Sends what was kept back.
    fn force_flush(&self, deadline: Instant) -> Result<(), ExportError>;

    /// What is exported from now on is the last, as the reader ends.
    fn begin_last(&self) {}

    /// By when the last export must be done if everything must be by `end`.
    fn last_deadline(&self, end: Instant) -> Instant {
        end
    }

    /// Ends it.
    fn shutdown(&self, deadline: Instant) -> Result<(), ExportError>;
}

impl Target for Box<dyn PushExporter> {
    fn export(&self, frame: &Frame, deadline: Instant) -> Result<(), ExportError> {
        (**self).export(frame, deadline)
    }

    fn force_flush(&self, deadline: Instant) -> Result<(), ExportError> {
        (**self).force_flush(deadline)
    }

    fn shutdown(&self, deadline: Instant) -> Result<(), ExportError> {
        (**self).shutdown(deadline)
    }
}
