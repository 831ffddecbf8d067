//! What threads share, from the standard library, or from the model checker where it runs the tests.
//!
//! Under `--cfg loom` these types tell the checker of each access, and it runs a test through every interleaving and every value
//! that a load may see. Otherwise they are the standard library's, and cost nothing beyond.
//!
//! All locks are from here, and what the cells of measurements are made of. Counters, flags that are read without need for
//! order, and an `Arc` of what never changes are the standard library's in either case.

#[cfg(not(all(loom, test)))]
pub(crate) use std::{
    hint,
    sync::{Arc, Mutex, MutexGuard, RwLock, atomic},
    thread_local as of_thread,
};

#[cfg(all(loom, test))]
pub(crate) use loom::{
    cell::UnsafeCell,
    hint,
    sync::{Arc, Mutex, MutexGuard, RwLock, atomic},
};

/// The checker's own, in the form of the standard library's that needs no test whether it has been made.
#[cfg(all(loom, test))]
macro_rules! of_thread {
    (static $name:ident: $value:ty = const $make:block;) => {
        loom::thread_local! { static $name: $value = $make; }
    };
}
#[cfg(all(loom, test))]
pub(crate) use of_thread;

/// A place that threads access in turn, without a lock.
#[cfg(not(all(loom, test)))]
#[derive(Debug)]
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(all(loom, test)))]
impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    /// Calls `then` with the place. What it does there is on its own responsibility.
    #[inline(always)]
    pub(crate) fn with_mut<R>(&self, then: impl FnOnce(*mut T) -> R) -> R {
        then(self.0.get())
    }
}
