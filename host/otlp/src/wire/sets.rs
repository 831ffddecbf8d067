//! The sets of attributes that are known, by the bytes they came in.

use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU32, Ordering};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use wasmeter_model::Attributes;
use wasmeter_model::batch::SetRun;

/// A bounded table of sets. A set is its encoding ([`Attributes::fields`]), so that what is remembered of a series takes no more than a
/// few words beside the set that its source has in any case. A hash only finds the place: the bytes are compared in full.
///
/// Who repeats encodings mostly does so in the same order. So each entry knows which one was asked for behind it, and that is looked
/// at first: then nothing is hashed, and memory is read in the order it was written in. Who has no order still sends together what came
/// together before. So each run has a small table of its own, which is looked at before the large one, of which every lookup is elsewhere.
#[derive(Debug)]
pub(super) struct KnownSets {
    runs: Vec<Run>,
    entries: Vec<Entry>,
    places: HashTable<u32>,
    hasher: RandomState,
    /// What all entries take together, in bytes.
    size: usize,
    size_max: usize,
}

#[derive(Debug)]
struct Entry {
    /// Also here, since to find it in its run takes as long as to compare it.
    attributes: Attributes,
    run: u32,
    /// The set's place in the run.
    at: u32,
    hash: u32,
    /// The place of the one that is probably asked for next, and [`USED`].
    next: AtomicU32,
}

/// What came together.
#[derive(Debug)]
struct Run {
    sets: SetRun,
    /// Where its entries begin, which are one behind the other.
    first: u32,
    /// Its entries by their hashes: a power of two of places, or none if there are so few entries that they are looked at in turn. An
    /// entry is in the first place from that of its hash on that was free.
    places: Box<[u16]>,
}

/// Part of an entry's `next`: it was asked for since the last sweep. There are never so many sets that it were part of a place.
const USED: u32 = 1 << 31;

/// Where an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place(u32);

/// What was found last, beside which the next one is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Last {
    place: Place,
    /// True unless it was in another run than the one before it.
    is_in_run: bool,
}

impl Default for Last {
    /// Nothing was found yet.
    fn default() -> Self {
        Self { place: Place(u32::MAX), is_in_run: true }
    }
}

/// A set that is known, and where it lies.
#[derive(Clone, Copy)]
pub(super) struct KnownSet<'a> {
    pub(super) run: &'a SetRun,
    pub(super) at: u32,
    pub(super) attributes: &'a Attributes,
}

/// How many sets are in a run again after some have gone.
const REGROUPED: usize = 1024;
/// How many are in one at most: a place in it is 16 bits.
const RUN_MAX: usize = 1 << 15;
/// How many are looked at in turn.
const FEW: u16 = 8;
/// A place of a run that is free.
const FREE: u16 = u16::MAX;
/// What a run takes beside its entries, in bytes.
const RUN_SIZE: usize = size_of::<Run>() * 5 / 4 + 64;

/// What an entry takes beside its set, in bytes: with the room for further ones, its place in a table of which up to half is empty, its
/// places in a run and in that one's table, and what the allocator wants for the set.
const ENTRY_SIZE: usize = size_of::<Entry>() * 5 / 4
    + 2 * (size_of::<u32>() + 1)
    + size_of::<Attributes>()
    + 3 * size_of::<u16>()
    + 16;

// There are many of them.
const _: () = assert!(size_of::<Entry>() == 24);

/// What sets take in runs of so many, in bytes.
fn size_in_runs(sets: &[Attributes], run_max: usize) -> usize {
    let of_sets: usize = sets.iter().map(|set| set.size() + ENTRY_SIZE).sum();
    of_sets + RUN_SIZE * sets.len().div_ceil(run_max)
}

/// The hash that the table wants for what is kept of it.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

impl Run {
    fn new(sets: Vec<Attributes>, first: usize, hashes: impl Iterator<Item = u32>) -> Self {
        let room = if sets.len() <= usize::from(FEW) { 0 } else { (sets.len() * 4 / 3).next_power_of_two() };
        let mut places = vec![FREE; room].into_boxed_slice();
        for (at, hash) in (0..).zip(hashes) {
            let free = probe(room, hash).find(|place| places.get(*place) == Some(&FREE));
            if let Some(place) = free.and_then(|place| places.get_mut(place)) {
                *place = at;
            }
        }
        Self { sets: SetRun::new(sets.into_iter()), first: number(first), places }
    }
}

/// The places of a run's table, of so many, in the order they are looked at for a hash.
#[inline]
fn probe(room: usize, hash: u32) -> impl Iterator<Item = usize> {
    let mask = room.wrapping_sub(1);
    (0..room).map(move |step| (hash as usize).wrapping_add(step) & mask)
}

impl Entry {
    #[inline]
    fn is(&self, list: &[u8]) -> bool {
        self.attributes.fields() == list
    }

    #[inline]
    fn next(&self) -> Place {
        Place(self.next.load(Ordering::Relaxed) & !USED)
    }

    #[inline]
    fn touch(&self) {
        // Reading is cheaper than writing a line that other threads read, too.
        if self.next.load(Ordering::Relaxed) & USED == 0 {
            self.next.fetch_or(USED, Ordering::Relaxed);
        }
    }
}

impl KnownSets {
    pub(super) fn new(size_max: usize) -> Self {
        Self {
            runs: Vec::new(),
            entries: Vec::new(),
            places: HashTable::new(),
            hasher: RandomState::default(),
            size: 0,
            size_max,
        }
    }

    #[inline]
    fn hash(&self, list: &[u8]) -> u32 {
        // Not that of a slice, which hashes its length first: bytes that differ in length differ in hash as well as others.
        let mut hasher = self.hasher.build_hasher();
        hasher.write(list);
        (hasher.finish() >> 32) as u32
    }

    #[inline]
    fn entry(&self, place: Place) -> Option<&Entry> {
        self.entries.get(place.0 as usize)
    }

    /// What was asked for, at `place`.
    #[inline]
    fn found(&self, place: Place, last: &mut Last) -> Option<KnownSet<'_>> {
        let entry = self.entry(place)?;
        entry.touch();
        last.place = place;
        Some(KnownSet {
            run: &self.runs.get(entry.run as usize)?.sets,
            at: entry.at,
            attributes: &entry.attributes,
        })
    }

    #[inline]
    fn find(&self, hash: u32, list: &[u8]) -> Option<Place> {
        let is_it =
            |place: &u32| self.entry(Place(*place)).is_some_and(|entry| entry.hash == hash && entry.is(list));
        self.places.find(spread(hash), is_it).copied().map(Place)
    }

    /// As [`KnownSets::find`], among those of a run.
    #[inline]
    fn find_in_run(&self, number: u32, hash: u32, list: &[u8]) -> Option<Place> {
        let run = self.runs.get(number as usize)?;
        let place = |at: u16| Place(run.first + u32::from(at));
        let is_it = |place: &Place| {
            let entry = self.entry(*place);
            entry.is_some_and(|entry| entry.hash == hash && entry.run == number && entry.is(list))
        };
        if run.places.is_empty() {
            return (0..FEW).map(place).find(is_it);
        }
        let taken = |at: usize| run.places.get(at).copied().filter(|at| *at != FREE);
        probe(run.places.len(), hash).map_while(taken).map(place).find(is_it)
    }

    /// The set that a list says, if it is known, where it comes behind the one that was found last, which is then this one. For lists
    /// that [`KnownSets::guess_next`] has not found.
    #[inline]
    pub(super) fn get_next(&self, last: &mut Last, list: &[u8]) -> Option<KnownSet<'_>> {
        let before = self.entry(last.place);
        let hash = self.hash(list);
        // Where the one before was in no run with the one before that, this one is probably elsewhere, too.
        let near = before.filter(|_| last.is_in_run);
        let place =
            near.and_then(|near| self.find_in_run(near.run, hash, list)).or_else(|| self.find(hash, list))?;
        if let Some(before) = before {
            before.next.store(place.0 | USED, Ordering::Relaxed);
            last.is_in_run = self.entry(place).is_some_and(|entry| entry.run == before.run);
        }
        self.found(place, last)
    }

    /// The set that is probably asked for behind the one that was found last, if these bytes begin with it and `is_end` is true of the
    /// rest: where a list ends need not be known.
    #[inline]
    pub(super) fn guess_next(
        &self,
        last: &mut Last,
        bytes: &[u8],
        is_end: impl FnOnce(&[u8]) -> bool,
    ) -> Option<KnownSet<'_>> {
        let guess = self.entry(last.place)?.next();
        let fields = self.entry(guess)?.attributes.fields();
        if !is_end(bytes.strip_prefix(fields)?) {
            return None;
        }
        self.found(guess, last)
    }

    /// Takes note of sets that came together, in the order they will probably be asked for again.
    ///
    /// Where there is no room, those go that have not been asked for since the last time, and all if that is less than half.
    pub(super) fn insert(&mut self, sets: Vec<Attributes>) {
        let is_new = |set: &Attributes| self.find(self.hash(set.fields()), set.fields()).is_none();
        let mut new: Vec<_> = sets.into_iter().filter(is_new).collect();
        if self.size + size_in_runs(&new, RUN_MAX) > self.size_max {
            self.sweep();
            // The first of them, where not all find room.
            let runs = RUN_SIZE * new.len().div_ceil(RUN_MAX);
            let mut room = self.size_max.saturating_sub(self.size + runs);
            new.retain(|set| {
                let size = set.size() + ENTRY_SIZE;
                let has_room = size <= room;
                room -= if has_room { size } else { 0 };
                has_room
            });
        }
        self.push_all(new, RUN_MAX);
    }

    /// Adds runs of so many sets. Whoever calls it knows that there is room.
    fn push_all(&mut self, mut sets: Vec<Attributes>, run_max: usize) {
        self.size += size_in_runs(&sets, run_max);
        while !sets.is_empty() {
            let rest = sets.split_off(sets.len().min(run_max));
            self.push(std::mem::replace(&mut sets, rest));
        }
    }

    fn push(&mut self, sets: Vec<Attributes>) {
        let (first, run) = (self.entries.len(), number(self.runs.len()));
        if self.entries.capacity() - first < sets.len() {
            // Not twice as many, as it would be: that was counted for nobody.
            self.entries.reserve_exact(first / 4 + sets.len());
        }
        for (at, set) in sets.iter().enumerate() {
            let (place, hash) = (self.entries.len(), self.hash(set.fields()));
            let next = AtomicU32::new(number(place + 1) & !USED);
            self.entries.push(Entry { attributes: set.clone(), run, at: number(at), hash, next });
            let Self { entries, places, .. } = self;
            let hash_of = |place: &u32| entries.get(*place as usize).map_or(0, |entry| spread(entry.hash));
            places.insert_unique(spread(hash), number(place), hash_of);
        }
        let hashes = self.entries.iter().skip(first).map(|entry| entry.hash);
        self.runs.push(Run::new(sets, first, hashes));
    }

    /// Keeps what is in use, in new runs, so that none is kept whole for the few of its sets that are left.
    fn sweep(&mut self) {
        let is_used = |entry: &&Entry| entry.next.load(Ordering::Relaxed) & USED != 0;
        let kept: Vec<Attributes> =
            self.entries.iter().filter(is_used).map(|entry| entry.attributes.clone()).collect();
        // Their memory goes, too: it is counted for the sets that are there, and others may be larger and fewer.
        *self = Self { hasher: self.hasher.clone(), ..Self::new(self.size_max) };
        if size_in_runs(&kept, REGROUPED) <= self.size_max / 2 {
            self.push_all(kept, REGROUPED);
        }
    }

    /// How many there are, and what they take, in bytes.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.entries.len(), self.size)
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(number: i64) -> Attributes {
        [("number", number)].into_iter().collect()
    }

    fn number_of(known: KnownSet<'_>) -> i64 {
        assert_eq!(known.run.get(known.at), Some(known.attributes));
        match known.attributes.get("number") {
            Some(wasmeter_model::ValueRef::Int(number)) => number,
            other => panic!("{other:?}"),
        }
    }

    fn get(known: &KnownSets, number: i64) -> Option<i64> {
        known.get_next(&mut Last::default(), set(number).fields()).map(number_of)
    }

    /// Room for so many sets of a number that takes one byte, in so many runs.
    fn with_room_for(sets: usize, runs: usize) -> KnownSets {
        KnownSets::new(sets * (set(0).size() + ENTRY_SIZE) + runs * RUN_SIZE)
    }

    #[test]
    fn what_is_in_use_stays_and_the_rest_goes_when_room_runs_out() {
        let mut known = with_room_for(40, 2);
        known.insert((0..20).map(set).collect());
        known.insert((10..40).map(set).collect());
        assert_eq!(known.size().0, 40, "those that came again are known once");
        assert!((0..10).all(|number| get(&known, number) == Some(number)));
        known.insert(vec![set(40)]);
        assert_eq!(known.size(), (11, 11 * (set(0).size() + ENTRY_SIZE) + 2 * RUN_SIZE));
        assert!(known.entries.capacity() < 20 && known.places.capacity() < 30, "their memory goes, too");
        assert!((0..10).chain([40]).all(|number| get(&known, number) == Some(number)));
        assert_eq!(get(&known, 20), None);
    }

    #[test]
    fn it_never_takes_more_than_it_may_even_if_all_is_in_use() {
        let mut known = with_room_for(40, 1);
        for first in (0..100).step_by(7) {
            known.insert((first..first + 7).map(set).collect());
            assert!((first..first + 7).all(|number| get(&known, number) == Some(number)));
            assert!(known.size().1 <= known.size_max);
        }
        known.insert((0..100).map(set).collect());
        assert_eq!(known.size().0, 40, "as many as there is room for");
        let large: Attributes = [("number", "x".repeat(100_000))].into_iter().collect();
        known.insert(vec![large.clone()]);
        assert!(
            known.get_next(&mut Last::default(), large.fields()).is_none(),
            "larger than all there may be"
        );
    }

    #[test]
    fn lists_are_compared_in_full() {
        let mut known = with_room_for(100, 1);
        known.insert(vec![set(1)]);
        let list = set(1).fields().to_vec();
        for (bytes, is_it) in [(&list[..], true), (&list[1..], false), (&[&list[..], &[0]].concat(), false)] {
            assert_eq!(known.get_next(&mut Last::default(), bytes).is_some(), is_it);
        }
    }

    #[test]
    fn what_comes_in_another_order_is_found_all_the_same_and_that_order_is_remembered() {
        let mut known = with_room_for(200, 1);
        known.insert((0..100).map(set).collect());
        for _ in 0..2 {
            let mut last = Last::default();
            for number in (0..100).map(|number| number * 37 % 100).chain([7, 7, 200]) {
                let expected = Some(number).filter(|number| *number < 100);
                assert_eq!(known.get_next(&mut last, set(number).fields()).map(number_of), expected);
                assert!(expected.is_none() || last.place == Place(number as u32));
            }
        }
        let next = |place: usize| known.entries[place].next();
        assert_eq!((next(0), next(37), next(63)), (Place(37), Place(74), Place(7)));
    }

    #[test]
    fn a_run_finds_its_own_and_no_others_however_many_there_are() {
        for len in [1, 2, 8, 9, 12, 13, 500, RUN_MAX] {
            let len = len as i64;
            let mut known = KnownSets::new(1 << 30);
            known.insert((0..len).map(set).collect());
            known.insert((len..2 * len).map(set).collect());
            assert_eq!(known.runs.len(), 2);
            let find = |run, number| {
                let set = set(number);
                known.find_in_run(run, known.hash(set.fields()), set.fields())
            };
            for number in (0..len).step_by(1 + len as usize / 300) {
                let other = number + len;
                assert_eq!(find(0, number), Some(Place(number as u32)), "{number} of {len}");
                assert_eq!(find(1, other), Some(Place(other as u32)), "{other} of {len}");
                assert_eq!((find(1, number), find(0, other), find(2, number)), (None, None, None));
            }
        }
    }

    #[test]
    fn no_run_is_longer_than_its_places_can_say() {
        let mut known = KnownSets::new(1 << 30);
        let many = 2 * RUN_MAX as i64 + 1;
        known.insert((0..many).map(set).collect());
        assert_eq!(known.runs.len(), 3);
        assert_eq!(known.size().1, size_in_runs(&(0..many).map(set).collect::<Vec<_>>(), RUN_MAX));
        assert!((0..many).step_by(500).chain([many - 1]).all(|number| get(&known, number) == Some(number)));
    }

    #[test]
    fn sets_of_several_runs_are_found_whichever_comes_behind_which() {
        let mut known = with_room_for(200, 2);
        known.insert((0..50).map(set).collect());
        known.insert((50..100).map(set).collect());
        let mut last = Last::default();
        let mut was_in_run = Vec::new();
        for number in [3, 1, 60, 61, 99, 2, 70, 5, 6] {
            assert_eq!(known.get_next(&mut last, set(number).fields()).map(number_of), Some(number));
            was_in_run.push(last.is_in_run);
        }
        assert_eq!(was_in_run, [true, true, false, true, true, false, false, false, true]);
    }

    #[test]
    fn after_a_sweep_the_rest_is_found_in_its_order() {
        let many = 40 * REGROUPED as i64 / 8;
        let mut known = KnownSets::new(0);
        known.size_max = size_in_runs(&(0..many).map(set).collect::<Vec<_>>(), RUN_MAX);
        known.insert((0..many).map(set).collect());
        let even = || (0..many).step_by(4);
        assert!(even().all(|number| get(&known, number).is_some()));
        known.insert(vec![set(many)]);
        assert_eq!(known.runs.len(), 3, "two of them new, of 1280 sets");
        let mut last = Last::default();
        for (place, number) in (0..).zip(even().chain([many])) {
            assert_eq!(known.get_next(&mut last, set(number).fields()).map(number_of), Some(number));
            assert_eq!(last.place, Place(place));
        }
    }

    #[test]
    fn a_guess_is_right_to_the_end_or_none() {
        let mut known = with_room_for(100, 1);
        known.insert(vec![set(0), set(1), set(2)]);
        let (one, other) = (set(1).fields().to_vec(), set(7).fields().to_vec());
        let behind = |bytes: &[u8], rest: &[u8]| [bytes, rest].concat();
        let mut last = Last::default();
        let any = |_: &[u8]| true;
        assert!(known.guess_next(&mut last, &one, any).is_none(), "there is none before");
        assert_eq!(known.get_next(&mut last, set(0).fields()).map(number_of), Some(0));
        for (bytes, expected) in [
            (other.clone(), None),
            (one[..one.len() - 1].to_vec(), None),
            (behind(b"x", &one), None),
            (Vec::new(), None),
            (behind(&one, b"d"), Some(1)),
        ] {
            let before = last;
            assert_eq!(known.guess_next(&mut last, &bytes, any).map(number_of), expected, "{bytes:?}");
            assert_eq!(last == before, expected.is_none());
        }
        let two = set(2).fields().to_vec();
        assert!(known.guess_next(&mut last, &behind(&two, b"d"), |rest| rest != b"d").is_none());
        assert_eq!(
            known.guess_next(&mut last, &behind(&two, b"d"), |rest| rest == b"d").map(number_of),
            Some(2)
        );
    }
}
