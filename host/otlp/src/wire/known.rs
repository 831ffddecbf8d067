//! What was decoded, by the bytes it was decoded from.

use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// A bounded table from encodings to what they say. A hash only finds the place: the bytes are compared in full.
#[derive(Debug)]
pub(super) struct Known<T> {
    entries: HashTable<Entry<T>>,
    hasher: RandomState,
    /// What all entries take together, in bytes.
    size: usize,
    size_max: usize,
}

#[derive(Debug)]
struct Entry<T> {
    hash: u64,
    key: Box<[u8]>,
    value: T,
    size: usize,
    /// True if it was asked for since the last sweep.
    is_used: AtomicBool,
}

impl<T: Clone> Known<T> {
    pub(super) fn new(size_max: usize) -> Self {
        Self { entries: HashTable::new(), hasher: RandomState::default(), size: 0, size_max }
    }

    #[inline]
    fn hash(&self, key: &[u8]) -> u64 {
        // Not that of a slice, which hashes its length first: bytes that differ in length differ in hash as well as others.
        let mut hasher = self.hasher.build_hasher();
        hasher.write(key);
        hasher.finish()
    }

    /// What these bytes say, if they are known.
    #[inline]
    pub(super) fn get(&self, key: &[u8]) -> Option<&T> {
        let hash = self.hash(key);
        let entry = self.entries.find(hash, |entry| entry.hash == hash && *entry.key == *key)?;
        // Reading is cheaper than writing a line that other threads read, too.
        if !entry.is_used.load(Ordering::Relaxed) {
            entry.is_used.store(true, Ordering::Relaxed);
        }
        Some(&entry.value)
    }

    /// Takes note of what bytes say; `size` is what the value takes beside its key, in bytes.
    ///
    /// Where there is no room, what has not been asked for since the last time goes, and everything if that is less than half.
    pub(super) fn insert(&mut self, key: &[u8], value: T, size: usize) {
        let hash = self.hash(key);
        let size = size + key.len() + size_of::<Entry<T>>();
        let is_known = self.entries.find(hash, |entry| entry.hash == hash && *entry.key == *key).is_some();
        if is_known || size > self.size_max {
            return;
        }
        if self.size + size > self.size_max {
            self.sweep();
        }
        self.size += size;
        let entry = Entry { hash, key: key.into(), value, size, is_used: AtomicBool::new(false) };
        self.entries.insert_unique(hash, entry, |entry| entry.hash);
    }

    fn sweep(&mut self) {
        let size = &mut self.size;
        self.entries.retain(|entry| {
            let is_kept = std::mem::take(entry.is_used.get_mut());
            *size -= if is_kept { 0 } else { entry.size };
            is_kept
        });
        if self.size > self.size_max / 2 {
            self.entries.clear();
            self.size = 0;
        }
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
        let mut known = Known::new(40 * (size_of::<Entry<u32>>() + 4));
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
        let mut known = Known::new(40 * (size_of::<Entry<u32>>() + 4));
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
}
