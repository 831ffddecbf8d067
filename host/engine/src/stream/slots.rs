//! The series of a stream, and the cardinality limit (metrics SDK, "Cardinality limits").

mod rest;

use std::ops::Range;
use std::sync::LazyLock;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hashbrown::HashTable;
use thin_vec::ThinVec;
use wasmeter_model::limits::OVERFLOW_KEY;
use wasmeter_model::{Attributes, Combine, Timestamp};

use super::exemplars::Exemplars;
use super::{Description, Entities, Slot, SlotState, StreamKey};
use crate::exemplar::Choice;
use crate::turns::InTurn;
pub(crate) use rest::Passed;
use rest::Rest;

/// A stream of one reader.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) key: StreamKey,
    /// The bounds of explicit histograms of measurements: known before any are kept for it.
    pub(crate) bounds: OnceLock<Arc<[f64]>>,
    /// Locked after an instrument's state where both are needed, never before it.
    pub(crate) slots: InTurn<Slots>,
}

/// A place in [`Slots`] and the series that is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SlotId {
    index: u32,
    epoch: u32,
}

/// The series of a stream and what may change while it lives.
#[derive(Debug)]
pub(crate) struct Slots {
    pub(crate) description: Description,
    /// The further facts that one of its instruments was received with last (OTLP `metadata`).
    pub(crate) metadata: Attributes,
    pub(crate) entities: Entities,
    pub(crate) combine: Combine,
    /// The most series beside the overflow.
    pub(crate) limit: usize,
    /// Which reservoir a series gets when the first measurement is offered to it.
    pub(crate) reservoirs: Choice,
    /// How many instruments feed the stream.
    pub(crate) feeders: u32,
    /// When the stream began or was last collected, which for series that a collection under way has not come to is the one before
    /// it: see [`Slots::interval_of`].
    pub(crate) interval_start: Timestamp,
    /// For a delta stream: until when series that it has forgotten may have been exported. A series with the attributes of
    /// such a one does not reach back further, since intervals must not overlap.
    pub(crate) forgotten_until: Timestamp,
    table: Vec<Option<Slot>>,
    free: ThinVec<u32>,
    /// The places of the series, by their attributes.
    index: HashTable<u32>,
    live: usize,
    /// How many places are kept for series that are forgotten: see [`Slots::pass`].
    vacant: u32,
    epochs: u32,
    /// What a collection under way has still to come to.
    rest: Option<Box<Rest>>,
}

/// The attributes of the series that takes what exceeds a limit.
pub(crate) fn overflow_attributes() -> &'static Attributes {
    static OVERFLOW: LazyLock<Attributes> = LazyLock::new(|| [(OVERFLOW_KEY, true)].into_iter().collect());
    &OVERFLOW
}

fn slot_at(table: &[Option<Slot>], place: u32) -> Option<&Slot> {
    table.get(place as usize)?.as_ref()
}

impl Stream {
    pub(crate) fn new(
        key: StreamKey,
        description: Description,
        combine: Combine,
        limit: usize,
        now: Timestamp,
    ) -> Self {
        let slots = Slots {
            description,
            metadata: Attributes::default(),
            entities: Entities::default(),
            combine,
            limit,
            reservoirs: Choice::default(),
            feeders: 0,
            interval_start: now,
            forgotten_until: Timestamp::UNKNOWN,
            table: Vec::new(),
            free: ThinVec::new(),
            index: HashTable::new(),
            live: 0,
            vacant: 0,
            epochs: 0,
            rest: None,
        };
        Self { key, bounds: OnceLock::new(), slots: InTurn::new(slots) }
    }
}

impl SlotId {
    /// No series yet.
    pub(crate) const NOWHERE: Self = Self { index: u32::MAX, epoch: 0 };
}

impl Slots {
    /// The series for a mapped attribute set, with one more route to it; the overflow series if the limit is reached. The
    /// second result says whether it is the overflow.
    pub(crate) fn acquire(&mut self, attributes: &Attributes, start: Timestamp) -> (SlotId, bool) {
        self.acquire_since(attributes, start, start)
    }

    /// As [`Slots::acquire`]. A series that is new starts at `start`, and one in the place that was kept for it with the interval
    /// of that place, but not before `since`.
    fn acquire_since(
        &mut self,
        attributes: &Attributes,
        start: Timestamp,
        since: Timestamp,
    ) -> (SlotId, bool) {
        if let Some(id) = self.known(attributes) {
            return (id, false);
        }
        match self.place(attributes).filter(|_| self.vacant > 0) {
            Some(place) => {
                if let Some(id) = self.reoccupy(place, since) {
                    return (id, false);
                }
            }
            None if self.has_room() => return (self.insert(attributes.clone(), start), false),
            None => {}
        }
        let overflow = overflow_attributes();
        let id = self.known(overflow).unwrap_or_else(|| self.insert(overflow.clone(), start));
        (id, true)
    }

    /// As [`Slots::acquire`], for a series that starts with the interval if it is new, but not before `since`.
    pub(crate) fn acquire_for_interval(
        &mut self,
        attributes: &Attributes,
        since: Timestamp,
    ) -> (SlotId, bool) {
        self.acquire_since(attributes, self.interval_start.max(since), since)
    }

    /// The series for a mapped attribute set with one more route to it, if there is one.
    pub(crate) fn known(&mut self, attributes: &Attributes) -> Option<SlotId> {
        let (index, slot) = self.revive(attributes)?;
        slot.routes += 1;
        Some(SlotId { index, epoch: slot.epoch })
    }

    /// The series for a mapped attribute set and its place, if there is one. It goes on if it was about to end.
    pub(crate) fn revive(&mut self, attributes: &Attributes) -> Option<(u32, &mut Slot)> {
        let index = self.place(attributes)?;
        let slot = self.table.get_mut(index as usize)?.as_mut().filter(|slot| !slot.is_vacant)?;
        if slot.go_on() {
            *self.live_beside(index) += 1;
        }
        Some((index, self.table.get_mut(index as usize)?.as_mut()?))
    }

    fn place(&self, attributes: &Attributes) -> Option<u32> {
        let Self { table, index, .. } = self;
        index
            .find(attributes.hash_value(), |place| {
                slot_at(table, *place).is_some_and(|slot| slot.attributes == *attributes)
            })
            .copied()
    }

    /// Has a series in the place that was kept for it, if there is one and the limit allows for it. The routes that led there still
    /// do. It starts with the interval of the place, but not before `since`.
    pub(crate) fn resume(&mut self, id: SlotId, since: Timestamp) {
        if self.vacant > 0 && self.place_of(id).is_some_and(|slot| slot.is_vacant) {
            self.occupy(id.index, since);
        }
    }

    /// As [`Slots::resume`], with one more route.
    fn reoccupy(&mut self, index: u32, since: Timestamp) -> Option<SlotId> {
        let slot = self.occupy(index, since)?;
        slot.routes += 1;
        Some(SlotId { index, epoch: slot.epoch })
    }

    /// Begins a series in a place that is vacant, if the limit allows for it.
    fn occupy(&mut self, index: u32, since: Timestamp) -> Option<&mut Slot> {
        let (start, limit) = (self.interval_of(index).start.max(since), self.limit);
        let live = self.live_beside(index);
        if *live >= limit {
            return None;
        }
        *live += 1;
        self.vacant -= 1;
        let slot = self.table.get_mut(index as usize)?.as_mut()?;
        slot.occupy(start);
        Some(slot)
    }

    fn insert(&mut self, attributes: Attributes, start: Timestamp) -> SlotId {
        // A collection under way is about to give up the places it does not keep.
        if self.vacant > 0 && self.rest.is_none() && self.live + self.vacant as usize >= self.limit {
            self.give_up_vacant();
        }
        // 0 is nowhere's.
        self.epochs = self.epochs.checked_add(1).unwrap_or(1);
        if attributes != *overflow_attributes() {
            self.live += 1;
        }
        let slot = Slot::new(attributes, self.epochs, start);
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                self.table.push(None);
                u32::try_from(self.table.len() - 1).unwrap_or(u32::MAX)
            }
        };
        if let Some(place) = self.table.get_mut(index as usize) {
            *place = Some(slot);
        }
        let Self { table, index: places, .. } = self;
        let hash_of = |place: &u32| slot_at(table, *place).map_or(0, |slot| slot.attributes.hash_value());
        places.insert_unique(hash_of(&index), index, hash_of);
        SlotId { index, epoch: self.epochs }
    }

    /// The series of a route, unless it was evicted meanwhile.
    pub(crate) fn get(&mut self, id: SlotId) -> Option<&mut Slot> {
        self.place_of(id).filter(|slot| !slot.is_vacant)
    }

    /// The place of a route, which may be vacant.
    fn place_of(&mut self, id: SlotId) -> Option<&mut Slot> {
        self.table.get_mut(id.index as usize)?.as_mut().filter(|slot| slot.epoch == id.epoch)
    }

    /// Takes a route away; true if it was the last one to its series.
    pub(crate) fn release(&mut self, id: SlotId) -> bool {
        self.place_of(id).is_some_and(|slot| {
            slot.routes = slot.routes.saturating_sub(1);
            slot.routes == 0
        })
    }

    /// Ends the series if no route leads to it. It takes room until its reader has been told, or whoever begins and ends series could
    /// have any number of them. Current values have a last word only if they were combined in `collection`: older ones have been
    /// exported already, or have expired.
    pub(crate) fn end_if_unrouted(&mut self, id: SlotId, at: Timestamp, collection: Option<u64>) -> bool {
        let Some(slot) = self.get(id).filter(|slot| slot.routes == 0 && slot.ended().is_none()) else {
            return false;
        };
        slot.end(at);
        if matches!(&slot.state, SlotState::Current(current) if Some(current.collection) != collection) {
            slot.state = SlotState::Empty;
        }
        true
    }

    /// As [`Slots::end_if_unrouted`], where a swap sends elsewhere what led there: the new series need the room at once.
    pub(crate) fn end_at_swap(&mut self, id: SlotId, swap: Timestamp, collection: Option<u64>) {
        if self.end_if_unrouted(id, swap, collection)
            && let Some(slot) = self.get(id).filter(|slot| slot.takes_room())
        {
            slot.made_room = true;
            let live = self.live_beside(id.index);
            *live = live.saturating_sub(1);
        }
    }

    /// Forgets the series in some places that ended longer ago than `expiry`, as if their reader had been told. Not for a stream of
    /// deltas, which it is owed, and not in a collection of this stream.
    pub(crate) fn forget_ended(&mut self, places: Range<usize>, now: Timestamp, expiry: Duration) {
        for index in places.start..places.end.min(self.table.len()) {
            let Some(Some(slot)) = self.table.get(index) else { continue };
            if slot.ended().is_some_and(|ended| now.since(ended) > expiry) {
                self.live = self.live.saturating_sub(usize::from(slot.takes_room()));
                self.give_up(u32::try_from(index).unwrap_or(u32::MAX));
            }
        }
    }

    /// Has measurements offered to other reservoirs from now on. What those before have kept goes with them: it may be just
    /// what must not be exported any more.
    pub(crate) fn choose_reservoirs(&mut self, choice: &Choice) {
        if self.reservoirs != *choice {
            self.reservoirs = choice.clone();
            self.iter_mut().for_each(|slot| slot.exemplars = Exemplars::default());
        }
    }

    /// True if no instrument feeds the stream and nothing is left to export.
    pub(crate) fn is_dead(&self) -> bool {
        self.feeders == 0 && self.len() == 0
    }

    /// How many series there are, the overflow included.
    pub(crate) fn len(&self) -> usize {
        self.index.len() - self.vacant as usize
    }

    /// True if a new set would find room of its own. While a collection is under way it would come to the next interval.
    pub(crate) fn has_room(&self) -> bool {
        self.live < self.limit
    }

    /// The series in some places, in their order.
    pub(crate) fn iter_in(&self, places: Range<usize>) -> impl Iterator<Item = &Slot> {
        let places = places.start..places.end.min(self.table.len());
        self.table.get(places).unwrap_or_default().iter().flatten().filter(|slot| !slot.is_vacant)
    }

    /// How many places there are, whether there is a series in them or not.
    pub(crate) fn places(&self) -> usize {
        self.table.len()
    }

    /// Every series, in the order of their places.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.table.iter_mut().flatten().filter(|slot| !slot.is_vacant)
    }

    /// Gives up the places that are kept for series that were forgotten.
    fn give_up_vacant(&mut self) {
        for index in 0..u32::try_from(self.table.len()).unwrap_or(u32::MAX) {
            if slot_at(&self.table, index).is_some_and(|slot| slot.is_vacant) {
                self.give_up(index);
            }
        }
    }

    /// Gives up a place, for another series to come there.
    fn give_up(&mut self, index: u32) {
        let Some(slot) = self.table.get_mut(index as usize).and_then(Option::take) else { return };
        if let Ok(known) = self.index.find_entry(slot.attributes.hash_value(), |place| *place == index) {
            known.remove();
        }
        self.vacant -= u32::from(slot.is_vacant);
        self.free.push(index);
    }
}
#[cfg(test)]
pub(super) mod tests;
