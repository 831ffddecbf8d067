//! What all plugins of a host share: compilers, one epoch clock, one compile cache, counts.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::cache::CompileCache;
use crate::config::{RuntimeConfig, TICK};
use crate::engines::{Engines, Workshop};
use crate::failure::{Counts, Failure};
use crate::inspect::{self, Inspection};
use crate::load;
use crate::plugin::{Plugin, PluginInfo};
use crate::quarantine::Quarantine;
use crate::registry::{Loading, Registry};
use crate::ticker::Ticker;
use crate::totals::{AllTotals, PluginTotals, Totals};

/// Compiles and instantiates plugins. One per process is enough; it is shared by reference count.
pub struct Runtime {
    engines: Engines,
    config: RuntimeConfig,
    counts: Arc<Counts>,
    quarantine: Quarantine,
    totals: AllTotals,
    registry: Registry,
    cache: Option<CompileCache>,
    /// Held by whoever compiles.
    compiler: Mutex<()>,
    ticker: Ticker,
}

/// The runtime could not be started: the machine lacks something it needs.
#[derive(Debug)]
pub struct StartError(String);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the plugin runtime could not be started: {}", self.0)
    }
}

impl std::error::Error for StartError {}

impl Runtime {
    /// Sets up the compiler and starts the epoch clock's thread, which ends when the runtime is dropped.
    ///
    /// # Errors
    ///
    /// The compiler does not support this machine, the operating system gives no thread, or the compile cache cannot be used.
    pub fn new(config: RuntimeConfig) -> Result<Self, StartError> {
        let start_error = |error: wasmtime::Error| StartError(format!("{error:#}"));
        let engines = Engines::default();
        // Most plugins run in this one; that it can be made shows that the others can.
        let first = engines.with_stack(config.limits.stack_bytes_max).map_err(start_error)?;
        let cache = config.cache_directory.as_deref().map(|directory| {
            CompileCache::open(directory, &first.engine)
                .map_err(|error| StartError(format!("the compile cache {}: {error}", directory.display())))
        });
        let cache = cache.transpose()?;
        let clock = engines.clock();
        let ticker = Ticker::start(move || clock.tick())
            .map_err(|error| StartError(format!("no thread for the epoch clock: {error}")))?;
        Ok(Self {
            engines,
            config,
            counts: Arc::default(),
            quarantine: Quarantine::default(),
            totals: AllTotals::default(),
            registry: Registry::default(),
            cache,
            compiler: Mutex::default(),
            ticker,
        })
    }

    /// Takes a component and the settings beside it through everything a swap does, short of service, and says all that
    /// came to light on the way. Counts nothing.
    pub fn inspect(self: &Arc<Self>, file: &Path) -> Inspection {
        inspect::inspect(self, file)
    }

    /// Loads a single plugin; [`crate::Directory`] is for a folder that changes. May be called from several threads at a time, of
    /// which one compiles and the others wait.
    ///
    /// # Errors
    ///
    /// The plugin could not be put to work; the failure says why and is counted.
    pub fn load(self: &Arc<Self>, file: &Path) -> Result<Arc<Plugin>, Failure> {
        let plugin = load::load_file(self, file).inspect(|plugin| plugin.begin_generation(0, false));
        plugin.inspect_err(|failure| self.counts.add(&failure.counted_as(), failure.kind))
    }

    /// Failures so far, by plugin and kind.
    pub fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    /// What plugins did so far, by the name of their file.
    pub fn totals(&self) -> Vec<PluginTotals> {
        self.totals.snapshot()
    }

    /// The plugins that are being loaded at the moment.
    pub fn loading(&self) -> Vec<Loading> {
        self.registry.loading()
    }

    /// The plugins that have been loaded: those in service, those about to be, and those that were replaced and still have
    /// something to do. Those that wait in case what replaced them has to go are not among them.
    pub fn plugins(&self) -> Vec<PluginInfo> {
        self.registry.plugins()
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(crate) fn totals_of(&self, plugin: &Arc<str>) -> Arc<Totals> {
        self.totals.of(plugin)
    }

    /// The settings it was made with.
    pub fn config(&self) -> &RuntimeConfig {
        &self.config
    }

    /// Where code with this much stack is compiled and linked.
    pub(crate) fn workshop(&self, stack_bytes: usize) -> wasmtime::Result<Arc<Workshop>> {
        self.engines.with_stack(stack_bytes)
    }

    /// Waits until nobody else of this runtime compiles. The compiler takes memory by the size of the component, and every core by
    /// itself: several at a time would take more memory and be no earlier.
    pub(crate) fn turn_at_the_compiler(&self) -> MutexGuard<'_, ()> {
        self.compiler.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn cache(&self) -> Option<&CompileCache> {
        self.cache.as_ref()
    }

    /// The builds that are not loaded again.
    pub(crate) fn quarantine(&self) -> &Quarantine {
        &self.quarantine
    }

    /// The time on the epoch clock, since its start.
    pub(crate) fn now(&self) -> Duration {
        let ticks = self.clock_ticks().load(Ordering::Relaxed);
        let tick_millis = u64::try_from(TICK.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(ticks.saturating_mul(tick_millis))
    }

    pub(crate) fn clock_ticks(&self) -> &Arc<AtomicU64> {
        self.ticker.ticks()
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("config", &self.config).finish_non_exhaustive()
    }
}
