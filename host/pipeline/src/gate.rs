//! How collections and swaps get out of each other's way.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::lock;

/// Lets a swap wait for the collections under way. What a collection has had observed would be of a generation that has gone, if
/// the swap came in between: it would have to observe again, and whoever waits for it would wait twice as long.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    /// How many collections are under way.
    collections: Mutex<usize>,
    ended: Condvar,
}

/// A collection that is under way, until this is dropped.
pub(crate) struct Passage<'a>(&'a Gate);

impl Gate {
    /// Begins a collection, after the swap that is being carried out, if any.
    pub(crate) fn enter(&self) -> Passage<'_> {
        *lock(&self.collections) += 1;
        Passage(self)
    }

    /// Waits until no collection is under way, but not for longer than `patience`: `None` if there is one even then. For as long as
    /// the result lives none begins.
    pub(crate) fn close(&self, patience: Duration) -> Option<MutexGuard<'_, usize>> {
        let waited =
            self.ended.wait_timeout_while(lock(&self.collections), patience, |collections| *collections > 0);
        let (collections, _) = waited.unwrap_or_else(PoisonError::into_inner);
        (*collections == 0).then_some(collections)
    }
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        let mut collections = lock(&self.0.collections);
        *collections = collections.saturating_sub(1);
        if *collections == 0 {
            self.0.ended.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    const AGES: Duration = Duration::from_secs(60);

    #[test]
    fn a_swap_waits_for_the_collections_under_way() {
        // Whoever does not wait comes first in some of these.
        for _ in 0..200 {
            let (gate, are_over, begin) = (Gate::default(), AtomicBool::new(false), Barrier::new(2));
            let (first, second) = (gate.enter(), gate.enter());
            std::thread::scope(|scope| {
                let collections = || {
                    begin.wait();
                    drop(first);
                    are_over.store(true, Ordering::SeqCst);
                    drop(second);
                };
                scope.spawn(collections);
                begin.wait();
                let closed = gate.close(AGES);
                assert!(closed.is_some() && are_over.load(Ordering::SeqCst));
            });
        }
    }

    #[test]
    fn a_swap_does_not_wait_for_ever() {
        let gate = Gate::default();
        let collection = gate.enter();
        assert!(gate.close(Duration::from_millis(1)).is_none());
        drop(collection);
        assert!(gate.close(Duration::ZERO).is_some(), "nobody is there to be waited for");
    }

    #[test]
    fn no_collection_begins_during_a_swap() {
        let (gate, is_over) = (Gate::default(), AtomicBool::new(false));
        let closed = gate.close(AGES).unwrap();
        std::thread::scope(|scope| {
            let collection = scope.spawn(|| {
                let _passage = gate.enter();
                is_over.load(Ordering::SeqCst)
            });
            is_over.store(true, Ordering::SeqCst);
            drop(closed);
            assert!(collection.join().unwrap());
        });
    }
}
