//! From the engine to the exporters: a collection, with the observers and processors of the generation it is made in.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use wasmeter_engine::{Engine, PreparedSwap, SwapReport};
use wasmeter_model::frame::Frame;
use wasmeter_model::{Resource, Timestamp};
use wasmeter_runtime::{Generation, Observers, Plugin, Processors};

use crate::gate::Gate;
use crate::observing::{ObserverNews, Observing};

/// How long a swap waits for the collections under way. An observer that takes longer has no more say in when others come into service.
const PATIENCE: Duration = Duration::from_millis(100);

/// How often a collection has observers observe because they came into service meanwhile. After that it does without those that are
/// new.
const SWAPS_MAX: usize = 3;

/// The engine and the plugins beside its Views, which are swapped together. Clones are the same.
#[derive(Clone)]
pub struct Pipeline {
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    attached: RwLock<Attached>,
    gate: Gate,
    observing: Observing,
    tell: Tell,
}

/// Who hears of observers that fail.
type Tell = Box<dyn Fn(&Plugin, ObserverNews) + Send + Sync>;

/// The plugins of a generation that are asked when metrics are collected. None by default.
#[derive(Clone, Debug, Default)]
pub struct Attached {
    /// What is asked before a collection.
    pub observers: Observers,
    /// What its frame goes through.
    pub processors: Processors,
}

impl Attached {
    /// Those of a generation.
    pub fn of(generation: &Generation) -> Self {
        Self { observers: generation.observers(), processors: generation.processors() }
    }
}

/// What a collection produced, not processed yet.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// Every point.
    pub frame: Frame,
    /// Those in service when it was made.
    pub processors: Processors,
}

impl Pipeline {
    /// `resource` is what observations belong to that name none. `tell` is called from any thread, with nothing of the pipeline
    /// locked.
    pub fn new(
        engine: Engine,
        attached: Attached,
        resource: Resource,
        tell: impl Fn(&Plugin, ObserverNews) + Send + Sync + 'static,
    ) -> Self {
        let observing = Observing::new(engine.clone(), resource);
        let (attached, gate) = (RwLock::new(attached), Gate::default());
        let shared = Shared { engine, attached, gate, observing, tell: Box::new(tell) };
        Self { shared: Arc::new(shared) }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    /// Has the observers observe, and then makes a frame by `collect`, for which no swap is committed: the frame and its processors are
    /// of one generation. Each observer is waited for at most for its `observe_wait_ms`, and what it says later is in the next
    /// collection. `clock` is asked for the time of each step. A swap waits for this, though not for long: if one comes in between,
    /// those observers observe too that came with it.
    pub fn collect(
        &self,
        clock: impl Fn() -> Timestamp,
        collect: impl FnOnce(Timestamp) -> Frame,
    ) -> Collected {
        let shared = &self.shared;
        let _passage = shared.gate.enter();
        let mut observers = shared.attached().observers.clone();
        let mut open = observers.clone();
        let mut rounds = 0;
        loop {
            self.observe(&open, clock());
            rounds += 1;
            let attached = shared.attached();
            open = attached.observers.without(&observers);
            if rounds == SWAPS_MAX || open.is_empty() {
                return Collected { frame: collect(clock()), processors: attached.processors.clone() };
            }
            observers = attached.observers.clone();
        }
    }

    /// What one says that is out of service by then does not count.
    fn observe(&self, observers: &Observers, now: Timestamp) {
        let shared = self.shared.clone();
        observers.observe(now, move |plugin, answer| {
            let attached = shared.attached();
            let serves = attached.observers.contains(plugin);
            if !serves && answer.is_ok() {
                plugin.count_replaced_observation();
            }
            let news = serves.then(|| shared.observing.take(plugin, answer, now)).flatten();
            drop(attached);
            news.into_iter().for_each(|news| (shared.tell)(plugin, news));
        });
    }

    /// Puts other Views and other plugins beside them into service, all at once for every reader. `clock` is asked for the time
    /// of the swap once it may begin, which is after the collections under way, though it does not wait for long where observers take
    /// their time. What the readers that go had not collected yet
    /// ([`SwapReport::last`]) comes with the processors that served with them, in the same order.
    pub fn commit_swap(
        &self,
        prepared: PreparedSwap,
        attached: Attached,
        clock: impl Fn() -> Timestamp,
    ) -> (SwapReport, Vec<Collected>) {
        let shared = &self.shared;
        let _closed = shared.gate.close(PATIENCE);
        let mut current = shared.attached.write().unwrap_or_else(PoisonError::into_inner);
        let mut report = shared.engine.commit_swap(prepared, clock());
        shared.observing.keep_only(&attached.observers, clock());
        let Attached { processors, .. } = std::mem::replace(&mut *current, attached);
        let last = std::mem::take(&mut report.last).into_iter();
        let last = last.map(|frame| Collected { frame, processors: processors.clone() }).collect();
        (report, last)
    }
}

impl Shared {
    fn attached(&self) -> RwLockReadGuard<'_, Attached> {
        self.attached.read().unwrap_or_else(PoisonError::into_inner)
    }
}
