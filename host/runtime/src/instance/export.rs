//! The calls into an exporter. What comes back is unchecked.

use super::Instance;
use super::fault::Call;
use crate::bindings::exporter::exports::wasmeter::plugin::exporters;
use crate::bindings::{frames, types};
use crate::failure::Refusal;

/// The setting with the deadline of the last two calls.
const FLUSH: &str = "flush_deadline_ms";

impl Instance {
    /// Asks what the exporter wants to be given.
    pub(crate) fn preference(&mut self) -> Result<exporters::ExportPreference, Refusal> {
        let deadline = self.grants.limits.setup_deadline;
        let call = Call { name: "preference", deadline, setting: super::SETUP };
        self.call(call, |exports, store| exports.exporters()?.call_preference(store))
    }

    /// Has a frame sent.
    pub(crate) fn export(
        &mut self,
        frame: &frames::Frame,
    ) -> Result<Result<exporters::Accepted, exporters::ExportError>, Refusal> {
        let deadline = self.grants.limits.export_deadline;
        let call = Call { name: "export", deadline, setting: "export_deadline_ms" };
        self.call(call, |exports, store| exports.exporters()?.call_export(store, frame))
    }

    /// Has everything sent that is buffered.
    pub(crate) fn flush(&mut self) -> Result<Result<(), types::Fault>, Refusal> {
        let deadline = self.grants.limits.flush_deadline;
        let call = Call { name: "flush", deadline, setting: FLUSH };
        self.call(call, |exports, store| exports.exporters()?.call_flush(store))
    }

    /// Has everything let go, as the last call.
    pub(crate) fn shutdown(mut self) -> Result<Result<(), types::Fault>, Refusal> {
        let deadline = self.grants.limits.flush_deadline;
        let call = Call { name: "shutdown", deadline, setting: FLUSH };
        self.call(call, |exports, store| exports.exporters()?.call_shutdown(store))
    }
}
