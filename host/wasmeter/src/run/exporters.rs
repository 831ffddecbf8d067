//! The exporters of the plugin directory: a periodic reader for each, which comes and goes with it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::task::JoinSet;
use wasmeter_pipeline::{Collected, Plan};
use wasmeter_runtime::Exporter;

use super::Shutdown;
use super::pipeline::Pipeline;
use super::readers::{ExportStats, Orders, Periodic, PluginTarget, finish_all};

/// What exporters run with.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) runtime: Handle,
    pub(super) stats: Arc<ExportStats>,
    pub(super) shutdown: Shutdown,
}

/// The readers at work.
pub(super) struct Exporters {
    surroundings: Surroundings,
    running: wasmeter_pipeline::Exporters<Arc<Orders>>,
    tasks: Tasks,
}

/// Everything that has been started, to be waited for.
#[derive(Clone, Default)]
pub(super) struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl Exporters {
    pub(super) fn new(surroundings: Surroundings) -> Self {
        Self { surroundings, running: wasmeter_pipeline::Exporters::default(), tasks: Tasks::default() }
    }

    pub(super) fn tasks(&self) -> Tasks {
        self.tasks.clone()
    }

    /// What has to change for these to be the ones that export.
    pub(super) fn plan(&self, wanted: Vec<Exporter>) -> Plan {
        self.running.plan(wanted)
    }

    /// Carries out a plan; see [`wasmeter_pipeline::Exporters::carry_out`].
    pub(super) fn carry_out(
        &mut self,
        plan: Plan,
        pipeline: &Pipeline,
        numbers: impl IntoIterator<Item = usize>,
        last: Vec<Collected>,
    ) {
        let Self { surroundings, running, tasks } = self;
        running.carry_out(plan, numbers, last, |exporter, number| {
            start(surroundings, tasks, exporter, number, pipeline)
        });
    }
}

fn start(
    surroundings: &Surroundings,
    tasks: &Tasks,
    exporter: &Exporter,
    number: usize,
    pipeline: &Pipeline,
) -> Arc<Orders> {
    let Surroundings { runtime, stats, shutdown } = surroundings.clone();
    let orders = Arc::<Orders>::default();
    let target = PluginTarget::new(exporter.clone(), orders.clone(), shutdown.clone());
    let periodic = Periodic::of_plugin(exporter, target, stats);
    tracing::info!(exporter = exporter.label(), "exports {}", periodic.describe());
    let mut tasks = tasks.lock();
    while tasks.try_join_next().is_some() {}
    tasks.spawn_on(periodic.run(pipeline.clone(), number, shutdown), &runtime);
    orders
}

impl Tasks {
    fn lock(&self) -> std::sync::MutexGuard<'_, JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until each has exported what it held, and is closed. Nothing is started any more.
    pub(super) async fn finish(self) {
        let tasks = std::mem::take(&mut *self.lock());
        finish_all(tasks).await;
    }
}
