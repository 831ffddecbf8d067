//! The readers of the exporters in the directory.

use std::sync::{Arc, Mutex};

use wasmeter_pipeline::{Collected, ExportReader, Exporters, Plan};
use wasmeter_runtime::{ExportSchedule, Exporter};

use super::export::PluginExport;
use crate::diagnostics::DiagnosticKind;
use crate::lock;
use crate::provider::Core;
use crate::reader::{Schedule, Worker};

/// The readers at work, and those that end.
#[derive(Default)]
pub(super) struct Exports(Mutex<State>);

#[derive(Default)]
struct State {
    exporters: Exporters<Reader>,
    workers: Vec<Arc<Worker>>,
    /// Nothing is started any more.
    is_closed: bool,
}

/// The reader of one exporter.
struct Reader {
    export: Arc<PluginExport>,
    /// `None` if there was no thread for it, or nothing is exported any more.
    worker: Option<Arc<Worker>>,
}

impl ExportReader for Reader {
    fn succeed(&self, successor: Exporter) {
        let schedule = successor.schedule();
        self.export.succeed(successor);
        if let Some(worker) = &self.worker {
            worker.reschedule(schedule.interval, schedule.timeout);
        }
    }

    fn end(&self, last: Collected) {
        self.export.expect_end();
        if let Some(worker) = &self.worker {
            worker.end(last);
        }
    }
}

impl Exports {
    pub(super) fn plan(&self, wanted: Vec<Exporter>) -> Plan {
        lock(&self.0).exporters.plan(wanted)
    }

    pub(super) fn carry_out(
        &self,
        core: &Arc<Core>,
        plan: Plan,
        numbers: impl IntoIterator<Item = usize>,
        last: Vec<Collected>,
    ) {
        let mut state = lock(&self.0);
        let State { exporters, workers, is_closed } = &mut *state;
        workers.retain(|worker| !worker.has_ended());
        exporters.carry_out(plan, numbers, last, |exporter, number| {
            let reader = Reader::start(core, exporter, number, *is_closed);
            workers.extend(reader.worker.clone());
            reader
        });
    }

    /// The readers that export.
    pub(super) fn workers(&self) -> Vec<Arc<Worker>> {
        lock(&self.0).workers.clone()
    }

    /// The readers to be shut down; none is started any more, and none waits to try again.
    pub(super) fn close(&self) -> Vec<Arc<Worker>> {
        let mut state = lock(&self.0);
        state.is_closed = true;
        state.exporters.readers().for_each(|reader| reader.export.expect_end());
        state.workers.clone()
    }
}

impl Reader {
    fn start(core: &Arc<Core>, exporter: &Exporter, number: usize, is_closed: bool) -> Self {
        let diagnostics = core.diagnostics.clone();
        let export = Arc::new(PluginExport::new(exporter.clone(), core.tally.clone(), diagnostics));
        if is_closed {
            return Self { export, worker: None };
        }
        let ExportSchedule { interval, timeout } = exporter.schedule();
        let schedule = Schedule::of(interval, timeout);
        let label = exporter.label();
        match Worker::start(core.clone(), number, Box::new(export.clone()), schedule) {
            Ok(worker) => {
                tracing::info!(exporter = label, "exports every {} s", interval.as_secs_f64());
                Self { export, worker: Some(Arc::new(worker)) }
            }
            Err(error) => {
                let message = format!(
                    "exporter `{label}` exports nothing: its thread could not be started: {error}; give the program more threads \
                     and put the file into the directory again"
                );
                core.diagnostics.tell(DiagnosticKind::Export, message);
                Self { export, worker: None }
            }
        }
    }
}
