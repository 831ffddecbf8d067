//! What an exporter is asked: its preference at the start, frames, and at the end to flush and to let go.

use std::sync::atomic::Ordering;
use std::time::Instant;

use wasmeter_model::frame::Frame;

use super::Plugin;
use crate::answer::{check_accepted, check_export_error, check_preference, invalid};
use crate::bindings::types;
use crate::exporters::{Accepted, ExportError, ExportPreference, ExportSchedule};
use crate::failure::{FailureKind, Refusal};
use crate::frame::lower;
use crate::instance::Instance;
use crate::world::World;

/// On which terms an exporter exports.
#[derive(Debug)]
pub(crate) struct ExportTerms {
    pub(crate) preference: ExportPreference,
    pub(crate) schedule: ExportSchedule,
}

impl Plugin {
    /// `None` if it is no exporter.
    pub(crate) fn export_terms(&self) -> Option<&ExportTerms> {
        self.export_terms.as_ref()
    }

    /// Has a frame sent and checks what comes back.
    pub(crate) fn ask_export(&self, frame: &Frame) -> Result<Result<Accepted, ExportError>, Refusal> {
        let question = match lower(frame, self.grants.limits.frame_bytes_max) {
            Ok(question) => question,
            // It would be too large the next time, too.
            Err(refusal) => {
                self.count_fault(&refusal);
                return Ok(Err(ExportError::Permanent { reason: refusal.to_string() }));
            }
        };
        match self.ask(|instance| instance.export(&question))? {
            Ok(accepted) => {
                let accepted = check_accepted(accepted, frame.point_count() as u64, &self.log);
                accepted.map(Ok).map_err(|wrong| invalid("export", &wrong))
            }
            Err(error) => Ok(Err(check_export_error(error, &self.log))),
        }
    }

    /// Flushes and shuts down the instance, if there is one; what it could not do.
    pub(crate) fn close(&self) -> Vec<Refusal> {
        let mut service = self.lock();
        let Some(mut instance) = service.instance.take().filter(|_| self.world() == World::Exporter) else {
            return Vec::new();
        };
        self.memory_bytes.store(0, Ordering::Relaxed);
        match self.last_question("flush", || instance.flush()) {
            // An instance that was lost is not entered again.
            Err(refusal) if refusal.kind != FailureKind::Fault => vec![refusal],
            flushed => {
                let shut_down = self.last_question("shutdown", || instance.shutdown());
                [flushed, shut_down].into_iter().filter_map(Result::err).collect()
            }
        }
    }

    fn last_question(
        &self,
        name: &str,
        question: impl FnOnce() -> Result<Result<(), types::Fault>, Refusal>,
    ) -> Result<(), Refusal> {
        self.questions.fetch_add(1, Ordering::Relaxed);
        let asked = Instant::now();
        let answer = question();
        self.totals.called(asked.elapsed());
        answer?.map_err(|types::Fault { reason }| self.gave_up(name, &reason))
    }

    /// Asks a fresh instance for its preference, which must be what the one before said.
    pub(super) fn hold_to_preference(&self, instance: &mut Instance) -> Result<(), Refusal> {
        let Some(terms) = &self.export_terms else { return Ok(()) };
        let said = ask_preference(instance, self.runtime.config().answer, &self.grants)?;
        if said == terms.preference {
            return Ok(());
        }
        let wrong = "it is not what it was before, and the series depend on it".to_owned();
        Err(invalid("preference", &wrong))
    }
}

/// Asks a fresh instance for its preference and checks the answer.
pub(crate) fn ask_preference(
    instance: &mut Instance,
    limits: crate::AnswerLimits,
    grants: &crate::instance::Grants,
) -> Result<ExportPreference, Refusal> {
    let preference = instance.preference()?;
    check_preference(preference, limits, grants.limits.answer_bytes_max)
        .map_err(|wrong| invalid("preference", &wrong))
}
