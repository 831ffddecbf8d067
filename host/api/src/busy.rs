//! Knows whether this thread is inside a callback or an exporter, for which whoever collects or flushes waits: to collect,
//! flush or swap from there would wait for itself.

use std::cell::Cell;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Marks the thread for as long as it lives.
pub(crate) struct Busy(());

impl Busy {
    pub(crate) fn begin() -> Self {
        DEPTH.set(DEPTH.get() + 1);
        Self(())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// True inside a callback or an exporter.
pub(crate) fn is_busy() -> bool {
    DEPTH.get() > 0
}
