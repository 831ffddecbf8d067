//! From the engine to the exporters: a collection, with the observers and processors of the generation it is made in.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use wasmeter_engine::{Engine, PreparedSwap, SwapReport};
use wasmeter_model::Resource;
use wasmeter_model::frame::Frame;
use wasmeter_runtime::{Generation, Observers, Processed, Processors, Runtime};

use super::durations::Durations;
use super::observing::Observing;
use crate::clock::now;

/// How often a collection has the observers observe anew because others came into service meanwhile. After that it does without
/// those that are new.
const SWAPS_MAX: usize = 3;

/// The engine and the plugins beside its Views, which are swapped together.
#[derive(Clone)]
pub(super) struct Pipeline {
    engine: Engine,
    attached: Arc<RwLock<Attached>>,
    observing: Arc<Observing>,
    durations: Arc<Durations>,
}

/// The plugins of a generation that are no Views.
#[derive(Clone, Default)]
pub(super) struct Attached {
    pub(super) observers: Observers,
    pub(super) processors: Processors,
}

impl Attached {
    pub(super) fn of(generation: &Generation) -> Self {
        Self { observers: generation.observers(), processors: generation.processors() }
    }
}

/// What a collection produced, not processed yet.
pub(super) struct Collected {
    pub(super) frame: Frame,
    /// Those in service when it was made.
    pub(super) processors: Processors,
}

impl Pipeline {
    /// `resource` is what observations belong to that name none.
    pub(super) fn new(engine: Engine, attached: Attached, resource: Resource, runtime: Arc<Runtime>) -> Self {
        let durations = Arc::new(Durations::new(runtime, resource.clone(), now()));
        let observing = Arc::new(Observing::new(engine.clone(), resource));
        Self { engine, attached: Arc::new(RwLock::new(attached)), observing, durations }
    }

    /// Collects for a reader, after the observers have observed, which may take as long as their deadlines. Blocks while a swap is
    /// committed, so that the frame and its processors are of one generation.
    pub(super) fn collect(&self, reader: usize) -> Collected {
        let mut observers = self.attached().observers.clone();
        for _ in 0..SWAPS_MAX {
            // No swap waits for observers: what one says that is out of service by then does not count.
            let now = now();
            observers.observe(now, |plugin, answer| {
                let attached = self.attached();
                if attached.observers.contains(plugin) {
                    self.observing.take(plugin, answer, now);
                }
            });
            let attached = self.attached();
            if attached.observers.is_same(&observers) {
                return self.collect_now(reader, &attached);
            }
            observers = attached.observers.clone();
        }
        self.collect_now(reader, &self.attached())
    }

    fn collect_now(&self, reader: usize, attached: &Attached) -> Collected {
        self.durations.tell(&self.engine, now());
        let frame = self.engine.collect(reader, now());
        Collected { frame, processors: attached.processors.clone() }
    }

    fn attached(&self) -> RwLockReadGuard<'_, Attached> {
        self.attached.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts other Views and other plugins beside them into service, all at once for every reader.
    pub(super) fn commit_swap(&self, prepared: PreparedSwap, attached: Attached) -> SwapReport {
        let mut current = self.attached.write().unwrap_or_else(PoisonError::into_inner);
        let report = self.engine.commit_swap(prepared, now());
        self.observing.keep_only(&attached.observers);
        *current = attached;
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
