//! The plugins of the directory that are no Views, as collections and swaps meet them.

use std::sync::Arc;

use wasmeter_engine::{Engine, PreparedSwap, SwapReport};
use wasmeter_model::frame::Frame;
use wasmeter_model::{Resource, Timestamp};
use wasmeter_pipeline::{Attached, ObserverNews, Pipeline};
use wasmeter_runtime::{Generation, Plugin};

use super::Gathered;
use crate::diagnostics::{DiagnosticKind, Diagnostics};

/// Those in service. A provider without a directory has none.
pub(crate) struct InService {
    pipeline: Pipeline,
}

impl InService {
    pub(super) fn new(
        engine: Engine,
        attached: Attached,
        resource: Resource,
        diagnostics: Arc<Diagnostics>,
    ) -> Self {
        let tell = move |plugin: &Plugin, news| tell(&diagnostics, plugin, news);
        Self { pipeline: Pipeline::new(engine, attached, resource, tell) }
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
        prepared: PreparedSwap,
        generation: &Generation,
        clock: impl Fn() -> Timestamp,
    ) -> SwapReport {
        self.pipeline.commit_swap(prepared, Attached::of(generation), clock)
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
