//! The Meters a program has, and whether they are enabled.
//!
//! A Meter that is not enabled does nothing: its flag stops what is measured, and in the engine its instruments have no
//! streams, so that their series end as those do that a View drops.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, Weak};

use foldhash::fast::RandomState;
use wasmeter_engine::Views;
use wasmeter_model::Scope;

use crate::configurator::MeterConfigurator;
use crate::diagnostics::Diagnostics;
use crate::lock;

const DISABLED: u8 = 1;
const SHUT_DOWN: u8 = 2;

/// What all Meters and instruments of one scope share.
pub(crate) struct MeterState {
    pub(crate) scope: Arc<Scope>,
    /// Why its instruments do nothing; 0 if they work.
    silent: AtomicU8,
    /// What the configurator says; ahead of `silent` while a change is under way.
    is_wanted: AtomicBool,
}

impl MeterState {
    /// True if measuring has no effect. One relaxed load: a change is seen eventually.
    pub(crate) fn is_silent(&self) -> bool {
        self.silent.load(Ordering::Relaxed) != 0
    }

    /// False if the configurator does not want the Meter. Callbacks run for the last collection of a shutdown too.
    pub(crate) fn is_enabled(&self) -> bool {
        self.silent.load(Ordering::Relaxed) & DISABLED == 0
    }

    fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
    }
}

/// The Meters that somebody has.
pub(crate) struct Meters {
    registry: Mutex<Registry>,
    diagnostics: Arc<Diagnostics>,
}

struct Registry {
    configurator: Option<MeterConfigurator>,
    /// How many configurators there were before.
    generation: u64,
    is_shut_down: bool,
    /// Weak: a program may ask for a new scope with every request.
    states: HashMap<Arc<Scope>, Weak<MeterState>, RandomState>,
    /// At this size those that nobody has any more are forgotten.
    crowded: usize,
}

/// The size at which a registry is first looked through.
const CROWDED_MIN: usize = 64;

impl Registry {
    fn get(&self, scope: &Scope) -> Option<Arc<MeterState>> {
        self.states.get(scope).and_then(Weak::upgrade)
    }

    fn insert(&mut self, state: &Arc<MeterState>) {
        if self.states.len() >= self.crowded {
            self.states.retain(|_, state| state.strong_count() > 0);
            self.crowded = (self.states.len() * 2).max(CROWDED_MIN);
        }
        self.states.insert(state.scope.clone(), Arc::downgrade(state));
    }
}

impl Meters {
    pub(crate) fn new(configurator: Option<MeterConfigurator>, diagnostics: Arc<Diagnostics>) -> Arc<Self> {
        let registry = Registry {
            configurator,
            generation: 0,
            is_shut_down: false,
            states: HashMap::default(),
            crowded: CROWDED_MIN,
        };
        Arc::new(Self { registry: Mutex::new(registry), diagnostics })
    }

    /// The Meter of a scope, configured.
    pub(crate) fn meter(&self, scope: Scope) -> Arc<MeterState> {
        let scope = Arc::new(scope);
        loop {
            let registry = lock(&self.registry);
            if let Some(known) = registry.get(&scope) {
                return known;
            }
            let (configurator, generation) = (registry.configurator.clone(), registry.generation);
            // The configurator may ask for Meters itself.
            drop(registry);
            let is_wanted =
                configurator.is_none_or(|configurator| configurator.ask(&scope, &self.diagnostics).enabled);
            let mut registry = lock(&self.registry);
            if let Some(known) = registry.get(&scope) {
                return known;
            }
            // Else another one has come into service meanwhile, which was not asked about this Meter.
            if registry.generation == generation {
                let silent =
                    if is_wanted { 0 } else { DISABLED } | if registry.is_shut_down { SHUT_DOWN } else { 0 };
                let state = MeterState {
                    scope,
                    silent: AtomicU8::new(silent),
                    is_wanted: AtomicBool::new(is_wanted),
                };
                let state = Arc::new(state);
                registry.insert(&state);
                return state;
            }
        }
    }

    /// Makes all instruments silent, for good.
    pub(crate) fn shut_down(&self) {
        let mut registry = lock(&self.registry);
        registry.is_shut_down = true;
        for state in registry.states.values().filter_map(Weak::upgrade) {
            state.silent.fetch_or(SHUT_DOWN, Ordering::Relaxed);
        }
    }

    /// Asks another configurator about all Meters, and stops those that it does not want. The answer is the one before.
    /// [`Meters::enable`] has to follow.
    pub(crate) fn configure(&self, configurator: Option<MeterConfigurator>) -> Option<MeterConfigurator> {
        let mut registry = lock(&self.registry);
        let before = std::mem::replace(&mut registry.configurator, configurator.clone());
        registry.generation += 1;
        let states: Vec<_> = registry.states.values().filter_map(Weak::upgrade).collect();
        drop(registry);
        for state in states {
            let is_wanted = configurator
                .as_ref()
                .is_none_or(|configurator| configurator.ask(&state.scope, &self.diagnostics).enabled);
            state.is_wanted.store(is_wanted, Ordering::Relaxed);
            if !is_wanted {
                state.silent.fetch_or(DISABLED, Ordering::Relaxed);
            }
        }
        before
    }

    /// Lets those Meters work that are wanted.
    pub(crate) fn enable(&self) {
        let states: Vec<_> = lock(&self.registry).states.values().filter_map(Weak::upgrade).collect();
        for state in states.iter().filter(|state| state.is_wanted()) {
            state.silent.fetch_and(!DISABLED, Ordering::Relaxed);
        }
    }

    /// The same Views, for the Meters that are enabled.
    pub(crate) fn over(self: &Arc<Self>, views: Views) -> Views {
        let (meters, more) = (self.clone(), views.meters.clone());
        let is_enabled = move |scope: &Scope| {
            meters.wants(scope) && more.as_ref().is_none_or(|is_enabled| is_enabled(scope))
        };
        Views { meters: Some(Arc::new(is_enabled)), ..views }
    }

    fn wants(&self, scope: &Scope) -> bool {
        let registry = lock(&self.registry);
        let Some(configurator) = registry.configurator.clone() else { return true };
        let known = registry.get(scope);
        drop(registry);
        // Nobody has the Meter any more, but its series are still there.
        known.map_or_else(|| configurator.ask(scope, &self.diagnostics).enabled, |state| state.is_wanted())
    }
}
