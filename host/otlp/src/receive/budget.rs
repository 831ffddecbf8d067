//! One bound for the bytes of all bodies together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::failure::Failure;
use super::limits::ReceiveLimits;

/// The bytes that may be held at a time.
#[derive(Debug)]
pub(super) struct Budget {
    bytes_max: usize,
    held: AtomicUsize,
}

impl Budget {
    pub(super) fn new(bytes_max: usize) -> Arc<Self> {
        Arc::new(Self { bytes_max, held: AtomicUsize::new(0) })
    }

    #[cfg(test)]
    fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }
}

/// What one request holds of the budget; given back on drop.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Arc<Budget>,
    held: AtomicUsize,
}

impl Reservation {
    pub(super) fn new(budget: &Arc<Budget>) -> Arc<Self> {
        Arc::new(Self { budget: Arc::clone(budget), held: AtomicUsize::new(0) })
    }

    /// Holds `bytes` more, or nothing and `false` if the budget has not as many left.
    #[must_use]
    pub(super) fn take(&self, bytes: usize) -> bool {
        let more = |held: usize| held.checked_add(bytes).filter(|held| *held <= self.budget.bytes_max);
        // Only the sum matters, it orders nothing else.
        let taken = self.budget.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        if taken {
            self.held.fetch_add(bytes, Ordering::Relaxed);
        }
        taken
    }
}

impl Reservation {
    /// Why it has not taken `bytes` more: there is no room now, or there never will be.
    pub(super) fn refusal(&self, bytes: usize, limits: &ReceiveLimits) -> Failure {
        match self.held.load(Ordering::Relaxed).saturating_add(bytes) > self.budget.bytes_max {
            true => Failure::too_large(self.budget.bytes_max),
            false => Failure::overloaded(limits.retry_after),
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(*self.held.get_mut(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::super::failure::FailureKind;
    use super::*;

    #[test]
    fn a_reservation_holds_what_it_took_until_it_is_dropped() {
        let budget = Budget::new(10);
        let (one, other) = (Reservation::new(&budget), Reservation::new(&budget));
        assert!(one.take(6));
        assert!(!other.take(5));
        assert!(other.take(4));
        assert!(!one.take(usize::MAX), "must not wrap around");
        let limits = ReceiveLimits::default();
        let kind = |more| other.refusal(more, &limits).kind;
        assert_eq!((kind(6), kind(7)), (FailureKind::Overloaded, FailureKind::TooLarge));
        assert_eq!(budget.held(), 10);
        drop(one);
        assert_eq!(budget.held(), 4);
    }
}
