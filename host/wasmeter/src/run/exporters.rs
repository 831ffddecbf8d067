//! The exporters of the plugin directory: a periodic reader for each, which comes and goes with it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::task::JoinSet;
use wasmeter_engine::ReaderConfig;
use wasmeter_pipeline::Collected;
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

/// The readers at work, by the file of the exporter. A build whose preference is that of the one before goes on with its
/// reader and loses nothing; one that wants something else gets another reader, and the series of that begin with it.
pub(super) struct Exporters {
    surroundings: Surroundings,
    running: BTreeMap<PathBuf, Running>,
    tasks: Tasks,
}

/// Everything that has been started, to be waited for.
#[derive(Clone, Default)]
pub(super) struct Tasks(Arc<Mutex<JoinSet<()>>>);

struct Running {
    exporter: Exporter,
    reader: usize,
    orders: Arc<Orders>,
}

/// What is to change with a swap.
#[derive(Default)]
pub(super) struct Plan {
    starting: Vec<Exporter>,
    succeeding: Vec<Exporter>,
    /// Files and their readers.
    ending: Vec<(PathBuf, usize)>,
}

impl Plan {
    /// What the engine needs to know of the readers that come.
    pub(super) fn added(&self) -> Vec<ReaderConfig> {
        self.starting.iter().map(reader_config).collect()
    }

    /// The readers that go.
    pub(super) fn removed(&self) -> impl Iterator<Item = usize> {
        self.ending.iter().map(|(_, reader)| *reader)
    }
}

fn reader_config(exporter: &Exporter) -> ReaderConfig {
    let preference = exporter.preference();
    ReaderConfig {
        temporality: preference.temporality,
        aggregations: preference.aggregations,
        ..ReaderConfig::default()
    }
}

impl Exporters {
    pub(super) fn new(surroundings: Surroundings) -> Self {
        Self { surroundings, running: BTreeMap::new(), tasks: Tasks::default() }
    }

    pub(super) fn tasks(&self) -> Tasks {
        self.tasks.clone()
    }

    /// What has to change for these to be the ones that export.
    pub(super) fn plan(&self, wanted: Vec<Exporter>) -> Plan {
        let mut plan = Plan::default();
        let stays = |file: &PathBuf, running: &Running| {
            let wanted = wanted.iter().find(|exporter| exporter.file() == file);
            wanted.is_some_and(|wanted| wanted.preference() == running.exporter.preference())
        };
        let ending = self.running.iter().filter(|(file, running)| !stays(file, running));
        plan.ending = ending.map(|(file, running)| (file.clone(), running.reader)).collect();
        for exporter in wanted {
            match self.running.get(exporter.file()) {
                Some(running) if running.exporter.is(&exporter) => {}
                Some(running) if running.exporter.preference() == exporter.preference() => {
                    plan.succeeding.push(exporter);
                }
                _ => plan.starting.push(exporter),
            }
        }
        plan
    }

    /// Carries out a plan. `readers` are the places of those that were added, `last` what those that go have collected at
    /// last, both in the plan's order.
    pub(super) fn carry_out(
        &mut self,
        plan: Plan,
        pipeline: &Pipeline,
        readers: &[usize],
        last: Vec<Collected>,
    ) {
        for ((file, _), last) in plan.ending.into_iter().zip(last) {
            if let Some(running) = self.running.remove(&file) {
                running.orders.end(last);
            }
        }
        for exporter in plan.succeeding {
            if let Some(running) = self.running.get_mut(exporter.file()) {
                running.exporter = exporter.clone();
                running.orders.succeed(exporter);
            }
        }
        for (exporter, reader) in plan.starting.into_iter().zip(readers) {
            self.start(exporter, *reader, pipeline);
        }
    }

    fn start(&mut self, exporter: Exporter, reader: usize, pipeline: &Pipeline) {
        let Surroundings { runtime, stats, shutdown } = self.surroundings.clone();
        let orders = Arc::<Orders>::default();
        let target = PluginTarget::new(exporter.clone(), orders.clone(), shutdown.clone());
        let periodic = Periodic::of_plugin(&exporter, target, stats);
        tracing::info!(exporter = exporter.label(), "exports {}", periodic.describe());
        let mut tasks = self.tasks.lock();
        while tasks.try_join_next().is_some() {}
        tasks.spawn_on(periodic.run(pipeline.clone(), reader, shutdown), &runtime);
        drop(tasks);
        self.running.insert(exporter.file().to_owned(), Running { exporter, reader, orders });
    }
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
