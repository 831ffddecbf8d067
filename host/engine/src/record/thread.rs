//! The cells of a thread, by instrument and attributes.

use std::cell::RefCell;

use hashbrown::HashTable;

use super::cell::Cell;
use crate::sync::{Arc, of_thread};

/// The most cells of a thread; then it starts anew. It bounds what a thread keeps: some 100 bytes a cell.
const CELLS_MAX: usize = 1 << 17;

of_thread! {
    static CELLS: RefCell<HashTable<Arc<Cell>>> = const { RefCell::new(HashTable::new()) };
}

/// Calls `then` with this thread's cell that hashes to `hash` and `is_it`; `None` if there is none, or if the thread is ending.
#[inline(always)]
pub(super) fn with<R>(hash: u64, is_it: impl Fn(&Cell) -> bool, then: impl FnOnce(&Cell) -> R) -> Option<R> {
    let found = CELLS.try_with(|cells| {
        let cells = cells.try_borrow().ok()?;
        cells.find(hash, |cell| cell.hash == hash && is_it(cell)).map(|cell| then(cell))
    });
    found.ok().flatten()
}

/// Keeps a cell for this thread; false if the thread is ending.
pub(super) fn keep(cell: Arc<Cell>) -> bool {
    let kept = CELLS.try_with(|cells| {
        let Ok(mut cells) = cells.try_borrow_mut() else { return false };
        if cells.len() == cells.capacity() {
            // The instruments of some may be gone; better forget those than grow.
            cells.retain(|cell| Arc::strong_count(cell) > 1);
        }
        if cells.len() >= CELLS_MAX {
            cells.clear();
        }
        cells.insert_unique(cell.hash, cell, |cell| cell.hash);
        true
    });
    kept.unwrap_or(false)
}
