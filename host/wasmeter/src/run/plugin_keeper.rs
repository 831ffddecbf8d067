//! The Views of the configuration file and the plugins of the directory, in service with the engine.

use std::sync::{Arc, Mutex, PoisonError};

use wasmeter_config::Plugins as PluginSettings;
use wasmeter_engine::{Engine, ReaderConfig, SwapReport, ViewFault, Views};
use wasmeter_model::Resource;
use wasmeter_pipeline::Attached;
use wasmeter_runtime::{Directory, Exporter, Generation, Keeper, Runtime, Service};

use super::exporters::{Exporters, Surroundings, Tasks};
use super::pipeline::Pipeline;

/// Keeps the engine's Views equal to the plugin directory, and takes other Views of the configuration file.
pub(super) struct PluginKeeper {
    keeper: Keeper<InService>,
    plugins: Plugins,
    pipeline: Pipeline,
    exports: Tasks,
}

/// The plugins in service, for those who only look.
#[derive(Clone)]
pub(super) struct Plugins {
    directory: Option<Arc<Directory>>,
    swaps: Arc<Mutex<Swaps>>,
}

/// What swaps came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Swaps {
    pub(super) done: u64,
    pub(super) refused: u64,
}

/// The Views and the other plugins in service.
struct InService {
    pipeline: Pipeline,
    views: Views,
    /// The Views of the configuration file that are to come into service, with the next swap.
    wanted: Option<Views>,
    attached: Attached,
    exporters: Exporters,
    swaps: Arc<Mutex<Swaps>>,
}

impl PluginKeeper {
    /// Loads what is in the directory, makes the engine with it, and keeps both in step from then on. The engine is made with
    /// the readers of its exporters behind all others.
    pub(super) fn start(
        settings: &PluginSettings,
        runtime: Arc<Runtime>,
        base: Views,
        resource: Resource,
        surroundings: Surroundings,
        make: impl FnOnce(Views, Vec<ReaderConfig>) -> (Engine, std::ops::Range<usize>),
    ) -> Result<(Engine, Self), String> {
        let directory = settings.directory.as_ref();
        let directory = directory.map(|path| Arc::new(Directory::new(path.clone(), runtime.clone())));
        let mut views = base;
        let mut attached = Attached::default();
        let mut exporters = Exporters::new(surroundings);
        let mut plan = exporters.plan(Vec::new());
        if let Some(directory) = &directory {
            directory.rescan().tell(|failure| tracing::error!("{failure}"));
            let generation = directory.current();
            views.plugins = generation.views();
            attached = Attached::of(&generation);
            plan = exporters.plan(generation.exporters());
        }
        let (engine, readers) = make(views.clone(), plan.added());
        let swaps = Arc::new(Mutex::new(Swaps::default()));
        let pipeline = Pipeline::new(engine.clone(), attached.clone(), resource, runtime);
        exporters.carry_out(plan, &pipeline, readers, Vec::new());
        let exports = exporters.tasks();
        let service = InService {
            pipeline: pipeline.clone(),
            views,
            wanted: None,
            attached,
            exporters,
            swaps: swaps.clone(),
        };
        let keeper = Keeper::start(directory.clone(), settings.watch, service)
            .map_err(|error| format!("cannot start the plugin threads: {error}"))?;
        Ok((engine, Self { keeper, plugins: Plugins { directory, swaps }, pipeline, exports }))
    }

    /// Takes other Views of the configuration file and what has changed in the directory into service, all with one swap.
    pub(super) fn reload(&self, base: Views) {
        self.keeper.renew(move |service| service.wanted = Some(base));
    }

    /// Ends the thread.
    pub(super) fn stop(&self) {
        if !self.keeper.stop() {
            tracing::error!("the plugin thread ended badly");
        }
    }

    /// What readers collect from.
    pub(super) fn pipeline(&self) -> Pipeline {
        self.pipeline.clone()
    }

    /// The exporters at work, to be waited for at the end.
    pub(super) fn exports(&self) -> Tasks {
        self.exports.clone()
    }

    pub(super) fn plugins(&self) -> Plugins {
        self.plugins.clone()
    }
}

impl Plugins {
    /// The plugins in service, in order.
    pub(super) fn current(&self) -> Option<Arc<Generation>> {
        self.directory.as_ref().map(|directory| directory.current())
    }

    /// Their names and versions.
    pub(super) fn names(&self) -> Vec<String> {
        let generation = self.current();
        let plugins = generation.iter().flat_map(|generation| generation.plugins());
        plugins.map(|plugin| plugin.info()).map(|info| format!("{} {}", info.name, info.version)).collect()
    }

    pub(super) fn swaps(&self) -> Swaps {
        *self.swaps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InService {
    /// The clock is read when the second half begins: a new series starts when its Views begin to serve, not when they are asked.
    fn put_into_service(
        &mut self,
        views: Views,
        attached: Attached,
        exporters: Vec<Exporter>,
    ) -> Result<SwapReport, ViewFault> {
        let mut prepared = self.pipeline.engine().prepare_swap(views.clone())?;
        let plan = self.exporters.plan(exporters);
        plan.prepare(&mut prepared);
        let (report, last) = self.pipeline.commit_swap(prepared, attached.clone());
        // What a reader that goes had not exported yet is exported by the build that goes with it.
        self.exporters.carry_out(plan, &self.pipeline, report.readers.iter().copied(), last);
        self.views = views;
        self.wanted = None;
        self.attached = attached;
        self.count(|swaps| swaps.done += 1);
        Ok(report)
    }

    fn count(&self, add: impl FnOnce(&mut Swaps)) {
        add(&mut self.swaps.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Service for InService {
    fn swap(&mut self, generation: &Generation) -> Result<Option<SwapReport>, ViewFault> {
        let base = self.wanted.as_ref().unwrap_or(&self.views).clone();
        let views = Views { plugins: generation.views(), ..base };
        self.put_into_service(views, Attached::of(generation), generation.exporters()).map(Some)
    }

    fn refused(&mut self, message: &str) {
        self.count(|swaps| swaps.refused += 1);
        tracing::error!("{message}");
    }

    fn failed(&mut self, message: &str) {
        tracing::error!("{message}");
    }
}
