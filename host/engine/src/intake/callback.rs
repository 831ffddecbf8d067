//! Callbacks: registered with the engine, run without it.
//!
//! A run keeps what is observed to itself, and the engine takes it as a whole or not at all. So callbacks run with nothing of
//! the engine locked, on whatever thread, for as long as whoever runs them is ready to wait; and a run that is given up keeps
//! nothing of the engine alive.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use wasmeter_model::{Attributes, Instrument, Number, Timestamp};

use crate::engine::Inner;
use crate::instrument::{Entry, Form};
use crate::lock;
use crate::report::Rejection;

/// The instruments of a callback.
type Entries = Arc<[Arc<Entry>]>;
type Function = Box<dyn Fn(&mut Observer<'_>) + Send + Sync>;

/// All callbacks, in the order they were registered, which is that of their numbers.
#[derive(Debug, Default)]
pub(crate) struct Callbacks {
    registered: Vec<(Arc<Callback>, Entries)>,
    last_number: u64,
}

/// What a run needs of a callback: nothing of the engine, which a run that hangs must not keep.
struct Callback {
    number: u64,
    instruments: Vec<(u64, Arc<str>)>,
    function: Function,
    /// A run that has been handed out does not begin any more.
    is_removed: AtomicBool,
    /// Is the same for all callbacks of an engine.
    engine: Arc<()>,
}

/// One run of a callback, for whoever wants to run it on a thread of its own; see [`crate::Engine::callback_runs`].
#[derive(Debug)]
pub struct CallbackRun {
    callback: Arc<Callback>,
    now: Timestamp,
    observations_max: usize,
}

/// What a callback observed in one run.
#[derive(Debug)]
pub struct Observations {
    /// The callback.
    pub(super) number: u64,
    pub(super) values: Vec<Observation>,
    /// How many there would have been beyond the limit.
    pub(super) surplus: u64,
}

#[derive(Debug)]
pub(super) struct Observation {
    /// The instrument, by its place in the list that the callback was registered with.
    pub(super) place: usize,
    pub(super) value: Number,
    pub(super) attributes: Attributes,
}

/// What a callback reports into. Its instruments are named by their place in the list they were registered with.
#[derive(Debug)]
pub struct Observer<'a> {
    observations: &'a mut Observations,
    observations_max: usize,
    now: Timestamp,
}

impl std::fmt::Debug for Callback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Callback").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Inner {
    pub(crate) fn register(
        &self,
        instruments: Vec<Instrument>,
        function: Function,
        now: Timestamp,
    ) -> Result<u64, Rejection> {
        let mut entries = Vec::new();
        for instrument in instruments {
            let entry = self.entry(&instrument, Form::Measurements)?;
            self.bring_up_to_date(&entry, &mut lock(&entry.state), now);
            entries.push(entry);
        }
        let instruments = entries.iter().map(|entry| (entry.id, entry.instrument.name.clone())).collect();
        let mut callbacks = lock(&self.callbacks);
        callbacks.last_number += 1;
        let number = callbacks.last_number;
        let is_removed = AtomicBool::new(false);
        let callback = Callback { number, instruments, function, is_removed, engine: self.identity.clone() };
        callbacks.registered.push((Arc::new(callback), entries.into()));
        Ok(number)
    }

    pub(crate) fn unregister(&self, number: u64) -> bool {
        let mut callbacks = lock(&self.callbacks);
        let found = callbacks.registered.binary_search_by_key(&number, |(callback, _)| callback.number);
        let removed = found.ok().map(|at| callbacks.registered.remove(at));
        drop(callbacks);
        // What the application gave is dropped with nothing locked.
        removed.is_some_and(|(callback, _)| {
            callback.is_removed.store(true, Ordering::Release);
            true
        })
    }

    /// One run of each callback.
    pub(crate) fn callback_runs(&self, now: Timestamp) -> Vec<CallbackRun> {
        let now = self.not_before_latest(now);
        let observations_max = self.limits.observations_max;
        let callbacks = lock(&self.callbacks);
        let callbacks = callbacks.registered.iter().map(|(callback, _)| callback.clone());
        callbacks.map(|callback| CallbackRun { callback, now, observations_max }).collect()
    }

    /// Runs every callback on this thread.
    pub(crate) fn run_callbacks(&self, now: Timestamp) -> Vec<Observations> {
        let finished = self.callback_runs(now).into_iter().filter_map(|run| {
            let name = run.instrument_name().cloned().unwrap_or_default();
            let outcome = run.run();
            if outcome.is_err() {
                self.notice(&name, "its callback panicked; nothing it had observed counts".to_owned());
            }
            outcome.ok()
        });
        finished.collect()
    }

    /// The instruments of a callback, unless it has been removed.
    pub(super) fn observed_by(&self, number: u64) -> Option<Entries> {
        let callbacks = lock(&self.callbacks);
        let found =
            callbacks.registered.binary_search_by_key(&number, |(callback, _)| callback.number).ok()?;
        callbacks.registered.get(found).map(|(_, entries)| entries.clone())
    }

    /// The instrument of the callback of this engine that this thread is in.
    pub(crate) fn inside_callback_of(&self) -> Option<Arc<str>> {
        INSIDE.with_borrow(|inside| {
            let mut of_engine =
                inside.iter().filter(|callback| Arc::ptr_eq(&callback.engine, &self.identity));
            let innermost = of_engine.next_back()?;
            Some(innermost.instruments.first().map(|(_, name)| name.clone()).unwrap_or_default())
        })
    }
}

thread_local! {
    /// The callbacks that this thread is in: one may collect another engine, which has its own.
    static INSIDE: RefCell<Vec<Arc<Callback>>> = const { RefCell::new(Vec::new()) };
}

/// Marks the thread as inside a callback for as long as it lives.
struct Inside;

impl Inside {
    fn begin(callback: Arc<Callback>) -> Self {
        INSIDE.with_borrow_mut(|inside| inside.push(callback));
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let left = INSIDE.with_borrow_mut(Vec::pop);
        // It may be the last to hold what the application gave, whose drop is not ours to vouch for.
        drop(left);
    }
}

impl CallbackRun {
    /// The callback, as [`crate::Engine::observe`] numbered it.
    pub fn callback(&self) -> u64 {
        self.callback.number
    }

    /// The instruments it may report, as numbers that no other instrument of the engine has.
    pub fn instruments(&self) -> impl Iterator<Item = u64> {
        self.callback.instruments.iter().map(|(number, _)| *number)
    }

    /// The name of its first instrument, to say which callback it is.
    pub fn instrument_name(&self) -> Option<&Arc<str>> {
        self.callback.instruments.first().map(|(_, name)| name)
    }

    /// Runs the callback, on this thread. What it observes is kept until it is handed to [`crate::Engine::collect_observed`].
    ///
    /// # Errors
    ///
    /// What the callback panicked with. Nothing it had observed counts then.
    pub fn run(self) -> std::thread::Result<Observations> {
        let Self { callback, now, observations_max } = self;
        // The callback is the application's own code; what is wrong with it must not stop the others.
        catch_unwind(AssertUnwindSafe(move || {
            let _inside = Inside::begin(callback.clone());
            let mut observations = Observations { number: callback.number, values: Vec::new(), surplus: 0 };
            if !callback.is_removed.load(Ordering::Acquire) {
                (callback.function)(&mut Observer { observations: &mut observations, observations_max, now });
            }
            observations
        }))
    }
}

impl Observer<'_> {
    /// Reports the value of the instrument at `place` for a set. Several values for one set in one collection are added for
    /// sums; of a gauge the last one counts. A refused value is counted, and so is one beyond
    /// [`wasmeter_model::limits::Limits::observations_max`].
    pub fn observe(&mut self, place: usize, value: Number, attributes: &Attributes) {
        if self.observations.values.len() < self.observations_max {
            let attributes = attributes.clone();
            self.observations.values.push(Observation { place, value, attributes });
        } else {
            self.observations.surplus = self.observations.surplus.saturating_add(1);
        }
    }

    /// When the collection began. What is observed is exported with the time the collection ended, all of it with the same.
    pub fn now(&self) -> Timestamp {
        self.now
    }
}
