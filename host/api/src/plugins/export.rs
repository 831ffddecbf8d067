//! An exporter of the directory as the thread of its reader meets it: the build that serves, and what nobody took yet.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use wasmeter_model::delivery::RetryPolicy;
use wasmeter_model::frame::Frame;
use wasmeter_runtime::{Accepted, ExportError as Refusal, Exporter, Failure as PluginFailure};

use crate::counts::Tally;
use crate::diagnostics::{DiagnosticKind, Diagnostics};
use crate::error::ExportError;
use crate::lock;
use crate::reader::{Failure, Target, Undelivered};

/// Exports by the build that serves. A successor takes over between two calls, and the build before is flushed and shut down
/// beside it.
pub(crate) struct PluginExport {
    state: Mutex<State>,
    /// What somebody waits for may be there: an order, or the end of a build.
    changed: Condvar,
    undelivered: Mutex<Undelivered>,
    tally: Arc<Tally>,
    diagnostics: Arc<Diagnostics>,
}

struct State {
    serving: Exporter,
    /// Builds that came while one was called, oldest first.
    successors: Vec<Exporter>,
    is_calling: bool,
    /// The reader is to end, which must not wait for what is tried again.
    ends: bool,
    /// It exports for the last time.
    is_last: bool,
    /// Builds that are being flushed and shut down.
    closing: usize,
}

impl State {
    /// Puts successors in place of what serves; what served before, to be closed.
    fn succeed(&mut self) -> Vec<Exporter> {
        let successors = std::mem::take(&mut self.successors).into_iter();
        let replaced: Vec<_> =
            successors.map(|successor| std::mem::replace(&mut self.serving, successor)).collect();
        self.closing += replaced.len();
        replaced
    }
}

impl PluginExport {
    pub(super) fn new(exporter: Exporter, tally: Arc<Tally>, diagnostics: Arc<Diagnostics>) -> Self {
        let state = State {
            serving: exporter,
            successors: Vec::new(),
            is_calling: false,
            ends: false,
            is_last: false,
            closing: 0,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            undelivered: Mutex::default(),
            tally,
            diagnostics,
        }
    }

    /// Another build serves from now on, or from the end of the call under way on.
    pub(super) fn succeed(self: &Arc<Self>, successor: Exporter) {
        let mut state = lock(&self.state);
        state.successors.push(successor);
        let replaced = if state.is_calling { Vec::new() } else { state.succeed() };
        drop(state);
        self.changed.notify_all();
        self.close_beside(replaced);
    }

    /// The reader is about to end: what is tried again is not waited for any more, until it exports for the last time.
    pub(super) fn expect_end(&self) {
        lock(&self.state).ends = true;
        self.changed.notify_all();
    }

    /// Calls the build that serves. No other takes its place meanwhile: one that was closed must not be called any more.
    fn call(self: &Arc<Self>, frame: &Frame) -> Result<Accepted, Refusal> {
        let mut state = lock(&self.state);
        state.is_calling = true;
        let serving = state.serving.clone();
        drop(state);
        let answer = serving.export(frame);
        let mut state = lock(&self.state);
        state.is_calling = false;
        let replaced = state.succeed();
        drop(state);
        self.close_beside(replaced);
        answer
    }

    /// Sends one frame, again and again while that may help and nothing more urgent is to be done.
    fn send(self: &Arc<Self>, frame: &Frame, deadline: Instant) -> Result<(), Failure> {
        let mut delays = RetryPolicy::default().jittered();
        loop {
            let (after, error) = match self.call(frame) {
                Ok(accepted) => return self.accepted(accepted),
                Err(error @ Refusal::Permanent { .. }) => {
                    self.tally.points_refused.add_many(frame.point_count() as u64);
                    return Err(Failure::new(error.to_string(), true));
                }
                Err(error @ Refusal::Retryable { after, .. }) => (after, error),
            };
            let wake = after.or_else(|| delays.next()).and_then(|delay| Instant::now().checked_add(delay));
            let may_wait = wake.filter(|wake| *wake < deadline).is_some_and(|wake| self.wait(wake));
            if !may_wait {
                return Err(Failure::new(error.to_string(), false));
            }
        }
    }

    fn accepted(&self, Accepted { rejected_points, message }: Accepted) -> Result<(), Failure> {
        if rejected_points > 0 {
            self.tally.points_refused.add_many(rejected_points);
            let message = format!("the receiver rejected {rejected_points} points: {message}");
            return Err(Failure::new(message, true));
        }
        if !message.is_empty() {
            let exporter = lock(&self.state).serving.label().to_owned();
            tracing::warn!(target: "wasmeter", exporter, "the receiver warns: {message}");
        }
        Ok(())
    }

    /// Waits until then; false if there is something more urgent. A successor is none: the next attempt is its own.
    fn wait(&self, until: Instant) -> bool {
        let left = until.saturating_duration_since(Instant::now());
        let is_urgent = |state: &State| state.ends && !state.is_last;
        let waited = self.changed.wait_timeout_while(lock(&self.state), left, |state| !is_urgent(state));
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        !is_urgent(&state)
    }

    fn close_beside(self: &Arc<Self>, replaced: Vec<Exporter>) {
        for exporter in replaced {
            let export = self.clone();
            let close = move || {
                if let Err(failures) = exporter.close() {
                    let message = format!("exporter `{}`: {}", exporter.label(), in_words(&failures));
                    export.diagnostics.tell(DiagnosticKind::Export, message);
                }
                lock(&export.state).closing -= 1;
                export.changed.notify_all();
            };
            let thread = thread::Builder::new().name("wasmeter-exporter-end".to_owned());
            if let Err(error) = thread.spawn(close) {
                let message =
                    format!("an exporter that was replaced is not flushed: no thread for that: {error}");
                self.diagnostics.tell(DiagnosticKind::Export, message);
                lock(&self.state).closing -= 1;
            }
        }
    }

    /// Flushes and shuts down what serves; whatever is called after it is a fresh instance.
    fn close(&self) -> Result<(), ExportError> {
        let serving = lock(&self.state).serving.clone();
        serving.close().map_err(|failures| ExportError::Failed(in_words(&failures)))
    }

    fn count(&self, sent: Result<(), Failure>) -> Result<(), ExportError> {
        sent.map_err(|failure| {
            self.tally.points_lost.add_many(failure.lost);
            failure.into()
        })
    }
}

impl Target for Arc<PluginExport> {
    fn export(&self, frame: &Frame, deadline: Instant) -> Result<(), ExportError> {
        let sent = lock(&self.undelivered).export(frame, |frame| self.send(frame, deadline));
        self.count(sent)
    }

    /// What was kept is sent all the same.
    fn nothing_new(&self, deadline: Instant) -> Result<(), ExportError> {
        let sent = lock(&self.undelivered).flush(|frame| self.send(frame, deadline));
        self.count(sent)
    }

    /// A plugin flushes once, at its end: so this is the end of its instance, and the next export has a fresh one.
    fn force_flush(&self, deadline: Instant) -> Result<(), ExportError> {
        let sent = self.nothing_new(deadline);
        sent.and(self.close())
    }

    fn begin_last(&self) {
        lock(&self.state).is_last = true;
    }

    /// Half of the time is for flushing and shutting down.
    fn last_deadline(&self, end: Instant) -> Instant {
        let now = Instant::now();
        now + end.saturating_duration_since(now) / 2
    }

    fn shutdown(&self, deadline: Instant) -> Result<(), ExportError> {
        let lost = lock(&self.undelivered).points();
        if lost > 0 {
            self.tally.points_lost.add_many(lost);
            let message = format!("{lost} points are dropped that no receiver took until the end");
            self.diagnostics.tell(DiagnosticKind::Export, message);
        }
        let closed = self.close();
        let left = deadline.saturating_duration_since(Instant::now());
        let waited = self.changed.wait_timeout_while(lock(&self.state), left, |state| state.closing > 0);
        let (_state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        closed.and(if timeout.timed_out() { Err(ExportError::Timeout) } else { Ok(()) })
    }
}

fn in_words(failures: &[PluginFailure]) -> String {
    failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
