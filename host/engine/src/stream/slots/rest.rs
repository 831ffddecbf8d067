//! A collection on its way through a stream, which is let go of in between.
//!
//! With its beginning the next interval begins. The places there were then are come to one after the other; what is in one that has
//! not been come to is of the interval before, and all else is of the next one: what is contributed to a place behind, and series that
//! are new, which are never put into a place ahead. So no series is come to twice, and none is in two intervals at once.

use std::ops::Range;

use thin_vec::ThinVec;
use wasmeter_model::{Temporality, Timestamp};

use super::{Slot, SlotId, Slots, overflow_attributes};

/// The part of a stream that a collection under way has still to come to.
#[derive(Debug)]
pub(super) struct Rest {
    places: Range<u32>,
    temporality: Temporality,
    interval: Interval,
    /// How many series the interval has that is being collected, for the limit; of a delta stream only, since those of others go on.
    live: usize,
    /// Places without a series, which is where none is to come to before the end.
    free: ThinVec<u32>,
    /// True if something had been contributed to what was come to.
    is_touched: bool,
}

/// What is to be known of an interval for a series that begins in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) start: Timestamp,
    /// As [`Slots::forgotten_until`].
    pub(crate) forgotten_until: Timestamp,
}

/// What a collection does with a series it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// It has had its interval.
    Collected,
    /// Its interval goes on until the next collection.
    Left,
}

impl Slots {
    /// Begins the next interval; the one before is collected place by place, see [`Slots::pass`].
    pub(crate) fn begin_collection(&mut self, temporality: Temporality, now: Timestamp) {
        // If there is one, it was not brought to its end.
        self.end_collection();
        let interval = Interval { start: self.interval_start, forgotten_until: self.forgotten_until };
        let (free, mut live) = (std::mem::take(&mut self.free), self.live);
        if temporality == Temporality::Delta {
            // Every interval has the whole room under the cardinality limit.
            (self.forgotten_until, live) = (now, std::mem::take(&mut self.live));
        }
        self.interval_start = now;
        let places = 0..u32::try_from(self.table.len()).unwrap_or(u32::MAX);
        self.rest = Some(Box::new(Rest { places, temporality, interval, live, free, is_touched: false }));
    }

    /// Comes to the next places, so many at most. Each series there is given to `collect`, with its interval; then those that have
    /// ended are forgotten and, in a delta stream, all that have been collected. True if there is more to come to.
    ///
    /// A delta stream keeps the places of the series it forgets for one interval, since most series go on: they are found again
    /// without a search and need no new memory.
    pub(crate) fn pass(
        &mut self,
        most: usize,
        mut collect: impl FnMut(&mut Slot, Interval) -> Passed,
    ) -> bool {
        for _ in 0..most {
            let Some(rest) = &mut self.rest else { return false };
            let Some(index) = rest.places.next() else { return false };
            let Some(slot) = self.table.get_mut(index as usize).and_then(Option::as_mut) else { continue };
            let is_delta = rest.temporality == Temporality::Delta;
            if !slot.is_vacant {
                if collect(slot, rest.interval) == Passed::Left {
                    // It takes room in the next interval.
                    self.live += usize::from(is_delta && slot.takes_room());
                    continue;
                }
                rest.is_touched |= slot.touched;
            }
            let is_over = if is_delta {
                slot.is_vacant || slot.ended().is_some() || slot.attributes == *overflow_attributes()
            } else {
                slot.fresh &= slot.state.is_empty();
                slot.touched = false;
                slot.ended().is_some()
            };
            if is_over {
                // The next interval of deltas has its own room.
                let room = usize::from(!is_delta && slot.takes_room());
                self.live = self.live.saturating_sub(room);
                self.give_up(index);
            } else if is_delta {
                slot.vacate();
                self.vacant += 1;
            }
        }
        self.rest.as_ref().is_some_and(|rest| !rest.places.is_empty())
    }

    /// Ends a collection that has come to all places.
    pub(crate) fn end_collection(&mut self) {
        let Some(rest) = self.rest.take() else { return };
        let Rest { temporality, interval, mut free, is_touched, .. } = *rest;
        free.append(&mut self.free);
        self.free = free;
        if temporality == Temporality::Delta && !is_touched {
            // Nothing was exported that would overlap with what reaches back further.
            self.forgotten_until = interval.forgotten_until;
        }
    }

    /// The interval of whatever a route leads to.
    #[inline]
    pub(crate) fn interval_at(&self, id: SlotId) -> Interval {
        self.interval_of(id.index)
    }

    /// The interval of whatever is in a place now.
    #[inline]
    pub(super) fn interval_of(&self, place: u32) -> Interval {
        match &self.rest {
            Some(rest) if rest.places.contains(&place) => rest.interval,
            _ => Interval { start: self.interval_start, forgotten_until: self.forgotten_until },
        }
    }

    /// How many series there are for the limit, of the interval that a place is in.
    pub(super) fn live_beside(&mut self, place: u32) -> &mut usize {
        match &mut self.rest {
            Some(rest) if rest.temporality == Temporality::Delta && rest.places.contains(&place) => {
                &mut rest.live
            }
            _ => &mut self.live,
        }
    }
}
