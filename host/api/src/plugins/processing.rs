//! The processors of the directory, between a reader's collection and whoever gets its frames.

use wasmeter_model::frame::Frame;
use wasmeter_pipeline::{Collected, Ready, Unprocessed};
use wasmeter_runtime::{OnFailure, ProcessorFault};

use crate::counts::Tally;
use crate::diagnostics::{DiagnosticKind, Diagnostics};

/// What a reader collected, with the processors it is to go through.
pub(crate) type Gathered = Collected;

/// What of a reader's collections could not be processed yet.
#[derive(Debug, Default)]
pub(crate) struct Processing(Unprocessed);

/// What became of a collection.
pub(crate) struct Processed {
    /// What goes on, oldest first.
    pub(crate) frames: Vec<Frame>,
    faults: Vec<ProcessorFault>,
    lost: u64,
}

impl Processing {
    /// Has a collection processed, behind what could not be before, and counts what does not go on.
    pub(crate) fn process(&mut self, gathered: Gathered, tally: &Tally) -> Processed {
        let mut faults = Vec::new();
        let Ready { frames, dropped, kept_back, lost } = self.0.process(gathered, |fault| faults.push(fault));
        tally.points_dropped.add_many(dropped);
        tally.points_kept_back.add_many(kept_back);
        tally.points_lost.add_many(lost);
        Processed { frames, faults, lost }
    }

    /// Nothing comes any more: what is still kept goes with the reader, and is counted.
    pub(crate) fn end(self, tally: &Tally, diagnostics: &Diagnostics) {
        let lost = self.0.points();
        tally.points_lost.add_many(lost);
        tell_lost(lost, diagnostics);
    }
}

impl Processed {
    /// Tells of the processors that could not do their work.
    pub(crate) fn tell(&self, diagnostics: &Diagnostics) {
        for fault in &self.faults {
            diagnostics.tell(DiagnosticKind::Plugin, fault.to_string());
        }
        tell_lost(self.lost, diagnostics);
    }

    /// Why metrics are kept back that were to be exported now, if they are.
    pub(crate) fn kept_back(&self) -> Option<String> {
        let fault = self.faults.iter().find(|fault| fault.on_failure == OnFailure::Fail);
        fault.map(ToString::to_string)
    }

    /// Why metrics are missing, of each processor that could not do its work.
    pub(crate) fn missing(&self) -> impl Iterator<Item = String> {
        let faults = self.faults.iter().filter(|fault| fault.on_failure != OnFailure::Bypass);
        faults.map(ToString::to_string)
    }
}

fn tell_lost(points: u64, diagnostics: &Diagnostics) {
    if points > 0 {
        let message = format!("{points} points are dropped that a processor could not process for too long");
        diagnostics.tell(DiagnosticKind::Plugin, message);
    }
}
