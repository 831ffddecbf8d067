//! Which plugins there are at the moment: those being loaded, and those that live.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::failure::Identity;
use crate::plugin::{Plugin, PluginInfo, PluginState};

/// A plugin that is being read, compiled, instantiated and configured. Who it is, it has not said yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loading {
    /// The file's name, without its extension.
    pub plugin: Arc<str>,
    /// The component's file.
    pub file: PathBuf,
}

impl Loading {
    /// Its state, fit for the same label as [`PluginState::name`].
    pub const STATE: &'static str = "loading";
}

/// The plugins of a runtime.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    loading: BTreeMap<u64, Loading>,
    next: u64,
    plugins: Vec<Weak<Plugin>>,
}

/// While it lives, a plugin is being loaded.
pub(crate) struct Entry<'a> {
    registry: &'a Registry,
    number: u64,
}

impl Registry {
    /// A plugin begins to be loaded from this file.
    pub(crate) fn begin(&self, file: &Path) -> Entry<'_> {
        let mut known = self.known();
        let number = known.next;
        known.next = number.wrapping_add(1);
        let loading = Loading { plugin: Identity::of_file(file).name, file: file.to_owned() };
        known.loading.insert(number, loading);
        Entry { registry: self, number }
    }

    pub(crate) fn loading(&self) -> Vec<Loading> {
        self.known().loading.values().cloned().collect()
    }

    /// Those that were loaded and serve, are about to, or still have something to do.
    pub(crate) fn plugins(&self) -> Vec<PluginInfo> {
        let plugins: Vec<Arc<Plugin>> = self.known().plugins.iter().filter_map(Weak::upgrade).collect();
        let infos = plugins.iter().map(|plugin| plugin.info());
        infos.filter(|info| info.state != PluginState::Retired).collect()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry<'_> {
    /// It has been loaded, and is tried.
    pub(crate) fn loaded(self, plugin: &Arc<Plugin>) {
        let mut known = self.registry.known();
        known.plugins.retain(|plugin| plugin.strong_count() > 0);
        known.plugins.push(Arc::downgrade(plugin));
        // Before it is dropped, which takes the same lock.
        drop(known);
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.registry.known().loading.remove(&self.number);
    }
}
