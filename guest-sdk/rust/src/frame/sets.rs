//! Attribute sets while a frame is edited: three columns, rewritten where they are.

use std::cell::Cell;

use super::columns::range;
use super::eights::{NOWHERE, at, both, each, row};

/// The columns of the sets.
#[derive(Debug, Default)]
pub(super) struct Sets {
    pub(super) keys: Vec<u32>,
    pub(super) values: Vec<u32>,
    pub(super) ends: Vec<u32>,
}

/// Stands for the value of an attribute that is removed.
pub(super) const GONE: u32 = u32::MAX;

impl Sets {
    /// Marks the values of all keys that stay as used, and those of the others as gone.
    #[inline(never)]
    pub(super) fn strike(&mut self, stays: &[bool], used: &mut [bool]) {
        both(&mut self.values, &self.keys, |value, key| {
            let stays = stays.get(*key as usize).copied().unwrap_or_default();
            if let Some(used) = used.get_mut(*value as usize) {
                *used |= stays;
            }
            *value = if stays { *value } else { GONE };
        });
    }

    /// Takes out the attributes whose value is gone.
    pub(super) fn close_up(&mut self) {
        let mut places = vec![0; self.keys.len().min(self.values.len())];
        let kept = self.shift(&mut places);
        self.keys.truncate(kept);
        self.values.truncate(kept);
        shift_ends(&mut self.ends, &places);
    }

    /// Moves what is not gone to the front. Returns how much that is, and of each place how much of it there is up to there.
    #[inline(never)]
    fn shift(&mut self, places: &mut [u32]) -> usize {
        let length = places.len();
        let (Some(keys), Some(values)) = (self.keys.get_mut(..length), self.values.get_mut(..length)) else {
            return 0;
        };
        let (keys, values) =
            (Cell::from_mut(keys).as_slice_of_cells(), Cell::from_mut(values).as_slice_of_cells());
        let mut write = 0;
        let mut work = |place: &mut u32, key: &Cell<u32>, value: &Cell<u32>| {
            let (key, value) = (key.get(), value.get());
            // What is gone is written over by what follows.
            if let (Some(of_key), Some(of_value)) = (keys.get(write), values.get(write)) {
                of_key.set(key);
                of_value.set(value);
            }
            write += usize::from(value != GONE);
            *place = write as u32;
        };
        let (places, places_rest) = places.as_chunks_mut::<8>();
        let ((of_keys, keys_rest), (of_values, values_rest)) =
            (keys.as_chunks::<8>(), values.as_chunks::<8>());
        for ((places, keys), values) in places.iter_mut().zip(of_keys).zip(of_values) {
            for ((place, key), value) in places.iter_mut().zip(keys).zip(values) {
                work(place, key, value);
            }
        }
        for ((place, key), value) in places_rest.iter_mut().zip(keys_rest).zip(values_rest) {
            work(place, key, value);
        }
        write
    }

    /// Keeps sets that are equal once, in the order that the first of them has its attributes in: to the host sets that differ in
    /// nothing else are the same series. Returns the new row of each set, if any is another one now.
    pub(super) fn unite(&mut self) -> Option<Vec<u32>> {
        let hashes = self.hashes();
        if !self.has_repeated(&hashes) {
            return None;
        }
        let mut united = Self::default();
        let mut known = Known::new(self, &hashes);
        let mut rows = Vec::with_capacity(hashes.len());
        for set in 0..row(hashes.len()) {
            let new = known.find(set).map(|known| at(&rows, known));
            rows.push(new.unwrap_or_else(|| {
                let (keys, values) = self.set(set as usize);
                united.keys.extend_from_slice(keys);
                united.values.extend_from_slice(values);
                united.ends.push(row(united.keys.len()));
                row(united.ends.len() - 1)
            }));
        }
        *self = united;
        Some(rows)
    }

    fn set(&self, set: usize) -> (&[u32], &[u32]) {
        let attributes = range(&self.ends, set);
        let keys = self.keys.get(attributes.clone()).unwrap_or_default();
        (keys, self.values.get(attributes).unwrap_or_default())
    }

    /// Whether two sets have the same attributes, in whatever order; their keys are distinct.
    #[cold]
    #[inline(never)]
    fn are_equal(&self, one: u32, other: u32) -> bool {
        let (one, other) = (self.set(one as usize), self.set(other as usize));
        one == other || (one.0.len() == other.0.len() && in_order(one) == in_order(other))
    }

    /// Whether any two sets are equal.
    #[inline(never)]
    fn has_repeated(&self, hashes: &[u32]) -> bool {
        let mut known = Known::new(self, hashes);
        (0..row(hashes.len())).any(|set| known.find(set).is_some())
    }

    /// A hash of each set by its rows, whatever their order.
    #[inline(never)]
    fn hashes(&self) -> Vec<u32> {
        let mut start = 0;
        let hash = |end: &u32| {
            let (keys, keys_rest) = self.keys.get(start..*end as usize).unwrap_or_default().as_chunks::<4>();
            let (values, values_rest) =
                self.values.get(start..*end as usize).unwrap_or_default().as_chunks::<4>();
            start = *end as usize;
            let fours = keys
                .iter()
                .zip(values)
                .fold(0, |hash, (keys, values)| keys.iter().zip(values).fold(hash, mixed));
            (keys_rest.iter().zip(values_rest).fold(fours, mixed) >> 32) as u32
        };
        self.ends.iter().map(hash).collect()
    }
}

/// Moves the ends of sets to where their attributes are now.
#[inline(never)]
fn shift_ends(ends: &mut [u32], places: &[u32]) {
    each(ends, |end| *end = if *end == 0 { 0 } else { at(places, *end - 1) });
}

/// The attributes of a set in the order of their rows.
fn in_order((keys, values): (&[u32], &[u32])) -> Vec<(u32, u32)> {
    let mut pairs: Vec<_> = keys.iter().copied().zip(values.iter().copied()).collect();
    pairs.sort_unstable();
    pairs
}

/// Mixes an attribute's rows, which are small numbers that differ in their low bits, and adds them to what the others came to. Whoever
/// sends the data chooses texts and not rows, so this needs no seed.
#[inline]
fn mixed(hash: u64, (key, value): (&u32, &u32)) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let pair = (u64::from(*key) << 32 | u64::from(*value)).wrapping_mul(ODD);
    hash.wrapping_add((pair ^ pair >> 32).wrapping_mul(ODD))
}

/// Sets that have been met, by their hashes: each at the first place that was free from there on. At most half of the places are
/// taken.
struct Known<'a> {
    sets: &'a Sets,
    hashes: &'a [u32],
    places: Vec<u32>,
}

impl<'a> Known<'a> {
    fn new(sets: &'a Sets, hashes: &'a [u32]) -> Self {
        Self { sets, hashes, places: vec![NOWHERE; (hashes.len() * 2).next_power_of_two()] }
    }

    /// The set met first that equals this one. If there is none, this one has been met now.
    #[inline(always)]
    fn find(&mut self, set: u32) -> Option<u32> {
        let hash = self.hashes.get(set as usize)?;
        let mask = self.places.len() - 1;
        let mut place = *hash as usize & mask;
        while let Some(known) = self.places.get_mut(place) {
            if *known == NOWHERE {
                *known = set;
                break;
            }
            if self.hashes.get(*known as usize) == Some(hash) && self.sets.are_equal(*known, set) {
                return Some(*known);
            }
            place = (place + 1) & mask;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{GONE, Sets};

    fn sets(sets: &[&[(u32, u32)]]) -> Sets {
        let mut columns = Sets::default();
        for set in sets {
            columns.keys.extend(set.iter().map(|(key, _)| key));
            columns.values.extend(set.iter().map(|(_, value)| value));
            columns.ends.push(columns.keys.len() as u32);
        }
        columns
    }

    #[test]
    fn equal_sets_are_one_row_and_others_are_not() {
        let mut sets = sets(&[&[], &[(1, 2)], &[(2, 1)], &[(1, 2), (2, 1)], &[(1, 2)], &[], &[(3, 3)]]);
        assert_eq!(sets.unite(), Some(vec![0, 1, 2, 3, 1, 0, 4]));
        assert_eq!((&*sets.keys, &*sets.values), (&[1, 2, 1, 2, 3][..], &[2, 1, 2, 1, 3][..]));
        assert_eq!(sets.ends, [0, 1, 2, 4, 5]);
        assert_eq!(sets.unite(), None);
    }

    #[test]
    fn sets_that_are_equal_but_for_their_order_are_one_row() {
        // The second pair has the same keys and the same values, crosswise.
        let mut sets =
            sets(&[&[(1, 2), (3, 4), (5, 6)], &[(1, 4), (3, 2), (5, 6)], &[(5, 6), (1, 2), (3, 4)]]);
        assert_eq!(sets.unite(), Some(vec![0, 1, 0]));
        assert_eq!((&*sets.keys, &*sets.ends), (&[1, 3, 5, 1, 3, 5][..], &[3, 6][..]));
    }

    #[test]
    fn what_is_gone_leaves_no_gap() {
        // More than are moved at a time.
        let set = [(1, 0), (2, 1), (3, 2)];
        let mut sets = sets(&[&set, &[(2, 1)], &[(3, 0), (2, 2)], &set, &set, &[(2, 0)], &set, &[]]);
        let mut used = [false; 3];
        sets.strike(&[true, true, false, true], &mut used);
        assert_eq!(
            (sets.values.iter().filter(|value| **value == GONE).count(), used),
            (7, [true, false, true])
        );
        sets.close_up();
        assert_eq!(sets.keys, [1, 3, 3, 1, 3, 1, 3, 1, 3]);
        assert_eq!(sets.values, [0, 2, 0, 0, 2, 0, 2, 0, 2]);
        assert_eq!(sets.ends, [2, 2, 3, 5, 7, 7, 9, 9]);
    }

    #[test]
    fn many_sets_are_told_apart() {
        let attributes: Vec<_> = (0..2500).map(|number| [(7, number), (8, number / 3)]).collect();
        let mut attributes: Vec<_> = attributes.iter().map(|set| set.as_slice()).collect();
        let mut columns = sets(&attributes);
        assert_eq!(columns.unite(), None);
        assert_eq!((columns.ends.len(), columns.keys.len()), (2500, 5000));
        attributes.push(&[(7, 2499), (8, 833)]);
        assert_eq!(sets(&attributes).unite().unwrap().last(), Some(&2499));
    }

    #[test]
    fn columns_that_do_not_fit_together_are_no_reason_to_panic() {
        let mut sets = Sets { keys: vec![1, 2], values: vec![9], ends: vec![2, 1, 7] };
        sets.strike(&[], &mut []);
        sets.close_up();
        sets.unite();
        assert_eq!(sets.keys.len(), 0);
    }
}
