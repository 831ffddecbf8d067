//! Runs callbacks on threads of their own, so that one that hangs costs a collection its own series and nothing else.
//!
//! One thread is enough as long as callbacks are quick: it does them one after the other and then waits for the next
//! collection. While a collection waits for longer than a small part of its time, threads are added, so that the callbacks
//! behind one that hangs run too. A run that is not done in time is given up: its thread ends when the callback returns, and
//! until then that callback is left out.

mod schedule;
#[cfg(test)]
mod tests;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use wasmeter_engine::{CallbackRun, Observations};

use crate::busy::Busy;
use crate::diagnostics::panic_text;
use crate::lock;
use crate::reader::deadline_after;
pub(crate) use schedule::{Ended, LeftOut, Why};
use schedule::{Finished, Job, Schedule};

/// After how many equal parts of its time a collection looks whether callbacks still wait, and adds threads if they do. As
/// each time adds as many as there are, this is enough for more callbacks that hang than anybody has.
const PARTS: u32 = 16;
/// No thread is added before this time, whatever the deadline: to start one costs more than most callbacks do.
const PATIENCE_MIN: Duration = Duration::from_millis(1);

/// The threads that run callbacks. They end when this is dropped, those that hang when they can.
pub(crate) struct Callbacks {
    shared: Arc<Shared>,
    /// The most time that those of one collection have.
    timeout: Duration,
    /// One for each reader, locked for as long as it collects.
    turns: Vec<Mutex<()>>,
}

/// What became of the callbacks of one collection.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) ended: Vec<Ended>,
    pub(crate) left_out: Vec<LeftOut>,
    /// Why there was no thread for them.
    pub(crate) no_thread: Option<io::Error>,
}

/// What the threads hold: nothing of the provider, which one that hangs must not keep.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// There is something to run, or nothing will come any more.
    work: Condvar,
    /// The runs of a collection have ended.
    ended: Condvar,
}

#[derive(Default)]
struct State {
    schedule: Schedule,
    /// Threads that wait for work: one at most, any more end.
    idle: usize,
    is_closed: bool,
}

impl Callbacks {
    pub(crate) fn new(timeout: Duration, readers: usize) -> Self {
        let turns = (0..readers).map(|_| Mutex::default()).collect();
        Self { shared: Arc::default(), timeout, turns }
    }

    /// Lets one collection of a reader go on at a time: were a later one to overtake an earlier one, a total would seem to fall.
    pub(crate) fn turn(&self, reader: usize) -> Option<MutexGuard<'_, ()>> {
        self.turns.get(reader).map(lock)
    }

    /// Runs the callbacks of one collection, which has until `deadline`, and waits for them: not longer than half of that, so
    /// that there is time to export what the others say.
    pub(crate) fn run(&self, runs: Vec<CallbackRun>, deadline: Option<Instant>) -> Outcome {
        if runs.is_empty() {
            return Outcome::default();
        }
        let half = |deadline: Instant| deadline.saturating_duration_since(Instant::now()) / 2;
        let time = deadline.map_or(self.timeout, |deadline| half(deadline).min(self.timeout));
        let deadline = deadline_after(time);
        let mut no_thread = None;
        let mut state = lock(&self.shared.state);
        let round = state.schedule.begin(runs);
        let patience = (time / PARTS).max(PATIENCE_MIN);
        let mut wanted = usize::from(state.idle == 0);
        while !state.schedule.is_over(round) {
            if wanted > 0 {
                drop(state);
                no_thread = no_thread.or(self.add_threads(wanted).err());
                state = lock(&self.shared.state);
            } else {
                self.shared.work.notify_one();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.wait(state, round, patience.min(left));
            // Who runs now may hang.
            let running = state.schedule.running();
            wanted = state.schedule.waiting().min(running.max(1)).saturating_sub(state.idle);
        }
        let Finished { ended, left_out, never_begun } = state.schedule.finish(round);
        drop(state);
        drop(never_begun);
        Outcome { ended, left_out, no_thread }
    }

    /// Ends the threads that have nothing to do; the others end when what they do is done.
    pub(crate) fn close(&self) {
        lock(&self.shared.state).is_closed = true;
        self.shared.work.notify_all();
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, round: u64, time: Duration) -> MutexGuard<'a, State> {
        let is_pending = |state: &mut State| !state.schedule.is_over(round);
        let waited = self.shared.ended.wait_timeout_while(state, time, is_pending);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn add_threads(&self, wanted: usize) -> io::Result<()> {
        for _ in 0..wanted {
            let shared = self.shared.clone();
            let thread = thread::Builder::new().name("wasmeter-callbacks".to_owned());
            // Never joined: it may hang in a callback for ever.
            thread.spawn(move || shared.work())?;
        }
        Ok(())
    }
}

impl Drop for Callbacks {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    /// What a thread does.
    fn work(&self) {
        // Neither collect nor flush from a callback.
        let _busy = Busy::begin();
        let mut state = lock(&self.state);
        loop {
            if let Some(job) = state.schedule.next() {
                drop(state);
                let callback = job.callback();
                let result = run(job);
                state = lock(&self.state);
                if state.schedule.end(callback, result) {
                    self.ended.notify_all();
                }
            } else if state.is_closed || state.idle > 0 {
                return;
            } else {
                state.idle += 1;
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
            }
        }
    }
}

/// Runs one callback; of a panic its message.
fn run(job: Job) -> Result<Observations, String> {
    // What a callback holds may be dropped with the run, which may panic too.
    let outcome = catch_unwind(AssertUnwindSafe(|| job.run.run()));
    outcome.and_then(|outcome| outcome).map_err(|payload| panic_text(payload.as_ref()))
}
