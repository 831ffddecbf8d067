//! The thread that keeps the engine's Views equal to the plugin directory.
//!
//! One thread does all of it in sequence: look, load, swap, watch over the newcomers. A failure at any step leaves
//! in service what was in service.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use wasmeter_config::Plugins as PluginSettings;
use wasmeter_engine::{Engine, SwapReport, ViewFault, Views};
use wasmeter_runtime::{Directory, Generation, PluginState, Rejection, Runtime, Scan, Watcher};

use crate::clock::now;

/// How long a new plugin is watched: if it stops answering within this time, the one before returns.
const PROBATION: Duration = Duration::from_secs(60);
/// How often the newcomers are looked at.
const LOOK: Duration = Duration::from_millis(500);

enum Order {
    Rescan,
    Reload(Views),
    Stop,
}

/// A handle on the thread.
pub(super) struct PluginKeeper {
    orders: Sender<Order>,
    thread: Mutex<Option<JoinHandle<()>>>,
    plugins: Plugins,
    _watcher: Option<Watcher>,
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

struct Keeper {
    engine: Engine,
    directory: Option<Arc<Directory>>,
    /// The Views of the configuration file.
    base: Views,
    probation: Option<(Arc<Generation>, Instant)>,
    swaps: Arc<Mutex<Swaps>>,
}

impl PluginKeeper {
    /// Loads what is in the directory, makes the engine with it, and keeps both in step from then on.
    pub(super) fn start(
        settings: &PluginSettings,
        runtime: Arc<Runtime>,
        base: Views,
        make: impl FnOnce(Views) -> Engine,
    ) -> Result<(Engine, Self), String> {
        let directory =
            settings.directory.as_ref().map(|path| Arc::new(Directory::new(path.clone(), runtime)));
        let mut views = base.clone();
        if let Some(directory) = &directory {
            let scan = directory.rescan();
            tell(&scan);
            views.plugins = directory.current().views();
        }
        let engine = make(views);
        let (orders, inbox) = mpsc::channel();
        let watcher = match (&settings.directory, settings.watch) {
            (Some(path), true) => {
                let orders = orders.clone();
                // The thread may have ended; then nobody needs to know of changes.
                let on_change = move || drop(orders.send(Order::Rescan));
                Some(
                    Watcher::start(path.clone(), on_change)
                        .map_err(|error| format!("cannot watch plugins: {error}"))?,
                )
            }
            _ => None,
        };
        let swaps = Arc::new(Mutex::new(Swaps::default()));
        let mut keeper = Keeper {
            engine: engine.clone(),
            directory: directory.clone(),
            base,
            probation: None,
            swaps: swaps.clone(),
        };
        // The watcher compares with what it saw at its own start: look once more for what changed in between.
        keeper.rescan();
        let thread = std::thread::Builder::new()
            .name("plugins".into())
            .spawn(move || keeper.run(&inbox))
            .map_err(|error| format!("cannot start the plugin thread: {error}"))?;
        let plugins = Plugins { directory, swaps };
        Ok((engine, Self { orders, thread: Mutex::new(Some(thread)), plugins, _watcher: watcher }))
    }

    /// Takes other Views of the configuration file and looks at the directory again.
    pub(super) fn reload(&self, base: Views) {
        let _sent = self.orders.send(Order::Reload(base));
    }

    /// Ends the thread.
    pub(super) fn stop(&self) {
        let _sent = self.orders.send(Order::Stop);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the plugin thread ended badly");
        }
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

impl Keeper {
    fn run(mut self, inbox: &Receiver<Order>) {
        loop {
            let order = match self.probation {
                Some(_) => match inbox.recv_timeout(LOOK) {
                    Err(RecvTimeoutError::Timeout) => {
                        self.look_after_newcomers();
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                    Ok(order) => order,
                },
                None => match inbox.recv() {
                    Ok(order) => order,
                    Err(_) => return,
                },
            };
            match order {
                Order::Rescan => self.rescan(),
                Order::Reload(base) => {
                    let before = std::mem::replace(&mut self.base, base);
                    self.rescan();
                    if let Err(fault) = self.swap_base() {
                        tracing::error!(%fault, "the new views are not taken over; those before stay in service");
                        self.base = before;
                    }
                }
                Order::Stop => return,
            }
        }
    }

    fn views(&self, generation: &Generation) -> Views {
        Views { plugins: generation.views(), ..self.base.clone() }
    }

    /// The clock is read between the halves: a new series starts when its Views begin to serve, not when they are asked.
    fn swap(&self, views: Views) -> Result<SwapReport, ViewFault> {
        self.engine.prepare_swap(views).map(|prepared| self.engine.commit_swap(prepared, now()))
    }

    /// Puts the file's Views into service beside the plugins there are.
    fn swap_base(&self) -> Result<(), ViewFault> {
        let plugins =
            self.directory.as_ref().map(|directory| directory.current().views()).unwrap_or_default();
        self.swap(Views { plugins, ..self.base.clone() }).map(|_report| self.note_swap())
    }

    fn rescan(&mut self) {
        let Some(directory) = self.directory.clone() else { return };
        let scan = directory.rescan();
        tell(&scan);
        if let Some(generation) = scan.generation {
            self.take_into_service(&directory, generation);
        }
    }

    /// Swaps a generation in. If one of its plugins cannot answer about the instruments there are, it goes back to what
    /// it was and the rest is tried again.
    fn take_into_service(&mut self, directory: &Directory, mut generation: Arc<Generation>) {
        loop {
            match self.swap(self.views(&generation)) {
                Ok(report) => {
                    self.note_swap();
                    tracing::info!(
                        generation = report.generation,
                        instruments = report.instruments,
                        series_kept = report.kept,
                        series_started = report.started,
                        series_ended = report.ended,
                        "plugins swapped"
                    );
                    self.probation = Some((generation, Instant::now()));
                    return;
                }
                Err(fault) => match self.reject(directory, &generation, &fault) {
                    Some(next) => generation = next,
                    None => return,
                },
            }
        }
    }

    /// Takes a plugin out of a generation; the next generation to try, if there is one.
    fn reject(
        &self,
        directory: &Directory,
        generation: &Generation,
        fault: &ViewFault,
    ) -> Option<Arc<Generation>> {
        self.swaps.lock().unwrap_or_else(PoisonError::into_inner).refused += 1;
        let (next, failure) = match directory.reject(generation, &fault.view, fault) {
            Rejection::Try { generation, failure } => (Some(generation), failure),
            Rejection::Back { failure, .. } => (None, failure),
            Rejection::Stale(current) => (Some(current), None),
        };
        match failure {
            Some(failure) => tracing::error!("{failure}"),
            None => tracing::error!(%fault, "a view could not answer"),
        }
        next
    }

    fn note_swap(&self) {
        self.swaps.lock().unwrap_or_else(PoisonError::into_inner).done += 1;
    }

    /// Takes back a new plugin that stops answering.
    fn look_after_newcomers(&mut self) {
        let Some((generation, since)) = self.probation.clone() else { return };
        let Some(directory) = self.directory.clone() else { return };
        if since.elapsed() > PROBATION || directory.current().number() != generation.number() {
            self.probation = None;
            return;
        }
        let stopped = generation.plugins().iter().find_map(|plugin| match plugin.info().state {
            PluginState::Stopped { reason } => Some((plugin, reason)),
            PluginState::Ready | PluginState::Restarting { .. } => None,
        });
        let Some((plugin, reason)) = stopped else { return };
        let fault = ViewFault { view: wasmeter_engine::View::name(&**plugin).into(), reason };
        self.probation = None;
        let next = self.reject(&directory, &generation, &fault).unwrap_or_else(|| directory.current());
        self.take_into_service(&directory, next);
        // What serves now has served before.
        self.probation = None;
    }
}

/// Says what a look at the directory found.
fn tell(scan: &Scan) {
    for plugin in &scan.added {
        let info = plugin.info();
        tracing::info!(plugin = %info.name, version = %info.version, compile_ms = info.compile_ms, "plugin loaded");
    }
    for swap in &scan.swapped {
        let (from, to) = (swap.from.info(), swap.to.info());
        tracing::info!(plugin = %to.name, from = %from.version, to = %to.version, "plugin replaced");
    }
    for plugin in &scan.removed {
        tracing::info!(plugin = %plugin.info().name, "plugin removed");
    }
    for failure in &scan.failures {
        tracing::error!("{failure}");
    }
}
