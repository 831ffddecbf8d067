//! What was decoded, by the bytes it was decoded from.

use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// A bounded table from encodings to what they say. A hash only finds the place: the bytes are compared in full.
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
    /// True if it was asked for since the last sweep.
    is_used: AtomicBool,
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

    fn hash(&self, key: &[u8]) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(key);
        (hasher.finish() >> 32) as u32
    }

    fn find(&self, hash: u32, key: &[u8]) -> Option<&Entry<T>> {
        let entry = |place: &u32| self.entries.get(*place as usize).filter(|entry| *entry.key == *key);
        entry(self.places.find(spread(hash), |place| entry(place).is_some())?)
    }

    /// What these bytes say, if they are known.
    pub(super) fn get(&self, key: &[u8]) -> Option<&T> {
        let entry = self.find(self.hash(key), key)?;
        entry.touch();
        Some(&entry.value)
    }

    /// Takes note of what bytes say; `size` is what the value takes beside its key, in bytes.
    ///
    /// Where there is no room, what has not been asked for since the last time goes, and everything if that is less than half or not
    /// enough.
    pub(super) fn insert(&mut self, key: &[u8], value: T, size: usize) {
        let hash = self.hash(key);
        let size = size.saturating_add(key.len() + Self::ENTRY_SIZE);
        let Ok(own_size) = u32::try_from(size) else { return };
        if size > self.size_max || self.find(hash, key).is_some() {
            return;
        }
        if self.size + size > self.size_max {
            self.sweep();
        }
        if self.size + size > self.size_max {
            self.clear();
        }
        self.size += size;
        if self.entries.len() == self.entries.capacity() {
            // Not twice as many, as it would be: that was counted for nobody.
            self.entries.reserve_exact(self.entries.len() / 4 + 4);
        }
        let is_used = AtomicBool::new(false);
        self.entries.push(Entry { key: key.into(), value, hash, size: own_size, is_used });
        self.index(self.entries.len() - 1);
    }

    /// Makes the entry at a place known there.
    fn index(&mut self, place: usize) {
        let Self { entries, places, .. } = self;
        let hash_of = |place: &u32| entries.get(*place as usize).map_or(0, |entry| spread(entry.hash));
        // Each takes more than 32 bytes: there is never room for so many.
        let number = u32::try_from(place).unwrap_or(u32::MAX);
        places.insert_unique(hash_of(&number), number, hash_of);
    }

    fn sweep(&mut self) {
        let size = &mut self.size;
        self.entries.retain_mut(|entry| {
            let is_kept = std::mem::take(entry.is_used.get_mut());
            *size -= if is_kept { 0 } else { entry.size as usize };
            is_kept
        });
        if self.size > self.size_max / 2 {
            return self.clear();
        }
        // The memory of the others goes, too: it is counted for what is there.
        self.entries.shrink_to_fit();
        self.places = HashTable::new();
        (0..self.entries.len()).for_each(|place| self.index(place));
    }

    fn clear(&mut self) {
        *self = Self { hasher: self.hasher.clone(), ..Self::new(self.size_max) };
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
        assert!(known.entries.capacity() < 20 && known.places.capacity() < 30, "their memory goes, too");
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
        known.insert(&[1], 0, known.size_max * 9 / 10);
        assert_eq!(known.get(&[1]), Some(&0), "larger than half of it");
        assert!(known.size().1 <= known.size_max);
    }

    #[test]
    fn keys_are_compared_in_full_and_once() {
        let mut known = Known::new(10_000);
        known.insert(b"ab", 1, 0);
        known.insert(b"ab", 2, 0);
        known.insert(b"ab\0", 3, 0);
        assert_eq!((known.get(b"ab"), known.get(b"ab\0"), known.get(b"a")), (Some(&1), Some(&3), None));
    }
}
