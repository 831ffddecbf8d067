//! Where a source's contributions go in one stream of one reader.

use std::sync::Arc;

use wasmeter_model::{Attributes, Temporality, Timestamp};

use crate::stream::{Slot, SlotId, Slots, Stream};

/// The way from a source to its series.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) stream: Arc<Stream>,
    /// The set as the Views map it.
    pub(crate) attributes: Attributes,
    pub(crate) slot: SlotId,
    overflows: bool,
    /// True if the series holds everything this source has contributed since it began.
    pub(crate) whole: bool,
}

impl Route {
    /// A route to the series of `attributes`, which is made if need be.
    pub(crate) fn new(
        stream: Arc<Stream>,
        slots: &mut Slots,
        attributes: Attributes,
        start: Timestamp,
    ) -> Self {
        let (slot, overflows) = slots.acquire(&attributes, start);
        Self { stream, attributes, slot, overflows, whole: true }
    }

    /// The series. A delta stream forgets idle series and its overflow with every collection: then a place is sought
    /// again.
    pub(crate) fn slot<'a>(&mut self, slots: &'a mut Slots, start: Timestamp) -> Option<&'a mut Slot> {
        let is_delta = self.stream.key.temporality == Temporality::Delta;
        let is_stale = slots.get(self.slot).is_none();
        if is_stale || (is_delta && self.overflows && slots.has_room()) {
            if !is_stale {
                slots.release(self.slot);
            }
            (self.slot, self.overflows) = slots.acquire(&self.attributes, start);
        }
        slots.get(self.slot)
    }
}
