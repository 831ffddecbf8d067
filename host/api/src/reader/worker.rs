//! The thread of a periodic reader, and how others ask it for something.

use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use wasmeter_model::frame::Frame;

use super::deadline_after;
use super::target::Target;
use crate::busy::Busy;
use crate::diagnostics::{DiagnosticKind, panic_text};
use crate::error::{Error, ExportError};
use crate::lock;
use crate::plugins::{Gathered, Processing};
use crate::provider::Core;

type Outcome = Result<(), ExportError>;

/// The way to the thread.
pub(crate) struct Worker {
    requests: Arc<Requests>,
}

/// Flushes are numbered as they are asked for; one run of the thread serves all that were asked for before it began.
struct State {
    flush_requested: u64,
    flush_done: u64,
    /// The latest deadline of the flushes asked for.
    flush_deadline: Option<Instant>,
    flush_outcome: Outcome,
    /// Another interval and timeout.
    schedule: Option<(Duration, Duration)>,
    /// What was collected at last, if the reader is to end while the provider goes on.
    last: Option<Box<Gathered>>,
    shutdown_deadline: Option<Instant>,
    ended: Option<Outcome>,
}

struct Requests {
    state: Mutex<State>,
    changed: Condvar,
}

/// Why the thread wakes up.
enum Wake {
    Interval,
    Flush { number: u64, deadline: Instant },
    Schedule { interval: Duration, timeout: Duration },
    End { last: Box<Gathered>, deadline: Instant },
    Shutdown { deadline: Instant },
}

struct Thread {
    core: Arc<Core>,
    number: usize,
    target: Box<dyn Target>,
    schedule: Schedule,
    requests: Arc<Requests>,
    processing: Processing,
}

/// When a reader exports, and how much at once.
pub(crate) struct Schedule {
    pub(super) interval: Duration,
    /// For all batches of a collection together.
    pub(super) timeout: Duration,
    pub(super) batch_points_max: NonZeroUsize,
}

impl Schedule {
    /// Everything at once.
    pub(crate) fn of(interval: Duration, timeout: Duration) -> Self {
        Self { interval, timeout, batch_points_max: NonZeroUsize::MAX }
    }
}

impl Worker {
    pub(crate) fn start(
        core: Arc<Core>,
        number: usize,
        target: Box<dyn Target>,
        schedule: Schedule,
    ) -> io::Result<Self> {
        let state = State {
            flush_requested: 0,
            flush_done: 0,
            flush_deadline: None,
            flush_outcome: Ok(()),
            schedule: None,
            last: None,
            shutdown_deadline: None,
            ended: None,
        };
        let requests = Arc::new(Requests { state: Mutex::new(state), changed: Condvar::new() });
        core.begin_periodic_reader();
        let thread = Thread {
            core,
            number,
            target,
            schedule,
            requests: requests.clone(),
            processing: Processing::default(),
        };
        // Not joined but waited for by its outcome, as that can be done with a timeout.
        thread::Builder::new().name(format!("wasmeter-reader-{number}")).spawn(move || thread.run())?;
        Ok(Self { requests })
    }

    /// Asks for a flush; the answer names it.
    pub(crate) fn request_flush(&self, deadline: Instant) -> u64 {
        let mut state = lock(&self.requests.state);
        state.flush_requested += 1;
        state.flush_deadline = state.flush_deadline.max(Some(deadline));
        self.requests.changed.notify_all();
        state.flush_requested
    }

    /// Waits for a flush that was asked for.
    pub(crate) fn wait_flush(&self, number: u64, deadline: Instant) -> Result<(), Error> {
        let state =
            self.requests.wait_until(deadline, |state| state.flush_done < number && state.ended.is_none());
        if state.flush_done >= number {
            return state.flush_outcome.as_ref().copied().map_err(Error::from);
        }
        match &state.ended {
            // The last export was in place of the flush.
            Some(outcome) => outcome.as_ref().copied().map_err(Error::from),
            None => Err(Error::Timeout),
        }
    }

    /// Has it export at another interval and with another timeout from now on.
    #[cfg(feature = "plugins")]
    pub(crate) fn reschedule(&self, interval: Duration, timeout: Duration) {
        lock(&self.requests.state).schedule = Some((interval, timeout));
        self.requests.changed.notify_all();
    }

    /// Has it export this, which was collected for it at last, and end.
    #[cfg(feature = "plugins")]
    pub(crate) fn end(&self, last: Gathered) {
        lock(&self.requests.state).last = Some(Box::new(last));
        self.requests.changed.notify_all();
    }

    /// Whether nothing comes from it any more.
    #[cfg(feature = "plugins")]
    pub(crate) fn has_ended(&self) -> bool {
        lock(&self.requests.state).ended.is_some()
    }

    /// Asks for the last export and the end.
    pub(crate) fn request_shutdown(&self, deadline: Instant) {
        lock(&self.requests.state).shutdown_deadline.get_or_insert(deadline);
        self.requests.changed.notify_all();
    }

    /// Waits for the end.
    pub(crate) fn wait_shutdown(&self, deadline: Instant) -> Result<(), Error> {
        let state = self.requests.wait_until(deadline, |state| state.ended.is_none());
        match &state.ended {
            Some(outcome) => outcome.as_ref().copied().map_err(Error::from),
            None => Err(Error::Timeout),
        }
    }
}

impl State {
    /// True if nobody asks for anything.
    fn is_idle(&self) -> bool {
        let asks = self.shutdown_deadline.is_some() || self.last.is_some() || self.schedule.is_some();
        !asks && self.flush_requested == self.flush_done
    }
}

impl Requests {
    /// Waits while `pending`, but not beyond the deadline.
    fn wait_until(&self, deadline: Instant, pending: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let left = deadline.saturating_duration_since(Instant::now());
        let waited = self.changed.wait_timeout_while(lock(&self.state), left, |state| pending(state));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Thread {
    fn run(mut self) {
        let mut next = deadline_after(self.schedule.interval);
        loop {
            match self.wait(next) {
                Wake::Interval => {
                    // What failed has been told and counted, and there is nobody who waits.
                    drop(self.export(deadline_after(self.schedule.timeout)));
                    next = self.following(next);
                }
                Wake::Flush { number, deadline } => {
                    let outcome = self.flush(deadline.min(deadline_after(self.schedule.timeout)));
                    let mut state = lock(&self.requests.state);
                    state.flush_done = number;
                    state.flush_outcome = outcome;
                    self.requests.changed.notify_all();
                }
                Wake::Schedule { interval, timeout } => {
                    self.schedule.timeout = timeout;
                    if self.schedule.interval != interval {
                        self.schedule.interval = interval;
                        next = deadline_after(interval);
                    }
                }
                Wake::End { last, deadline } => {
                    self.target.begin_last();
                    let exported =
                        self.export_gathered(*last, deadline_after(self.schedule.timeout).min(deadline));
                    return self.end(exported, deadline);
                }
                Wake::Shutdown { deadline } => {
                    self.target.begin_last();
                    let last = self.target.last_deadline(deadline);
                    let flushed = self.flush(last.min(deadline_after(self.schedule.timeout)));
                    return self.end(flushed, deadline);
                }
            }
        }
    }

    fn end(self, exported: Outcome, deadline: Instant) {
        let ended = self.guarded("shut down", || self.target.shutdown(deadline));
        self.processing.end(&self.core.tally, &self.core.diagnostics);
        self.core.end_periodic_reader();
        lock(&self.requests.state).ended = Some(exported.and(ended));
        self.requests.changed.notify_all();
    }

    fn wait(&self, next: Instant) -> Wake {
        let mut state = self.requests.wait_until(next, State::is_idle);
        if let Some(last) = state.last.take() {
            let never = deadline_after(Duration::MAX);
            return Wake::End { last, deadline: state.shutdown_deadline.unwrap_or(never) };
        }
        if let Some(deadline) = state.shutdown_deadline {
            return Wake::Shutdown { deadline };
        }
        if let Some((interval, timeout)) = state.schedule.take() {
            return Wake::Schedule { interval, timeout };
        }
        if state.flush_requested == state.flush_done {
            return Wake::Interval;
        }
        let deadline = state.flush_deadline.take().unwrap_or(next);
        Wake::Flush { number: state.flush_requested, deadline }
    }

    /// The end of the next interval that has not ended yet.
    fn following(&self, last: Instant) -> Instant {
        match last.checked_add(self.schedule.interval) {
            Some(next) if next > Instant::now() => next,
            _ => deadline_after(self.schedule.interval),
        }
    }

    fn flush(&mut self, deadline: Instant) -> Outcome {
        let exported = self.export(deadline);
        // Also after a failure, and also if it is late (metrics SDK, "ForceFlush").
        let flushed = self.guarded("flush", || self.target.force_flush(deadline));
        exported.and(flushed)
    }

    fn export(&mut self, deadline: Instant) -> Outcome {
        let mut gathered = None;
        self.guarded("collect", || {
            // What is missing from it has been told.
            gathered = Some(self.core.collect(self.number, Some(deadline)).0);
            Ok(())
        })?;
        gathered.map_or(Ok(()), |gathered| self.export_gathered(gathered, deadline))
    }

    fn export_gathered(&mut self, gathered: Gathered, deadline: Instant) -> Outcome {
        let processed = self.processing.process(gathered, &self.core.tally);
        processed.tell(&self.core.diagnostics);
        let mut is_empty = true;
        let mut outcome = processed.kept_back().map_or(Ok(()), |why| Err(ExportError::NotProcessed(why)));
        // All of one collection before the next begins; one that fails does not take the others with it.
        for frame in processed.frames {
            for batch in frame.parts(self.schedule.batch_points_max) {
                is_empty = false;
                outcome = outcome.and(self.export_batch(&batch.to_frame(), deadline));
            }
        }
        if is_empty {
            outcome = outcome.and(self.guarded("export", || self.target.nothing_new(deadline)));
        }
        outcome
    }

    fn export_batch(&self, batch: &Frame, deadline: Instant) -> Outcome {
        let tally = &self.core.tally;
        let outcome = self.guarded("export", || self.target.export(batch, deadline));
        match &outcome {
            Ok(()) => tally.exports_succeeded.add(),
            Err(_) => tally.exports_failed.add(),
        }
        outcome
    }

    /// Calls what is the application's own code, and tells what went wrong.
    fn guarded(&self, what: &str, call: impl FnOnce() -> Outcome) -> Outcome {
        let busy = Busy::begin();
        let outcome = catch_unwind(AssertUnwindSafe(call))
            .unwrap_or_else(|payload| Err(ExportError::Panicked(panic_text(payload.as_ref()))));
        drop(busy);
        if let Err(error) = &outcome {
            let message = format!("reader {} could not {what}: {error}", self.number);
            self.core.diagnostics.tell(DiagnosticKind::Export, message);
        }
        outcome
    }
}
