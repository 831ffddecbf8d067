//! The engine all plugins of a host share: one compiler, one epoch clock, one set of imports.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Engine, OptLevel};

use crate::bindings::{frames, host, types};
use crate::cache::CompileCache;
use crate::config::{RuntimeConfig, TICK};
use crate::failure::{Counts, Failure};
use crate::inspect::{self, Inspection};
use crate::instance::HostState;
use crate::load;
use crate::plugin::Plugin;
use crate::quarantine::Quarantine;
use crate::ticker::Ticker;
use crate::totals::{AllTotals, PluginTotals, Totals};

/// The stack guests may use. Calls run on the caller's thread, whose stack must be larger by a good margin; that of a
/// Rust thread is 2 MiB by default.
const WASM_STACK_BYTES: usize = 512 << 10;

/// Compiles and instantiates plugins. One per process is enough; it is shared by reference count.
pub struct Runtime {
    engine: Engine,
    linker: Linker<HostState>,
    config: RuntimeConfig,
    counts: Arc<Counts>,
    quarantine: Quarantine,
    totals: AllTotals,
    cache: Option<CompileCache>,
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
        let engine = Engine::new(&engine_config()).map_err(start_error)?;
        let cache = config.cache_directory.as_deref().map(|directory| {
            CompileCache::open(directory, &engine)
                .map_err(|error| StartError(format!("the compile cache {}: {error}", directory.display())))
        });
        let cache = cache.transpose()?;
        let mut linker = Linker::new(&engine);
        host::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state).map_err(start_error)?;
        types::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state).map_err(start_error)?;
        frames::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state).map_err(start_error)?;
        let weak = engine.weak();
        let ticker = Ticker::start(move || {
            if let Some(engine) = weak.upgrade() {
                engine.increment_epoch();
            }
        })
        .map_err(|error| StartError(format!("no thread for the epoch clock: {error}")))?;
        Ok(Self {
            engine,
            linker,
            config,
            counts: Arc::default(),
            quarantine: Quarantine::default(),
            totals: AllTotals::default(),
            cache,
            ticker,
        })
    }

    /// Takes a component and the settings beside it through everything a swap does, short of service, and says all that
    /// came to light on the way. Counts nothing.
    pub fn inspect(self: &Arc<Self>, file: &Path) -> Inspection {
        inspect::inspect(self, file)
    }

    /// Loads a single plugin; [`crate::Directory`] is for a folder that changes.
    ///
    /// # Errors
    ///
    /// The plugin could not be put to work; the failure says why and is counted.
    pub fn load(self: &Arc<Self>, file: &Path) -> Result<Arc<Plugin>, Failure> {
        let plugin = load::load_file(self, file).inspect(|plugin| plugin.begin_generation(0, false));
        plugin.inspect_err(|failure| self.counts.add(&failure.plugin, failure.kind))
    }

    /// Failures so far, by plugin and kind.
    pub fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    /// What plugins did so far, by name.
    pub fn totals(&self) -> Vec<PluginTotals> {
        self.totals.snapshot()
    }

    pub(crate) fn totals_of(&self, plugin: &Arc<str>) -> Arc<Totals> {
        self.totals.of(plugin)
    }

    /// The settings it was made with.
    pub fn config(&self) -> &RuntimeConfig {
        &self.config
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn linker(&self) -> &Linker<HostState> {
        &self.linker
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

fn engine_config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .cranelift_opt_level(OptLevel::Speed)
        .parallel_compilation(true)
        // Only the synchronous part of the component model is used; its bookkeeping for the rest costs every call.
        .concurrency_support(false)
        // Smaller is safer: no plugin needs it.
        .wasm_memory64(false);
    config
}
