//! Measurements on their way to an instrument's series.
//!
//! ```text
//! measurement -> cell (one for each thread, instrument and attribute set) ~~ collection or swap ~~> routes -> slots
//! ```
//!
//! A thread leaves its measurements in cells of its own, which the instrument's sources hold the other end of. So threads share
//! nothing when they measure, what the Views say costs nothing per measurement, and neither does the number of readers or
//! streams. Invariants:
//!
//! - A cell is written by one thread at a time and fetched from under its instrument's lock.
//! - A swap fetches everything before it changes the routes, so that each measurement goes wholly by the routes of one
//!   generation. Cells outlive swaps; what they keep changes only if the streams need something else than before.
//! - Whatever a thread left is fetched, also after the thread has ended or forgotten the cell.

mod bound;
mod cell;
mod enabled;
mod fence;
mod given;
#[cfg(all(loom, test))]
mod model;
mod number;
mod packed;
mod recorder;
mod registers;
mod sampled;
mod staged;
mod tally;
mod thread;

use std::sync::atomic::{AtomicU64, Ordering};

use wasmeter_model::NumberKind;

pub use bound::BoundRecorder;
pub(crate) use cell::{Spare, Tap};
pub use enabled::StreamLabels;
pub(crate) use fence::prepare;
pub use given::{GivenAttributes, Order};
pub use packed::Packed;
pub use recorder::Recorder;
pub(crate) use staged::{Last, Shape, Staged, StagedExplicit};

/// An instrument as its cells know it.
#[derive(Debug)]
pub(crate) struct Owner {
    /// Unlike that of any other instrument of the process.
    uid: u64,
    pub(crate) kind: NumberKind,
    orders: AtomicU64,
}

impl Owner {
    pub(crate) fn new(kind: NumberKind) -> Self {
        static UIDS: AtomicU64 = AtomicU64::new(1);
        Self { uid: UIDS.fetch_add(1, Ordering::Relaxed), kind, orders: AtomicU64::new(0) }
    }

    /// Grows from measurement to measurement where their order matters.
    pub(crate) fn next_order(&self) -> u64 {
        self.orders.fetch_add(1, Ordering::Relaxed) + 1
    }
}
