//! What threads share without a lock, from the standard library, or from the model checker where it runs the tests.
//!
//! Under `--cfg loom` these types tell the checker of each access, and it runs a test through every interleaving and every value
//! that a load may see. Otherwise they are the standard library's, and cost nothing beyond.

#[cfg(not(all(loom, test)))]
pub(crate) use std::{
    hint,
    sync::{Arc, atomic},
};

#[cfg(all(loom, test))]
pub(crate) use loom::{
    cell::UnsafeCell,
    hint,
    sync::{Arc, atomic},
};

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
