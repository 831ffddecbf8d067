//! A folder of plugins that changes while the host runs: what is in it becomes generations, and what is wrong with it
//! leaves the plugins before in service.

mod generation;
mod scan;
mod slot;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmeter_engine::{View, ViewFault};

pub use generation::{Generation, Rejection};
pub use scan::{Scan, Swap};

use crate::Runtime;
use crate::failure::{Failure, FailureKind, Refusal};
use crate::plugin::Plugin;
use slot::{Mark, Slot};

/// The plugins of one folder, in the order of their file names.
///
/// Looks at the folder only when told to ([`Directory::rescan`]); a [`crate::Watcher`] knows when that is worthwhile.
pub struct Directory {
    path: PathBuf,
    runtime: Arc<Runtime>,
    contents: Mutex<Contents>,
    // Apart from the contents, so that it can be read while a rescan compiles.
    current: Mutex<Arc<Generation>>,
}

/// What is known of the folder.
struct Contents {
    slots: BTreeMap<OsString, Slot>,
    /// What the last scan found, failed or not.
    seen: BTreeMap<OsString, Mark>,
    /// The generation before the current one, which a rejection goes back to.
    settled: Arc<Generation>,
    /// Why the folder could not be read at the last scan.
    unreadable: Option<Failure>,
    generations: u64,
}

impl Directory {
    /// A folder nobody has looked into yet: generation 0 has no plugins. The folder need not exist.
    pub fn new(path: impl Into<PathBuf>, runtime: Arc<Runtime>) -> Self {
        let none = Generation::without_plugins();
        Self {
            path: path.into(),
            runtime,
            contents: Mutex::new(Contents {
                slots: BTreeMap::new(),
                seen: BTreeMap::new(),
                settled: none.clone(),
                unreadable: None,
                generations: 0,
            }),
            current: Mutex::new(none),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The generation in service. Does not wait for a rescan in progress.
    pub fn current(&self) -> Arc<Generation> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything that is wrong with the folder as it was last seen: files that failed and have not changed since.
    /// Waits for a rescan in progress.
    pub fn failures(&self) -> Vec<Failure> {
        let contents = self.contents();
        let of_files = contents.slots.values().filter_map(|slot| slot.failure().cloned());
        contents.unreadable.iter().cloned().chain(of_files).collect()
    }

    /// Looks at the folder and loads what changed; blocks for as long as compiling takes, so not for async tasks.
    ///
    /// Unchanged plugins keep their instance. A changed plugin that cannot be put to work leaves the one before in
    /// service; its failure is reported once, and it is tried again when its file or its settings change. A folder that
    /// cannot be read changes nothing.
    pub fn rescan(&self) -> Scan {
        let mut contents = self.contents();
        let scan = scan::scan(&mut contents, &self.path, &self.runtime, &self.current());
        for failure in &scan.failures {
            self.runtime.counts().add(&failure.counted_as(), failure.kind);
        }
        if let Some(generation) = &scan.generation {
            contents.settled = self.current();
            self.enter(&contents, generation);
        }
        scan
    }

    /// Takes back what [`Directory::rescan`] brought, because `view` could not answer while `generation` was taken into
    /// service or within its probation.
    ///
    /// A plugin that is new in this generation is marked as failed until its file changes, and its predecessor returns.
    /// If the plugin is an old one, it cannot be exchanged; then the whole generation is taken back, and what it brought
    /// is tried again at the next change of the folder.
    pub fn reject(&self, generation: &Generation, view: &str, fault: &ViewFault) -> Rejection {
        let mut contents = self.contents();
        let current = self.current();
        if current.number() != generation.number() {
            return Rejection::Stale(current);
        }
        let culprit = generation.plugins().iter().find(|plugin| plugin.name() == view);
        let failure = culprit.map(|plugin| plugin.failure(swap_refused(fault)));
        if let Some(failure) = &failure {
            self.runtime.counts().add(&failure.counted_as(), failure.kind);
        }
        let exchanged = match (culprit, &failure) {
            (Some(plugin), Some(failure)) => contents.exchange(plugin, failure),
            _ => false,
        };
        match (exchanged, culprit) {
            (true, Some(plugin)) => self.runtime.quarantine().add(plugin.fingerprint(), &fault.reason),
            _ => contents.take_back(),
        }
        if contents.slots.values().any(Slot::changed) {
            let next = contents.next_generation();
            self.enter(&contents, &next);
            return Rejection::Try { generation: next, failure };
        }
        let before = contents.settled.clone();
        self.enter(&contents, &before);
        Rejection::Back { generation: before, failure }
    }

    fn enter(&self, contents: &Contents, generation: &Arc<Generation>) {
        for plugin in self.current().plugins() {
            plugin.retire();
        }
        for plugin in generation.plugins() {
            plugin.begin_generation(generation.number(), !contents.is_new(plugin));
        }
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = generation.clone();
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    /// The plugins in service now, as a new generation.
    fn next_generation(&mut self) -> Arc<Generation> {
        self.generations = self.generations.saturating_add(1);
        let plugins = self.slots.values().filter_map(|slot| slot.serving().cloned()).collect();
        Arc::new(Generation::new(self.generations, plugins))
    }

    /// Whether the current generation brought it, so that it can be taken back.
    fn is_new(&self, plugin: &Arc<Plugin>) -> bool {
        let serves = |slot: &&Slot| slot.serving().is_some_and(|serving| Arc::ptr_eq(serving, plugin));
        self.slots.values().find(serves).is_some_and(Slot::changed)
    }

    /// Puts a plugin's predecessor back. False if it is not new in this generation.
    fn exchange(&mut self, plugin: &Arc<Plugin>, failure: &Failure) -> bool {
        let serves = |slot: &&mut Slot| slot.serving().is_some_and(|serving| Arc::ptr_eq(serving, plugin));
        self.slots.values_mut().find(serves).is_some_and(|slot| slot.exchange(failure))
    }

    /// Puts the predecessors of all new plugins back.
    fn take_back(&mut self) {
        for slot in self.slots.values_mut() {
            slot.take_back();
        }
    }
}

fn swap_refused(fault: &ViewFault) -> Refusal {
    Refusal::new(
        FailureKind::SwapRefused,
        format!("it was taken out of service again: {}", fault.reason),
        "what served before serves on; put a corrected build in place",
    )
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory")
            .field("path", &self.path)
            .field("current", &self.current())
            .finish_non_exhaustive()
    }
}
