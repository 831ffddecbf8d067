//! What was decoded, by the bytes it was decoded from.

use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// A bounded table from encodings to what they say. A hash only finds the place: the bytes are compared in full.
///
/// Who repeats encodings mostly does so in the same order. So each entry knows which one was asked for behind it, and that is looked
/// at first: then nothing is hashed, and memory is read in the order it was written in.
#[derive(Debug)]
pub(super) struct Known<T> {
    entries: Vec<Entry<T>>,
    places: HashTable<u32>,
    hasher: RandomState,
    /// What all entries take together, in bytes.
    size: usize,
    size_max: usize,
}

#[derive(Debug)]
struct Entry<T> {
    key: Box<[u8]>,
    value: T,
    hash: u32,
    size: u32,
    /// The place of the one that is probably asked for next.
    next: AtomicU32,
    /// True if it was asked for since the last sweep.
    is_used: AtomicBool,
}

/// What is looked for in the order it was in before: the place of the entry that was found last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u32);

impl Default for Place {
    /// Nothing was found yet.
    fn default() -> Self {
        Self(u32::MAX)
    }
}

/// The hash that the table wants for what is kept of it.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

impl<T> Entry<T> {
    fn touch(&self) {
        // Reading is cheaper than writing a line that other threads read, too.
        if !self.is_used.load(Ordering::Relaxed) {
            self.is_used.store(true, Ordering::Relaxed);
        }
    }
}

impl<T> Known<T> {
    /// What an entry takes beside its key and what its value has elsewhere, in bytes: with the room for further ones, its place in a
    /// table of which up to half is empty, and what the allocator wants for itself.
    const ENTRY_SIZE: usize = size_of::<Entry<T>>() * 5 / 4 + 2 * (size_of::<u32>() + 1) + 16;

    pub(super) fn new(size_max: usize) -> Self {
        let (entries, places) = (Vec::new(), HashTable::new());
        Self { entries, places, hasher: RandomState::default(), size: 0, size_max }
    }

    #[inline]
    fn hash(&self, key: &[u8]) -> u32 {
        // Not that of a slice, which hashes its length first: bytes that differ in length differ in hash as well as others.
        let mut hasher = self.hasher.build_hasher();
        hasher.write(key);
        (hasher.finish() >> 32) as u32
    }

    #[inline]
    fn at(&self, place: Place) -> Option<&Entry<T>> {
        self.entries.get(place.0 as usize)
    }

    #[inline]
    fn find(&self, hash: u32, key: &[u8]) -> Option<(Place, &Entry<T>)> {
        let entry = |place: &u32| self.at(Place(*place)).filter(|entry| *entry.key == *key);
        let place = Place(*self.places.find(spread(hash), |place| entry(place).is_some())?);
        self.at(place).map(|entry| (place, entry))
    }

    /// What these bytes say, if they are known.
    #[inline]
    pub(super) fn get(&self, key: &[u8]) -> Option<&T> {
        let (_, entry) = self.find(self.hash(key), key)?;
        entry.touch();
        Some(&entry.value)
    }

    /// As [`Known::get`], for bytes that come behind those that were found at `last`, which is then the place of these.
    #[inline]
    pub(super) fn get_next(&self, last: &mut Place, key: &[u8]) -> Option<&T> {
        let before = self.at(*last);
        let guess = before.map_or(Place::default(), |before| Place(before.next.load(Ordering::Relaxed)));
        let (place, entry) = match self.at(guess).filter(|entry| *entry.key == *key) {
            Some(entry) => (guess, entry),
            None => {
                let (place, entry) = self.find(self.hash(key), key)?;
                if let Some(before) = before {
                    before.next.store(place.0, Ordering::Relaxed);
                }
                (place, entry)
            }
        };
        *last = place;
        entry.touch();
        Some(&entry.value)
    }

    /// As [`Known::get_next`], for bytes of which it is not known where they end: what the ones that are probably asked for next say, and
    /// how many they are, if those given begin with them and `is_end` is true of the rest.
    #[inline]
    pub(super) fn guess_next(
        &self,
        last: &mut Place,
        bytes: &[u8],
        is_end: impl FnOnce(&[u8]) -> bool,
    ) -> Option<(usize, &T)> {
        let guess = Place(self.at(*last)?.next.load(Ordering::Relaxed));
        let entry = self.at(guess)?;
        if !is_end(bytes.strip_prefix(&*entry.key)?) {
            return None;
        }
        *last = guess;
        entry.touch();
        Some((entry.key.len(), &entry.value))
    }

    /// Takes note of what bytes say; `size` is what the value takes beside its key, in bytes.
    ///
    /// Where there is no room, what has not been asked for since the last time goes, and everything if that is less than half. True
    /// if that happened.
    pub(super) fn insert(&mut self, key: &[u8], value: T, size: usize) -> bool {
        let hash = self.hash(key);
        let size = size.saturating_add(key.len() + Self::ENTRY_SIZE);
        let Ok(own_size) = u32::try_from(size) else { return false };
        if size > self.size_max || self.find(hash, key).is_some() {
            return false;
        }
        let has_room = self.size + size <= self.size_max;
        if !has_room {
            self.sweep();
        }
        self.size += size;
        if self.entries.len() == self.entries.capacity() {
            // Not twice as many, as it would be: that was counted for nobody.
            self.entries.reserve_exact(self.entries.len() / 4 + 4);
        }
        let (next, is_used) = (AtomicU32::new(0), AtomicBool::new(false));
        self.entries.push(Entry { key: key.into(), value, hash, size: own_size, next, is_used });
        self.index(self.entries.len() - 1);
        !has_room
    }

    /// What all bytes say, in the order it was taken note of.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().map(|entry| &mut entry.value)
    }

    /// Makes the entry at a place known there, and the one behind it as what will be asked for next.
    fn index(&mut self, place: usize) {
        let Self { entries, places, .. } = self;
        let hash_of = |place: &u32| entries.get(*place as usize).map_or(0, |entry| spread(entry.hash));
        // Each takes more than 32 bytes: there is never room for so many.
        let number = u32::try_from(place).unwrap_or(u32::MAX);
        places.insert_unique(hash_of(&number), number, hash_of);
        if let Some(entry) = entries.get_mut(place) {
            *entry.next.get_mut() = number.saturating_add(1);
        }
    }

    fn sweep(&mut self) {
        let size = &mut self.size;
        self.entries.retain_mut(|entry| {
            let is_kept = std::mem::take(entry.is_used.get_mut());
            *size -= if is_kept { 0 } else { entry.size as usize };
            is_kept
        });
        if self.size > self.size_max / 2 {
            self.entries.clear();
            self.size = 0;
        }
        self.places.clear();
        (0..self.entries.len()).for_each(|place| self.index(place));
    }

    /// How many there are, and what they take, in bytes.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.entries.len(), self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_use_stays_and_the_rest_goes_when_room_runs_out() {
        let mut known = Known::new(40 * (Known::<u32>::ENTRY_SIZE + 4));
        for number in 0..40_u32 {
            known.insert(&number.to_le_bytes(), number, 0);
        }
        assert_eq!(known.size().0, 40);
        for number in 0..10_u32 {
            assert_eq!(known.get(&number.to_le_bytes()), Some(&number));
        }
        known.insert(&40_u32.to_le_bytes(), 40, 0);
        assert_eq!(known.size().0, 11);
        assert!((0..10_u32).all(|number| known.get(&number.to_le_bytes()).is_some()));
        assert_eq!(known.get(&20_u32.to_le_bytes()), None);
    }

    #[test]
    fn it_never_takes_more_than_it_may_even_if_all_is_in_use() {
        let mut known = Known::new(40 * (Known::<u32>::ENTRY_SIZE + 4));
        for number in 0..1000_u32 {
            known.insert(&number.to_le_bytes(), number, 0);
            assert_eq!(known.get(&number.to_le_bytes()), Some(&number));
            assert!(known.size().1 <= known.size_max);
        }
        known.insert(&[0; 100_000], 0, 0);
        assert_eq!(known.get(&[0; 100_000]), None, "larger than all there may be");
    }

    #[test]
    fn keys_are_compared_in_full_and_once() {
        let mut known = Known::new(10_000);
        known.insert(b"ab", 1, 0);
        known.insert(b"ab", 2, 0);
        known.insert(b"ab\0", 3, 0);
        assert_eq!((known.get(b"ab"), known.get(b"ab\0"), known.get(b"a")), (Some(&1), Some(&3), None));
    }

    #[test]
    fn what_comes_in_another_order_is_found_all_the_same_and_that_order_is_remembered() {
        let mut known = Known::new(100_000);
        for number in 0..100_u32 {
            known.insert(&number.to_le_bytes(), number, 0);
        }
        for _ in 0..2 {
            let mut last = Place::default();
            for number in (0..100_u32).map(|number| number * 37 % 100).chain([7, 7, 200]) {
                let expected = Some(number).filter(|number| *number < 100);
                assert_eq!(known.get_next(&mut last, &number.to_le_bytes()).copied(), expected);
                assert!(expected.is_none() || last == Place(number));
            }
        }
        let next = |place: usize| known.entries[place].next.load(Ordering::Relaxed);
        assert_eq!((next(0), next(37), next(63)), (37, 74, 7));
    }

    #[test]
    fn after_a_sweep_the_rest_is_found_in_its_order() {
        let mut known = Known::new(40 * (Known::<u32>::ENTRY_SIZE + 4));
        for number in 0..40_u32 {
            known.insert(&number.to_le_bytes(), number, 0);
        }
        let even = || (0..40_u32).step_by(4);
        assert!(even().all(|number| known.get(&number.to_le_bytes()).is_some()));
        known.insert(b"more", 1000, 0);
        let mut last = Place::default();
        for (place, number) in (0..).zip(even()) {
            assert_eq!(known.get_next(&mut last, &number.to_le_bytes()), Some(&number));
            assert_eq!(last, Place(place));
        }
        assert_eq!(known.get_next(&mut last, b"more"), Some(&1000));
    }

    #[test]
    fn a_guess_is_right_to_the_end_or_none() {
        let mut known = Known::new(100_000);
        for (number, key) in (0..).zip(["ab", "abc", "d"]) {
            known.insert(key.as_bytes(), number, 0);
        }
        let mut last = Place::default();
        let any = |_: &[u8]| true;
        assert_eq!(known.guess_next(&mut last, b"ab", any), None, "there is none before");
        assert_eq!(known.get_next(&mut last, b"ab"), Some(&0));
        for (bytes, expected) in
            [("ab", None), ("abx", None), ("xabc", None), ("", None), ("abcd", Some((3, &1)))]
        {
            let before = last;
            assert_eq!(known.guess_next(&mut last, bytes.as_bytes(), any), expected, "{bytes}");
            assert_eq!(last == before, expected.is_none());
        }
        assert_eq!(known.guess_next(&mut last, b"dd", |rest| rest != b"d"), None);
        assert_eq!(known.guess_next(&mut last, b"dd", |rest| rest == b"d"), Some((1, &2)));
    }
}
