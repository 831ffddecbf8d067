//! What provider, meters, instruments and readers share.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use wasmeter_engine::{Engine, MetricFilter};
use wasmeter_model::{ExemplarFilter, Number, Resource, Timestamp};

use super::swap::GivenViews;
use crate::callbacks::Callbacks;
use crate::clock::Clock;
use crate::counts::{Counts, Tally};
use crate::diagnostics::{DiagnosticKind, Diagnostics};
use crate::instrument::{Advice, Known, Measured};
use crate::lock;
use crate::meters::Meters;
use crate::plugins::InService;
use crate::reader::Producers;

/// The engine and what is around it.
pub(crate) struct Core {
    pub(crate) engine: Engine,
    pub(crate) resource: Arc<Resource>,
    pub(crate) known: Known,
    /// Shared with callbacks, which must not hold the rest: one that hangs would keep it.
    pub(crate) tally: Arc<Tally>,
    pub(crate) diagnostics: Arc<Diagnostics>,
    pub(crate) meters: Arc<Meters>,
    /// The Views in service as they were given. Locked while others are put into service.
    pub(super) views: Mutex<GivenViews>,
    pub(crate) advice: Advice,
    pub(crate) exemplar_filter: ExemplarFilter,
    /// The plugins of the directory that are no Views.
    pub(crate) plugins: InService,
    /// By the environment: Meters are silent from the beginning.
    pub(super) is_disabled: bool,
    clock: Clock,
    is_shut_down: AtomicBool,
    /// The callbacks of this provider, as the engine numbers them.
    registered: Mutex<Vec<u64>>,
    pub(super) callbacks: Callbacks,
    /// Of each reader, with its filter.
    pub(super) producers: Vec<(Producers, Option<Arc<dyn MetricFilter>>)>,
    /// Periodic readers whose last collection is still to come.
    periodic_readers: AtomicUsize,
}

/// What the builder has made.
pub(super) struct Parts {
    pub(super) engine: Engine,
    pub(super) views: GivenViews,
    pub(super) meters: Arc<Meters>,
    pub(super) resource: Resource,
    pub(super) clock: Clock,
    pub(super) diagnostics: Arc<Diagnostics>,
    pub(super) callbacks: Callbacks,
    pub(super) producers: Vec<(Producers, Option<Arc<dyn MetricFilter>>)>,
    pub(super) plugins: InService,
    pub(super) is_disabled: bool,
    pub(super) exemplar_filter: ExemplarFilter,
}

impl Core {
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            engine: parts.engine,
            meters: parts.meters,
            views: Mutex::new(parts.views),
            resource: Arc::new(parts.resource),
            known: Known::default(),
            advice: Advice::default(),
            tally: Arc::default(),
            diagnostics: parts.diagnostics,
            plugins: parts.plugins,
            is_disabled: parts.is_disabled,
            exemplar_filter: parts.exemplar_filter,
            clock: parts.clock,
            is_shut_down: AtomicBool::new(false),
            registered: Mutex::default(),
            callbacks: parts.callbacks,
            producers: parts.producers,
            periodic_readers: AtomicUsize::new(0),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        self.is_shut_down.load(Ordering::SeqCst)
    }

    /// Makes all instruments silent; false if they are already.
    pub(super) fn begin_shutdown(&self) -> bool {
        let is_first = !self.is_shut_down.swap(true, Ordering::SeqCst);
        self.meters.shut_down();
        is_first
    }

    /// The value as the engine takes it.
    pub(crate) fn number<N: Measured>(&self, value: N) -> Number {
        self.tally.number(value)
    }

    pub(super) fn tell_notices(&self) {
        for notice in self.engine.notices() {
            let message = format!("instrument `{}`: {}", notice.instrument, notice.message);
            self.diagnostics.tell(DiagnosticKind::Engine, message);
        }
        if self.tally.saturated.get() > 0 {
            let message = "integers above 9223372036854775807 were recorded as that, since there are no larger ones; record \
                           in a larger unit, or doubles";
            self.diagnostics.tell_once(DiagnosticKind::Saturated, message.to_owned());
        }
    }

    /// Takes note of a callback, to unregister it at shutdown.
    pub(crate) fn remember_callback(&self, number: u64) {
        lock(&self.registered).push(number);
        // It may have come too late to be forgotten with the others.
        if self.is_shut_down() {
            self.forget_callbacks();
        }
    }

    /// Removes a callback; false if it has been.
    pub(crate) fn forget_callback(&self, number: u64) -> bool {
        lock(&self.registered).retain(|registered| *registered != number);
        self.engine.unregister(number)
    }

    /// Takes note of a reader whose last collection needs the callbacks.
    pub(crate) fn begin_periodic_reader(&self) {
        self.periodic_readers.fetch_add(1, Ordering::SeqCst);
    }

    /// The reader will not collect again; after a shutdown the last one takes the callbacks along.
    pub(crate) fn end_periodic_reader(&self) {
        self.periodic_readers.fetch_sub(1, Ordering::SeqCst);
        self.forget_callbacks_after_the_last_reader();
    }

    /// Drops the callbacks if the provider is shut down and no reader needs them any more.
    pub(super) fn forget_callbacks_after_the_last_reader(&self) {
        if self.is_shut_down() && self.periodic_readers.load(Ordering::SeqCst) == 0 {
            self.forget_callbacks();
        }
    }

    /// Drops the callbacks, with what they hold of the application.
    pub(super) fn forget_callbacks(&self) {
        let callbacks = std::mem::take(&mut *lock(&self.registered));
        for number in callbacks {
            self.engine.unregister(number);
        }
        self.callbacks.close();
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            engine: self.engine.counts(),
            saturated: self.tally.saturated.get(),
            instruments_refused: self.tally.instruments_refused.get(),
            callback_panics: self.tally.callback_panics.get(),
            callbacks_late: self.tally.callbacks_late.get(),
            callbacks_skipped: self.tally.callbacks_skipped.get(),
            observations_undeclared: self.tally.observations_undeclared.get(),
            producer_failures: self.tally.producer_failures.get(),
            exports_succeeded: self.tally.exports_succeeded.get(),
            exports_failed: self.tally.exports_failed.get(),
            points_dropped: self.tally.points_dropped.get(),
            points_kept_back: self.tally.points_kept_back.get(),
            points_lost: self.tally.points_lost.get(),
            points_refused: self.tally.points_refused.get(),
            plugin_swaps: self.tally.plugin_swaps.get(),
            plugin_swaps_refused: self.tally.plugin_swaps_refused.get(),
            plugin_failures: 0,
            diagnostics_dropped: self.diagnostics.dropped.get(),
        }
    }
}
