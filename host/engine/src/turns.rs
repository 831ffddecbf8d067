//! A lock that whoever works for long lets others have in between.

#[cfg(not(all(loom, test)))]
use std::sync::LazyLock;

use crate::lock;
use crate::sync::{Mutex, MutexGuard};

/// A mutex with a queue of one.
///
/// Whoever unlocks a plain mutex and locks it again at once mostly has it before those who wait have woken up. Here the first of them
/// holds `next` until it has the mutex, and [`InTurn::lock_in_turn`] comes behind: so between two of its turns at least one of those
/// has one who waited, however short the pause is.
#[derive(Debug, Default)]
pub(crate) struct InTurn<T> {
    value: Mutex<T>,
    #[cfg_attr(all(loom, test), expect(dead_code, reason = "see `InTurn::lock`"))]
    next: Mutex<()>,
}

impl<T> InTurn<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Mutex::new(value), next: Mutex::new(()) }
    }

    /// Locks it, at once if it is free.
    #[cfg(not(all(loom, test)))]
    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        use std::sync::TryLockError;
        match self.value.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => self.lock_in_turn(),
        }
    }

    /// Who comes first makes no difference to what is right, and much to how many histories there are.
    #[cfg(all(loom, test))]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        lock(&self.value)
    }

    /// Locks it behind the first of those who wait for it.
    pub(crate) fn lock_in_turn(&self) -> MutexGuard<'_, T> {
        #[cfg(not(all(loom, test)))]
        let _next = lock(&self.next);
        #[cfg(not(all(loom, test)))]
        if let Some(guard) = self.lock_soon() {
            return guard;
        }
        lock(&self.value)
    }

    /// Locks it if it becomes free in about the time that it takes to put a thread to sleep and wake it up again: as long as one request
    /// mostly has it. Called with `next` locked, so that no more than one thread looks.
    #[cfg(not(all(loom, test)))]
    fn lock_soon(&self) -> Option<MutexGuard<'_, T>> {
        (0..*LOOKS).find_map(|_| {
            std::hint::spin_loop();
            self.value.try_lock().ok()
        })
    }
}

/// How often [`InTurn::lock_soon`] looks. Not at all on a single processor, since whoever has the lock does nothing meanwhile.
#[cfg(not(all(loom, test)))]
static LOOKS: LazyLock<u32> = LazyLock::new(|| {
    let is_parallel = std::thread::available_parallelism().is_ok_and(|processors| processors.get() > 1);
    if is_parallel { 2000 } else { 0 }
});

#[cfg(test)]
impl<T> InTurn<T> {
    pub(crate) fn into_inner(self) -> T {
        self.value.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    #[cfg(not(loom))]
    pub(crate) fn is_locked(&self) -> bool {
        self.value.try_lock().is_err()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn whoever_waits_has_a_turn_before_the_next_one_of_who_let_go() {
        let shared = InTurn::new(Vec::new());
        let has_ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let mut guard = shared.lock_in_turn();
            let waiting = scope.spawn(|| {
                shared.lock().push("waiting");
                has_ended.store(true, Ordering::Relaxed);
            });
            let mut tries = 0..10_000_000;
            while shared.next.try_lock().is_ok() && tries.next().is_some() {
                std::thread::yield_now();
            }
            assert!(!has_ended.load(Ordering::Relaxed));
            guard.push("first");
            drop(guard);
            guard = shared.lock_in_turn();
            guard.push("second");
            drop(guard);
            waiting.join().unwrap();
        });
        assert_eq!(shared.into_inner(), ["first", "waiting", "second"]);
    }
}
