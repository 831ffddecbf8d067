//! What the keeper's thread is to do next. Each sort of order waits at most once, however often it is given: what is to be looked at
//! already need not be looked at twice, and of changes of the service the last one counts. So no flood of changes in the directory
//! or of signals makes memory grow while a plugin compiles.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What becomes of the service before the next swap.
pub(super) type Change<S> = Box<dyn FnOnce(&mut S) + Send>;

pub(super) enum Order<S> {
    /// The directory is to be looked at.
    Rescan,
    /// The service is to be changed and the directory looked at, with one swap for both.
    Renew(Change<S>),
    Stop,
}

/// The orders that wait, each with what it needs.
pub(super) struct Orders<S> {
    waiting: Mutex<Waiting<S>>,
    given: Condvar,
}

struct Waiting<S> {
    rescan: bool,
    renewal: Option<Change<S>>,
    /// Stays so.
    stopped: bool,
}

impl<S> Default for Orders<S> {
    fn default() -> Self {
        let waiting = Waiting { rescan: false, renewal: None, stopped: false };
        Self { waiting: Mutex::new(waiting), given: Condvar::new() }
    }
}

impl<S> Orders<S> {
    pub(super) fn give(&self, order: Order<S>) {
        let mut waiting = self.lock();
        match order {
            Order::Rescan => waiting.rescan = true,
            Order::Renew(change) => waiting.renewal = Some(change),
            Order::Stop => waiting.stopped = true,
        }
        drop(waiting);
        self.given.notify_one();
    }

    /// The next one; `None` if there is none for so long. Without a limit it is waited for.
    pub(super) fn next(&self, patience: Option<Duration>) -> Option<Order<S>> {
        let waiting = self.lock();
        let mut waiting = match patience {
            Some(patience) => {
                let woken = self.given.wait_timeout_while(waiting, patience, |waiting| waiting.is_idle());
                woken.unwrap_or_else(PoisonError::into_inner).0
            }
            None => {
                let woken = self.given.wait_while(waiting, |waiting| waiting.is_idle());
                woken.unwrap_or_else(PoisonError::into_inner)
            }
        };
        waiting.take()
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<S>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Waiting<S> {
    fn is_idle(&self) -> bool {
        !self.rescan && !self.stopped && self.renewal.is_none()
    }

    /// What was ordered before a stop is not begun any more.
    fn take(&mut self) -> Option<Order<S>> {
        if self.stopped {
            return Some(Order::Stop);
        }
        let rescans = std::mem::take(&mut self.rescan);
        match self.renewal.take() {
            // It looks at the directory as well.
            Some(change) => Some(Order::Renew(change)),
            None => rescans.then_some(Order::Rescan),
        }
    }
}
