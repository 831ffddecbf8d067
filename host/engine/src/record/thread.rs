//! The cells of a thread, by instrument and attributes.

use std::cell::RefCell;

use hashbrown::HashTable;

use super::cell::Cell;
use super::packed::{KnownPacked, Words};
use super::{GivenAttributes, Owner, Packed};
use crate::sync::{Arc, of_thread};

/// The most cells of a thread; then it starts anew. It bounds what a thread keeps: some 100 bytes a cell.
const CELLS_MAX: usize = 1 << 17;

/// The most cells whose attributes a thread keeps as numbers, of 300 bytes each. A power of two.
const PACKED_MAX: usize = 128;
/// Of so many measurements that have to read the attributes of their cell one has them kept as numbers instead of another's.
const PACKED_AGAIN: u32 = 8;

/// What is kept of a thread.
struct Cells {
    all: Vec<Arc<Cell>>,
    /// Places in `all`, by the hash of the cell.
    table: HashTable<u32>,
    /// Some cells whose attributes are kept as numbers: the lowest bits of the place in `all` are the place here. As many as a power of
    /// two; grows with the cells, so that few have few.
    packed: Vec<Option<KnownCell>>,
    /// For the attributes of a measurement, while it looks for its cell.
    words: Words,
    /// How many measurements had to read the attributes of their cell.
    unpacked: std::cell::Cell<u32>,
}

/// A cell whose attributes are kept as numbers.
struct KnownCell {
    place: u32,
    owner: u64,
    attributes: KnownPacked,
}

of_thread! {
    static CELLS: RefCell<Cells> = const { RefCell::new(Cells::new()) };
}

/// Calls `then` with this thread's cell of an instrument and attributes; `None` if there is none, or if the thread is ending.
#[inline(always)]
pub(super) fn with<G, R>(owner: &Owner, given: &G, then: impl FnOnce(&Cell) -> R) -> Option<R>
where
    G: GivenAttributes + ?Sized,
{
    let found = CELLS.try_with(|cells| {
        let known = cells.try_borrow().ok()?;
        let mut packed = Packed::new(&known.words);
        given.pack(&mut packed);
        let hash = packed.hash(owner);
        let before = known.unpacked.get();
        let is_it = |place: &u32| {
            known.has_packed(*place, owner, &packed, hash) || known.has(*place, owner, given, hash)
        };
        let place = *known.table.find(hash, is_it)?;
        if known.unpacked.get() != before && known.is_worth_packing(place) {
            drop(known);
            cells.try_borrow_mut().ok()?.keep_packed(place, owner, given);
            return cells.try_borrow().ok()?.all.get(place as usize).map(|cell| then(cell));
        }
        known.all.get(place as usize).map(|cell| then(cell))
    });
    found.ok().flatten()
}

/// Keeps a cell for this thread; false if the thread is ending.
pub(super) fn keep(cell: Arc<Cell>) -> bool {
    let kept = CELLS.try_with(|cells| cells.try_borrow_mut().is_ok_and(|mut cells| cells.keep(cell)));
    kept.unwrap_or(false)
}

impl Cells {
    const fn new() -> Self {
        let words = [const { std::cell::Cell::new([0; 2]) }; _];
        let unpacked = std::cell::Cell::new(0);
        Self { all: Vec::new(), table: HashTable::new(), packed: Vec::new(), words, unpacked }
    }

    /// True if the attributes of the cell at `place` are kept as numbers and are these. The hash is of the instrument too, but by itself it
    /// proves nothing.
    #[inline(always)]
    fn has_packed(&self, place: u32, owner: &Owner, packed: &Packed<'_>, hash: u64) -> bool {
        let known = self.packed.get(packed_place(place, self.packed.len())).and_then(Option::as_ref);
        known.is_some_and(|known| {
            known.place == place && known.owner == owner.uid && known.attributes.is(packed, hash)
        })
    }

    /// True if the cell at `place` is that of an instrument and attributes. Reads their text, and takes note of that.
    #[inline(never)]
    fn has<G>(&self, place: u32, owner: &Owner, given: &G, hash: u64) -> bool
    where
        G: GivenAttributes + ?Sized,
    {
        let cell = self.all.get(place as usize);
        let has = cell.is_some_and(|cell| {
            cell.hash == hash && cell.owner == owner.uid && given.are(&cell.attributes, cell.order)
        });
        if has {
            self.unpacked.set(self.unpacked.get().wrapping_add(1));
        }
        has
    }

    /// Whether the attributes of the cell at `place` should be kept as numbers from now on.
    fn is_worth_packing(&self, place: u32) -> bool {
        let slot = self.packed.get(packed_place(place, self.packed.len()));
        slot.is_some_and(|slot| slot.is_none() || self.unpacked.get().is_multiple_of(PACKED_AGAIN))
    }

    /// Keeps the attributes of the cell at `place` as numbers, if they can be.
    #[inline(never)]
    fn keep_packed<G>(&mut self, place: u32, owner: &Owner, given: &G)
    where
        G: GivenAttributes + ?Sized,
    {
        let words = Words::default();
        let mut packed = Packed::new(&words);
        given.pack(&mut packed);
        let slot = packed_place(place, self.packed.len());
        let (slot, attributes) = (self.packed.get_mut(slot), packed.known(packed.hash(owner)));
        if let (Some(slot), Some(attributes)) = (slot, attributes) {
            *slot = Some(KnownCell { place, owner: owner.uid, attributes });
        }
    }

    fn keep(&mut self, cell: Arc<Cell>) -> bool {
        if self.all.len() == self.all.capacity() {
            // The instruments of some may be gone; better forget those than grow.
            let before = self.all.len();
            self.all.retain(|cell| Arc::strong_count(cell) > 1);
            if self.all.len() >= CELLS_MAX {
                self.all.clear();
            }
            if self.all.len() < before {
                let left = std::mem::take(&mut self.all);
                (self.table, self.packed) = (HashTable::new(), Vec::new());
                left.into_iter().for_each(|cell| self.insert(cell));
            }
        }
        self.insert(cell);
        let room = self.all.len().next_power_of_two().min(PACKED_MAX);
        if self.packed.len() < room {
            // Which stay where they are, since there is room for all.
            self.packed.resize_with(room, || None);
        }
        true
    }

    fn insert(&mut self, cell: Arc<Cell>) {
        let Ok(place) = u32::try_from(self.all.len()) else { return };
        let Self { all, table, .. } = self;
        let hash = cell.hash;
        all.push(cell);
        table.insert_unique(hash, place, |place| all.get(*place as usize).map_or(0, |cell| cell.hash));
    }
}

/// Where among so many the numbers of the cell at `place` are.
#[inline(always)]
fn packed_place(place: u32, room: usize) -> usize {
    place as usize & room.wrapping_sub(1)
}
