//! One running instance of a plugin: a store of its own, its limits, and the calls into it.
//!
//! A trap leaves a store unusable, so an instance that trapped is dropped and never entered again.

mod export;
mod fault;
mod host;
mod limiter;

use std::fmt;
use std::sync::Arc;

use wasmtime::Store;
use wasmtime::component::InstancePre;

use crate::PluginLimits;
use crate::bindings::exporter::exports::wasmeter::plugin::exporters;
use crate::bindings::observer::exports::wasmeter::plugin::observers;
use crate::bindings::plugin::exports::wasmeter::plugin::lifecycle;
use crate::bindings::processor::exports::wasmeter::plugin::processors;
use crate::bindings::view::exports::wasmeter::plugin::views;
use crate::bindings::{exporter, frames, observer, plugin, processor, types, view};
use crate::config::ticks;
use crate::failure::{FailureKind, Refusal, clean};
use crate::grants::Prepared;
use crate::log::PluginLog;
use crate::wasi::Reactor;
use crate::world::World;
use fault::Call;
pub(crate) use fault::mismatch;
pub(crate) use host::HostState;

/// The setting with the deadline of all that comes before the first question.
const SETUP: &str = "setup_deadline_ms";

/// What an instance is made with.
#[derive(Clone)]
pub(crate) struct Grants {
    /// With its secrets.
    pub(crate) config: Arc<str>,
    pub(crate) limits: PluginLimits,
    /// What the operator grants it.
    pub(crate) prepared: Arc<Prepared>,
    /// Where it waits for the operating system; `None` if it imports nothing that waits.
    pub(crate) reactor: Option<Arc<Reactor>>,
}

/// Without what must not be told.
impl fmt::Debug for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grants")
            .field("limits", &self.limits)
            .field("prepared", &self.prepared)
            .finish_non_exhaustive()
    }
}

/// A plugin's instance, instantiated and not yet trapped.
pub(crate) struct Instance {
    store: Store<HostState>,
    lifecycle: plugin::Plugin,
    exports: Exports,
    grants: Grants,
}

/// What the instance does beside saying who it is.
enum Exports {
    View(view::View),
    Observer(observer::Observer),
    Processor(processor::Processor),
    Exporter(exporter::Exporter),
}

impl Exports {
    /// The host asked something that plugins of this world are not asked.
    fn are_not(&self, wanted: World) -> wasmtime::Error {
        let world = match self {
            Self::View(_) => World::View,
            Self::Observer(_) => World::Observer,
            Self::Processor(_) => World::Processor,
            Self::Exporter(_) => World::Exporter,
        };
        wasmtime::format_err!("a question to the world `{wanted}`, and the plugin is of the world `{world}`")
    }
}

impl Instance {
    /// Makes a store with its limits and instantiates the component in it, within the setup deadline.
    pub(crate) fn new(
        pre: &InstancePre<HostState>,
        world: World,
        grants: &Grants,
        log: &Arc<PluginLog>,
    ) -> Result<Self, Refusal> {
        let limits = &grants.limits;
        let state = HostState::new(grants, log).map_err(|error| {
            Refusal::new(FailureKind::Instantiate, clean(&format!("{error:#}"), 400), "see that it is there")
        })?;
        let _reactor = grants.reactor.as_deref().map(Reactor::enter);
        let mut store = Store::new(pre.engine(), state);
        store.data_mut().begin_call(limits.setup_deadline);
        // Both before instantiation: start functions run during it, and the counts are read when the limiter is set.
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(limits.hostcall_bytes_max());
        store.set_max_component_handles(limits.handles_max);
        store.epoch_deadline_trap();
        store.set_epoch_deadline(ticks(limits.setup_deadline));
        let instance = pre.instantiate(&mut store).map_err(|error| {
            let deadline = limits.setup_deadline;
            let call = Call { name: "instantiation", deadline, setting: SETUP };
            let mut refusal = fault::explain(&error, store.data(), call);
            if refusal.kind == FailureKind::Trap || refusal.kind == FailureKind::InvalidAnswer {
                refusal.kind = FailureKind::Instantiate;
            }
            refusal
        })?;
        // Only here are the types of the exports compared with the contract's.
        let lifecycle = plugin::Plugin::new(&mut store, &instance).map_err(|error| mismatch(&error))?;
        let exports = match world {
            World::View => view::View::new(&mut store, &instance).map(Exports::View),
            World::Observer => observer::Observer::new(&mut store, &instance).map(Exports::Observer),
            World::Processor => processor::Processor::new(&mut store, &instance).map(Exports::Processor),
            World::Exporter => exporter::Exporter::new(&mut store, &instance).map(Exports::Exporter),
        };
        let exports = exports.map_err(|error| mismatch(&error))?;
        Ok(Self { store, lifecycle, exports, grants: grants.clone() })
    }

    /// Asks who the plugin is. The answer is unchecked.
    pub(crate) fn info(&mut self) -> Result<lifecycle::PluginInfo, Refusal> {
        let deadline = self.grants.limits.setup_deadline;
        let call = Call { name: "info", deadline, setting: SETUP };
        self.call(call, |instance, store| instance.lifecycle().call_info(store))
    }

    /// Hands the plugin its configuration. The problems are unchecked.
    pub(crate) fn configure(&mut self) -> Result<Result<(), Vec<lifecycle::Problem>>, Refusal> {
        let (config, deadline) = (self.grants.config.clone(), self.grants.limits.setup_deadline);
        let call = Call { name: "configure", deadline, setting: SETUP };
        self.call(call, |instance, store| instance.lifecycle().call_configure(store, &config))
    }

    /// Asks for an instrument's streams. The answer is unchecked.
    pub(crate) fn streams(
        &mut self,
        instrument: &types::Instrument,
    ) -> Result<Option<Vec<views::StreamSpec>>, Refusal> {
        let deadline = self.grants.limits.streams_deadline();
        let call = Call { name: "streams", deadline, setting: "streams_deadline_ms" };
        self.call(call, |exports, store| exports.views()?.call_streams(store, instrument))
    }

    /// Asks what becomes of an attribute set. The answer is unchecked.
    pub(crate) fn map_attributes(
        &mut self,
        tag: u32,
        attributes: &[types::Attribute],
    ) -> Result<Option<Vec<types::Attribute>>, Refusal> {
        let deadline = self.grants.limits.map_attributes_deadline();
        let call = Call { name: "map-attributes", deadline, setting: "map_attributes_deadline_ms" };
        self.call(call, |exports, store| exports.views()?.call_map_attributes(store, tag, attributes))
    }

    /// Has the plugin observe. The answer is unchecked.
    pub(crate) fn observe(&mut self, now: u64) -> Result<Result<frames::Frame, types::Fault>, Refusal> {
        let deadline = self.grants.limits.observe_deadline();
        let call = Call { name: "observe", deadline, setting: "observe_deadline_ms" };
        self.call(call, |exports, store| exports.observers()?.call_observe(store, now))
    }

    /// Has a frame processed. The answer is unchecked.
    pub(crate) fn process(
        &mut self,
        frame: &frames::Frame,
    ) -> Result<Result<processors::Outcome, types::Fault>, Refusal> {
        let deadline = self.grants.limits.process_deadline();
        let call = Call { name: "process", deadline, setting: "process_deadline_ms" };
        self.call(call, |exports, store| exports.processors()?.call_process(store, frame))
    }

    /// How much linear memory the instance has, in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.store.data().limiter.memory_bytes()
    }

    fn call<R>(
        &mut self,
        what: Call,
        call: impl FnOnce(&Callable<'_>, &mut Store<HostState>) -> wasmtime::Result<R>,
    ) -> Result<R, Refusal> {
        // For whatever the plugin has the host begin.
        let _reactor = self.grants.reactor.as_deref().map(Reactor::enter);
        self.store.data_mut().begin_call(what.deadline);
        self.store.set_epoch_deadline(ticks(what.deadline));
        let callable = Callable { lifecycle: &self.lifecycle, exports: &self.exports };
        call(&callable, &mut self.store).map_err(|error| fault::explain(&error, self.store.data(), what))
    }
}

/// The exports of an instance.
struct Callable<'a> {
    lifecycle: &'a plugin::Plugin,
    exports: &'a Exports,
}

impl<'a> Callable<'a> {
    fn lifecycle(&self) -> &'a lifecycle::Guest {
        self.lifecycle.wasmeter_plugin_lifecycle()
    }

    fn views(&self) -> wasmtime::Result<&'a views::Guest> {
        match self.exports {
            Exports::View(view) => Ok(view.wasmeter_plugin_views()),
            other => Err(other.are_not(World::View)),
        }
    }

    fn observers(&self) -> wasmtime::Result<&'a observers::Guest> {
        match self.exports {
            Exports::Observer(observer) => Ok(observer.wasmeter_plugin_observers()),
            other => Err(other.are_not(World::Observer)),
        }
    }

    fn processors(&self) -> wasmtime::Result<&'a processors::Guest> {
        match self.exports {
            Exports::Processor(processor) => Ok(processor.wasmeter_plugin_processors()),
            other => Err(other.are_not(World::Processor)),
        }
    }

    fn exporters(&self) -> wasmtime::Result<&'a exporters::Guest> {
        match self.exports {
            Exports::Exporter(exporter) => Ok(exporter.wasmeter_plugin_exporters()),
            other => Err(other.are_not(World::Exporter)),
        }
    }
}
