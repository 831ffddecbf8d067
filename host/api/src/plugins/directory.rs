//! The plugin directory of a provider.

use std::path::PathBuf;
use std::sync::{Arc, Weak};

use wasmeter_engine::{Engine, ReaderConfig, SwapReport, View, ViewFault};
use wasmeter_model::Resource;
use wasmeter_pipeline::{Attached, Plan};
use wasmeter_runtime::{Directory, Generation, Keeper, PluginInfo, Runtime, RuntimeConfig, Service};

use super::InService;
use super::exports::Exports;
use crate::diagnostics::{DiagnosticKind, Diagnostics};
use crate::error::BuildError;
use crate::provider::Core;

/// Where the directory is, if there is one, and what its plugins may do.
#[derive(Default)]
pub(crate) struct PluginSettings {
    pub(crate) path: Option<PathBuf>,
    pub(crate) runtime: RuntimeConfig,
}

/// A directory that has been looked at once.
struct Loaded {
    directory: Arc<Directory>,
    runtime: Arc<Runtime>,
}

/// The plugins a provider begins with.
pub(crate) struct LoadedPlugins(Option<Loaded>);

/// A directory that is being watched, until this is dropped.
#[derive(Default)]
pub(crate) struct KeptPlugins(Option<(Keeper<ProviderPlugins>, Loaded)>);

impl PluginSettings {
    /// Loads what is there and tells what cannot be. Takes as long as compiling does.
    pub(crate) fn load(self, diagnostics: &Diagnostics) -> Result<LoadedPlugins, BuildError> {
        let Some(path) = self.path else { return Ok(LoadedPlugins(None)) };
        let runtime = Arc::new(Runtime::new(self.runtime)?);
        let directory = Arc::new(Directory::new(path, runtime.clone()));
        directory.rescan().tell(|failure| diagnostics.tell(DiagnosticKind::Plugin, failure.to_string()));
        Ok(LoadedPlugins(Some(Loaded { directory, runtime })))
    }
}

impl LoadedPlugins {
    /// The Views there are, in the order of their files' names.
    pub(crate) fn views(&self) -> Vec<Arc<dyn View>> {
        self.0.as_ref().map(|loaded| loaded.directory.current().views()).unwrap_or_default()
    }

    /// What the engine needs to know of the readers of the exporters there are.
    pub(crate) fn readers(&self) -> Vec<ReaderConfig> {
        self.exports().added()
    }

    fn exports(&self) -> Plan {
        let generation = self.0.as_ref().map(|loaded| loaded.directory.current());
        let exporters = generation.map(|generation| generation.exporters()).unwrap_or_default();
        Exports::default().plan(exporters)
    }

    /// The others, in service with this engine.
    pub(crate) fn in_service(
        &self,
        engine: &Engine,
        resource: &Resource,
        diagnostics: &Arc<Diagnostics>,
    ) -> InService {
        let generation = self.0.as_ref().map(|loaded| loaded.directory.current());
        let attached = generation.map(|generation| Attached::of(&generation)).unwrap_or_default();
        InService::new(engine.clone(), attached, resource.clone(), diagnostics.clone())
    }

    /// Starts the readers of the exporters, whose numbers begin with this one, and keeps the provider's plugins equal to the
    /// directory from now on.
    pub(crate) fn keep(self, core: &Arc<Core>, first_number: usize) -> Result<KeptPlugins, BuildError> {
        core.plugins.start(core, self.exports(), first_number);
        let Some(loaded) = self.0 else { return Ok(KeptPlugins(None)) };
        let service = ProviderPlugins { core: Arc::downgrade(core), diagnostics: core.diagnostics.clone() };
        let keeper = Keeper::start(Some(loaded.directory.clone()), true, service);
        Ok(KeptPlugins(Some((keeper.map_err(BuildError::PluginThread)?, loaded))))
    }
}

impl KeptPlugins {
    /// The plugins in service.
    pub(crate) fn infos(&self) -> Vec<PluginInfo> {
        let generation = self.0.as_ref().map(|(_, loaded)| loaded.directory.current());
        generation.iter().flat_map(|generation| generation.plugins()).map(|plugin| plugin.info()).collect()
    }

    /// Failures of all plugins so far.
    pub(crate) fn failures(&self) -> u64 {
        let counts = self.0.as_ref().map(|(_, loaded)| loaded.runtime.counts().snapshot());
        counts.iter().flatten().map(|failures| failures.count).sum()
    }

    /// Lets no other plugins come into service.
    pub(crate) fn request_stop(&self) {
        if let Some((keeper, _)) = &self.0 {
            keeper.request_stop();
        }
    }
}

/// The plugins of a provider, as the keeper changes them. It does not keep the provider.
struct ProviderPlugins {
    core: Weak<Core>,
    diagnostics: Arc<Diagnostics>,
}

impl Service for ProviderPlugins {
    fn swap(&mut self, generation: &Generation) -> Result<Option<SwapReport>, ViewFault> {
        match self.core.upgrade() {
            Some(core) => core.swap_directory(generation),
            None => Ok(None),
        }
    }

    fn refused(&mut self, message: &str) {
        if let Some(core) = self.core.upgrade() {
            core.tally.plugin_swaps_refused.add();
        }
        self.diagnostics.tell(DiagnosticKind::Plugin, message.to_owned());
    }

    fn failed(&mut self, message: &str) {
        self.diagnostics.tell(DiagnosticKind::Plugin, message.to_owned());
    }
}
