//! From the engine to the exporters, with the program's own clock, log and metrics.

use std::sync::Arc;

use wasmeter_engine::{Engine, PreparedSwap, SwapReport};
use wasmeter_model::Resource;
use wasmeter_model::frame::Frame;
use wasmeter_pipeline::{Attached, Collected, ObserverNews};
use wasmeter_runtime::{Plugin, Processed, Processors, Runtime};

use super::durations::Durations;
use crate::clock::now;

/// What readers collect from.
#[derive(Clone)]
pub(super) struct Pipeline {
    pipeline: wasmeter_pipeline::Pipeline,
    durations: Arc<Durations>,
}

impl Pipeline {
    /// `resource` is what observations belong to that name none.
    pub(super) fn new(engine: Engine, attached: Attached, resource: Resource, runtime: Arc<Runtime>) -> Self {
        let durations = Arc::new(Durations::new(runtime, resource.clone(), now()));
        Self { pipeline: wasmeter_pipeline::Pipeline::new(engine, attached, resource, tell), durations }
    }

    /// Collects for a reader, after the observers have observed. Blocks for as long as that takes.
    pub(super) fn collect(&self, reader: usize) -> Collected {
        self.pipeline.collect(now, |now| {
            self.durations.tell(self.engine(), now);
            self.engine().collect(reader, now)
        })
    }

    /// Puts other Views and other plugins beside them into service, all at once for every reader; see
    /// [`wasmeter_pipeline::Pipeline::commit_swap`].
    pub(super) fn commit_swap(
        &self,
        prepared: PreparedSwap,
        attached: Attached,
    ) -> (SwapReport, Vec<Collected>) {
        self.pipeline.commit_swap(prepared, attached, now)
    }

    pub(super) fn engine(&self) -> &Engine {
        self.pipeline.engine()
    }
}

fn tell(plugin: &Plugin, news: ObserverNews) {
    let file = plugin.file().display();
    match news {
        ObserverNews::Fails(trouble) => tracing::error!(plugin = %file, "{trouble}"),
        ObserverNews::Recovered => tracing::info!(plugin = %file, "it observes again"),
    }
}

/// Has a frame processed, and logs what goes wrong. Blocks for as long as the processors take.
pub(super) fn process(processors: &Processors, frame: Frame) -> Processed {
    processors.process(frame, |fault| tracing::error!("{fault}"))
}
