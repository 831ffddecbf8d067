//! Instruments bound to attributes (metrics API, "Bind").

use std::sync::OnceLock;

use wasmeter_model::{Attributes, Number, Timestamp};

use super::cell::Cell;
use super::recorder::Way;
use super::registers::Registers;
use super::{Order, Recorder, number};
use crate::sync::Arc;

/// How many threads have a cell of their own in one bound instrument; further ones record as if it were not bound.
const THREADS_MAX: usize = 32;

/// One instrument and one attribute set.
///
/// Equal to recording with the set each time, but nothing is looked up: a sum costs an addition. Views that are put into service
/// later apply to it as to everything else.
#[derive(Debug)]
pub struct BoundRecorder {
    pub(super) recorder: Recorder,
    pub(super) attributes: Attributes,
    /// By the number of the thread.
    cells: Box<[OnceLock<Arc<Cell>>]>,
}

impl BoundRecorder {
    pub(super) fn new(recorder: Recorder, attributes: Attributes) -> Self {
        Self { recorder, attributes, cells: (0..THREADS_MAX).map(|_| OnceLock::new()).collect() }
    }

    /// Records a value if there is nothing to it but adding it to what the thread has left before, as nearly always. If not, nothing is
    /// done, and it is to be [recorded](BoundRecorder::record).
    // Calls nothing that returns here: so it keeps everything in registers, and whoever calls it need not save any.
    #[inline(always)]
    #[must_use]
    pub fn record_usual(&self, value: Number) -> bool {
        let cell = number::of_this_thread_if_known().and_then(|number| self.cells.get(number)?.get());
        // SAFETY: as in `record`.
        self.recorder.is_usual(value) && cell.is_some_and(|cell| unsafe { cell.record_untimed(value) })
    }

    /// As [`Recorder::record_given`].
    pub fn record(&self, value: Number, now: impl Fn() -> Timestamp) {
        match self.recorder.way(value) {
            Ok(Way::Staged) => {}
            Ok(Way::Direct) => {
                return self.recorder.record_directly(Registers::of(value), &self.attributes, now());
            }
            Err(reason) => return self.recorder.inner.refuse(&self.recorder.entry, reason),
        }
        let owner = &self.recorder.entry.owner;
        match self.cells.get(number::of_this_thread()).map(OnceLock::get) {
            Some(Some(cell)) => {
                // SAFETY: the cell is that of this thread's number, which no other thread has at the same time; and what the one
                // before did happened before.
                if !unsafe { cell.record(value, owner, &now) } {
                    self.recorder.record_directly(Registers::of(value), &self.attributes, now());
                }
            }
            Some(None) => self.record_first(Registers::of(value), now()),
            None => self.record_unbound(Registers::of(value), now()),
        }
    }

    /// The set.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// The instrument as it was first given.
    pub fn instrument(&self) -> &wasmeter_model::Instrument {
        self.recorder.instrument()
    }

    /// For threads beyond [`THREADS_MAX`].
    #[cold]
    fn record_unbound(&self, value: Registers, now: Timestamp) {
        self.recorder.record_given(value.number(), &self.attributes, || now);
    }

    /// The first measurement of this thread.
    #[cold]
    fn record_first(&self, registers: Registers, now: Timestamp) {
        let value = registers.number();
        let owner = &self.recorder.entry.owner;
        let cell = self.recorder.source(&self.attributes, now, |routing, source| {
            source.measured(now);
            let (cell, tap) = Cell::pair(owner, 0, &source.attributes, Order::SORTED, &routing.shape);
            self.recorder.tap(routing, source, tap, now);
            cell
        });
        // SAFETY: nobody else has the cell yet.
        if !unsafe { cell.record(value, owner, || now) } {
            self.recorder.record_directly(Registers::of(value), &self.attributes, now);
        }
        if let Some(place) = self.cells.get(number::of_this_thread()) {
            // Nobody else has this thread's number.
            drop(place.set(cell));
        }
    }
}
