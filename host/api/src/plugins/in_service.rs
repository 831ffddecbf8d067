//! The plugins of the directory that are no Views, as collections and swaps meet them.

use std::sync::Arc;

use wasmeter_engine::{Engine, PreparedSwap, SwapReport};
use wasmeter_model::frame::Frame;
use wasmeter_model::{Resource, Timestamp};
use wasmeter_pipeline::{Attached, ObserverNews, Pipeline, Plan};
use wasmeter_runtime::{Generation, Plugin};

use super::Gathered;
use super::exports::Exports;
use crate::diagnostics::{DiagnosticKind, Diagnostics};
use crate::provider::Core;
use crate::reader::Worker;

/// Those in service. A provider without a directory has none.
pub(crate) struct InService {
    pipeline: Pipeline,
    exports: Exports,
}

impl InService {
    pub(super) fn new(
        engine: Engine,
        attached: Attached,
        resource: Resource,
        diagnostics: Arc<Diagnostics>,
    ) -> Self {
        let tell = move |plugin: &Plugin, news| tell(&diagnostics, plugin, news);
        Self { pipeline: Pipeline::new(engine, attached, resource, tell), exports: Exports::default() }
    }

    /// The frame that `collect` makes, after the observers have observed, and the processors of the same generation.
    pub(crate) fn collect(
        &self,
        clock: impl Fn() -> Timestamp,
        collect: impl FnOnce(Timestamp) -> Frame,
    ) -> Gathered {
        self.pipeline.collect(clock, collect)
    }

    /// The second half of a swap, after which those of another generation are in service.
    pub(crate) fn commit_swap(
        &self,
        core: &Arc<Core>,
        mut prepared: PreparedSwap,
        generation: &Generation,
    ) -> SwapReport {
        let plan = self.exports.plan(generation.exporters());
        plan.prepare(&mut prepared);
        let (report, last) = self.pipeline.commit_swap(prepared, Attached::of(generation), || core.now());
        self.exports.carry_out(core, plan, report.readers.iter().copied(), last);
        report
    }

    /// Starts the readers of the first exporters.
    pub(super) fn start(&self, core: &Arc<Core>, plan: Plan, first_number: usize) {
        self.exports.carry_out(core, plan, first_number.., Vec::new());
    }

    /// The readers of exporters.
    pub(crate) fn workers(&self) -> Vec<Arc<Worker>> {
        self.exports.workers()
    }

    /// The readers of exporters, to be shut down; none is started any more.
    pub(crate) fn close(&self) -> Vec<Arc<Worker>> {
        self.exports.close()
    }
}

fn tell(diagnostics: &Diagnostics, plugin: &Plugin, news: ObserverNews) {
    let file = plugin.file().display();
    match news {
        ObserverNews::Fails(trouble) => {
            diagnostics.tell(DiagnosticKind::Plugin, format!("{file}: {trouble}"));
        }
        ObserverNews::Recovered => tracing::info!(target: "wasmeter", plugin = %file, "it observes again"),
    }
}
