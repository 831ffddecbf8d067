//! From the engine to the exporters: a collection, and the processors of the generation it was made in.

use std::sync::{Arc, PoisonError, RwLock};

use wasmeter_engine::{Engine, PreparedSwap, SwapReport};
use wasmeter_model::frame::Frame;
use wasmeter_runtime::{Processed, Processors};

use crate::clock::now;

/// The engine and the processors in service, which are swapped together.
#[derive(Clone)]
pub(super) struct Pipeline {
    engine: Engine,
    processors: Arc<RwLock<Processors>>,
}

/// What a collection produced, not processed yet.
pub(super) struct Collected {
    pub(super) frame: Frame,
    /// Those in service when it was made.
    pub(super) processors: Processors,
}

impl Pipeline {
    pub(super) fn new(engine: Engine, processors: Processors) -> Self {
        Self { engine, processors: Arc::new(RwLock::new(processors)) }
    }

    /// Collects for a reader. Blocks while a swap is committed, so that the frame and its processors are of one generation.
    pub(super) fn collect(&self, reader: usize) -> Collected {
        let processors = self.processors.read().unwrap_or_else(PoisonError::into_inner);
        let frame = self.engine.collect(reader, now());
        Collected { frame, processors: processors.clone() }
    }

    /// Puts other Views and processors into service, both at once for every reader.
    pub(super) fn commit_swap(&self, prepared: PreparedSwap, processors: Processors) -> SwapReport {
        let mut current = self.processors.write().unwrap_or_else(PoisonError::into_inner);
        let report = self.engine.commit_swap(prepared, now());
        *current = processors;
        report
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }
}

/// Has a frame processed, and logs what goes wrong. Blocks for as long as the processors take.
pub(super) fn process(processors: &Processors, frame: Frame) -> Processed {
    processors.process(frame, |fault| tracing::error!("{fault}"))
}
