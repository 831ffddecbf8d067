//! A periodic reader's target that is a plugin, and changes while the reader goes on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{JoinSet, block_in_place};
use tokio::time::Instant;
use wasmeter_model::delivery::RetryPolicy;
use wasmeter_model::frame::Frame;
use wasmeter_pipeline::{Collected, ExportReader};
use wasmeter_runtime::{Accepted, ExportError, ExportSchedule, Exporter};

use super::Shutdown;

/// How long the last exports of all may take, so that time is left to flush and to shut down.
pub(super) const LAST_TIMEOUT: Duration = Duration::from_secs(5);

/// What whoever swaps tells the reader of an exporter.
#[derive(Default)]
pub(in super::super) struct Orders {
    state: Mutex<State>,
    given: Notify,
}

#[derive(Default)]
struct State {
    /// Builds that replaced each other since the reader last looked, oldest first.
    successors: Vec<Exporter>,
    /// What the reader has collected at last, if it is to end.
    last: Option<Box<Collected>>,
}

impl Orders {
    /// Waits until there are orders. They may be there already, and a call that is woken may find none.
    async fn given(&self) {
        while self.lock().is_empty() {
            self.given.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ExportReader for Orders {
    fn succeed(&self, successor: Exporter) {
        self.lock().successors.push(successor);
        self.given.notify_one();
    }

    fn end(&self, last: Collected) {
        self.lock().last = Some(Box::new(last));
        self.given.notify_one();
    }
}

impl State {
    fn is_empty(&self) -> bool {
        self.successors.is_empty() && self.last.is_none()
    }
}

/// What a reader is to do differently.
pub(super) enum Change {
    /// Another build serves, with this schedule.
    Successor(ExportSchedule),
    /// This is the last to be exported.
    End(Box<Collected>),
}

/// How an attempt to deliver a frame ended.
pub(super) enum Delivery {
    Accepted(Accepted),
    /// It may be tried again; why it was not taken.
    Undelivered(ExportError),
    /// It would not be taken ever.
    Refused(ExportError),
}

/// The build of an exporter that serves, and those before it that come to their end.
pub(in super::super) struct PluginTarget {
    serving: Exporter,
    name: Arc<str>,
    orders: Arc<Orders>,
    shutdown: Shutdown,
    is_stopping: bool,
    closing: JoinSet<()>,
}

impl PluginTarget {
    pub(in super::super) fn new(exporter: Exporter, orders: Arc<Orders>, shutdown: Shutdown) -> Self {
        let name = exporter.info().counted_as;
        Self { serving: exporter, name, orders, shutdown, is_stopping: false, closing: JoinSet::new() }
    }

    /// What its points are counted under.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Waits for a change. The build that served before is closed beside the one that serves now.
    pub(super) async fn change(&mut self) -> Change {
        loop {
            if let Some(change) = self.take_orders() {
                return change;
            }
            self.orders.given().await;
        }
    }

    fn take_orders(&mut self) -> Option<Change> {
        let State { successors, last } = std::mem::take(&mut *self.orders.lock());
        let is_succeeded = !successors.is_empty();
        for successor in successors {
            self.name = successor.info().counted_as;
            let before = std::mem::replace(&mut self.serving, successor);
            self.close(before);
        }
        match last {
            Some(last) => Some(Change::End(last)),
            None => is_succeeded.then(|| Change::Successor(self.serving.schedule())),
        }
    }

    /// The program ends: what is tried from now on is tried to its deadline, and no further orders come.
    pub(super) fn stop(&mut self) {
        self.is_stopping = true;
    }

    /// Has a frame sent, again and again while that may help, until the deadline, a successor or the program's end. A call
    /// that is under way is waited for: nobody knows what became of its frame otherwise.
    pub(super) async fn deliver(&self, frame: &Frame, deadline: Instant) -> Delivery {
        let mut delays = RetryPolicy::default().jittered();
        loop {
            let (after, error) = match block_in_place(|| self.serving.export(frame)) {
                Ok(accepted) => return Delivery::Accepted(accepted),
                Err(error @ ExportError::Permanent { .. }) => return Delivery::Refused(error),
                Err(error @ ExportError::Retryable { after, .. }) => (after, error),
            };
            let wake = after.or_else(|| delays.next()).and_then(|delay| Instant::now().checked_add(delay));
            let Some(wake) = wake.filter(|wake| *wake < deadline) else {
                return Delivery::Undelivered(error);
            };
            tracing::debug!(exporter = self.serving.label(), "exporting again: {error}");
            tokio::select! {
                () = tokio::time::sleep_until(wake) => {}
                () = self.orders.given(), if !self.is_stopping => {
                    return Delivery::Undelivered(error);
                }
                () = super::super::stopped(self.shutdown.clone()), if !self.is_stopping => {
                    return Delivery::Undelivered(error);
                }
            }
        }
    }

    /// Flushes and shuts down what serves, and waits for all that ends.
    pub(super) async fn end(mut self) {
        let serving = self.serving.clone();
        self.close(serving);
        while let Some(ended) = self.closing.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "the end of an exporter ended badly");
            }
        }
    }

    fn close(&mut self, exporter: Exporter) {
        // Those that have ended need not be kept.
        while self.closing.try_join_next().is_some() {}
        self.closing.spawn_blocking(move || match exporter.close() {
            Ok(()) => tracing::info!(exporter = exporter.label(), "exporter flushed and shut down"),
            Err(failures) => {
                for failure in failures {
                    tracing::error!("{failure}");
                }
            }
        });
    }
}
