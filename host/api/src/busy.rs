//! Knows what this thread is in the middle of, as far as others wait for it: to collect or flush from inside a callback or an
//! exporter, or to swap while Views are being put into service, would be to wait for oneself.

use std::cell::Cell;

thread_local! {
    /// In how many callbacks, exporters and swaps.
    static BUSY: Cell<u32> = const { Cell::new(0) };
    /// In how many swaps.
    static SWAPPING: Cell<u32> = const { Cell::new(0) };
}

/// Marks the thread as inside a callback or an exporter for as long as it lives.
pub(crate) struct Busy(());

impl Busy {
    pub(crate) fn begin() -> Self {
        BUSY.set(BUSY.get() + 1);
        Self(())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        BUSY.set(BUSY.get() - 1);
    }
}

/// Marks the thread as the one that puts Views into service for as long as it lives.
pub(crate) struct Swapping {
    _busy: Busy,
}

impl Swapping {
    pub(crate) fn begin() -> Self {
        SWAPPING.set(SWAPPING.get() + 1);
        Self { _busy: Busy::begin() }
    }
}

impl Drop for Swapping {
    fn drop(&mut self) {
        SWAPPING.set(SWAPPING.get() - 1);
    }
}

/// True inside a callback, an exporter or a swap.
pub(crate) fn is_busy() -> bool {
    BUSY.get() > 0
}

/// True inside a swap.
pub(crate) fn is_swapping() -> bool {
    SWAPPING.get() > 0
}
