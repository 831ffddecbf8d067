//! Small numbers for threads, so that what each thread has of its own can stand in an array.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The numbers that threads had which have ended, the smallest on top, and the next new one.
type Free = (BinaryHeap<Reverse<usize>>, usize);

static FREE: Mutex<Free> = Mutex::new((BinaryHeap::new(), 0));

fn free() -> MutexGuard<'static, Free> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Not asked for yet.
const NONE: usize = usize::MAX;
/// The thread is ending, and its number may be another's already.
const GONE: usize = usize::MAX - 1;

struct Guard(usize);

impl Drop for Guard {
    fn drop(&mut self) {
        NUMBER.set(GONE);
        free().0.push(Reverse(self.0));
    }
}

thread_local! {
    static NUMBER: Cell<usize> = const { Cell::new(NONE) };
    static GUARD: Guard = Guard(NUMBER.get());
}

/// The number of this thread: no two threads have the same at a time, and whatever a thread did happened before what the next
/// one of its number does. `usize::MAX - 1` if the thread is ending.
#[inline]
pub(super) fn of_this_thread() -> usize {
    match NUMBER.get() {
        NONE => take(),
        number => number,
    }
}

/// As [`of_this_thread`], if it was asked for before.
#[inline(always)]
pub(super) fn of_this_thread_if_known() -> Option<usize> {
    let number = NUMBER.get();
    (number != NONE).then_some(number)
}

#[cold]
fn take() -> usize {
    let mut free = free();
    let number = free.0.pop().map_or(free.1, |Reverse(number)| number);
    if number == free.1 {
        free.1 += 1;
    }
    drop(free);
    NUMBER.set(number);
    if GUARD.try_with(|_| ()).is_err() {
        // Too late to give it back; so it is nobody's.
        NUMBER.set(GONE);
    }
    NUMBER.get()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn threads_that_live_at_once_have_different_numbers() {
        let barrier = Barrier::new(8);
        let mut numbers: Vec<_> = std::thread::scope(|scope| {
            let number = || {
                let number = of_this_thread();
                barrier.wait();
                assert_eq!(of_this_thread(), number);
                number
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(number)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 8);
    }
}
