//! An immutable set of plugins, and what becomes of one the engine does not want.

use std::sync::Arc;

use wasmeter_engine::View;

use crate::exporters::Exporter;
use crate::failure::Failure;
use crate::observers::Observers;
use crate::plugin::Plugin;
use crate::processors::Processors;
use crate::world::World;

/// The plugins of a folder between two changes, in the order of their file names.
#[derive(Debug)]
pub struct Generation {
    number: u64,
    plugins: Vec<Arc<Plugin>>,
}

impl Generation {
    pub(super) fn new(number: u64, plugins: Vec<Arc<Plugin>>) -> Self {
        Self { number, plugins }
    }

    /// That of a host without a directory.
    pub(crate) fn without_plugins() -> Arc<Self> {
        Arc::new(Self::new(0, Vec::new()))
    }

    /// Counts up from 1; 0 is the generation without plugins before the first scan.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The plugins, in the order of their file names.
    pub fn plugins(&self) -> &[Arc<Plugin>] {
        &self.plugins
    }

    /// The Views as the engine takes them, in the same order.
    pub fn views(&self) -> Vec<Arc<dyn View>> {
        self.of(World::View).map(|plugin| plugin.clone() as Arc<dyn View>).collect()
    }

    /// The observers, in the same order.
    pub fn observers(&self) -> Observers {
        self.of(World::Observer).cloned().collect()
    }

    /// The processors, in the same order.
    pub fn processors(&self) -> Processors {
        self.of(World::Processor).cloned().collect()
    }

    /// The exporters, in the same order.
    pub fn exporters(&self) -> Vec<Exporter> {
        self.of(World::Exporter).filter_map(Exporter::of).collect()
    }

    fn of(&self, world: World) -> impl Iterator<Item = &Arc<Plugin>> {
        self.plugins.iter().filter(move |plugin| plugin.world() == world)
    }
}

/// What a rejected generation leads to.
#[derive(Clone, Debug)]
pub enum Rejection {
    /// Other changes of the rejected generation remain: this one has them, and is to be tried next.
    Try {
        /// The next to take into service.
        generation: Arc<Generation>,
        /// The rejection, worded and counted, if the view is one of the generation's plugins.
        failure: Option<Failure>,
    },
    /// Nothing remains: the generation before serves on.
    Back {
        /// The one before the rejected one.
        generation: Arc<Generation>,
        /// The rejection, worded and counted, if the view is one of the generation's plugins.
        failure: Option<Failure>,
    },
    /// The rejected generation is not the current one any more, which is this.
    Stale(Arc<Generation>),
}
