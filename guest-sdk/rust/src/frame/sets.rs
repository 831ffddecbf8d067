//! Attribute sets while they are written, each kept once.

/// Columns of sets and where to find a set again. Not a `HashMap`: its keys would be allocated, one for each set.
#[derive(Debug)]
pub(super) struct DistinctSets {
    keys: Vec<u32>,
    values: Vec<u32>,
    ends: Vec<u32>,
    /// Rows by the hash of their set, each at the first free place from there on; at most half full.
    places: Vec<u32>,
}

/// Nothing is at a place.
const FREE: u32 = u32::MAX;

impl DistinctSets {
    /// With room for so many attributes in so many sets; more sets than that are not to come.
    pub(super) fn with_room(attributes: usize, sets: usize) -> Self {
        Self {
            keys: Vec::with_capacity(attributes),
            values: Vec::with_capacity(attributes),
            ends: Vec::with_capacity(sets),
            places: vec![FREE; (sets * 2).next_power_of_two()],
        }
    }

    /// Adds an attribute to the open set.
    #[inline]
    pub(super) fn push(&mut self, key: u32, value: u32) {
        self.keys.push(key);
        self.values.push(value);
    }

    /// Closes the open set and returns its row: that of an equal one, if there is one.
    #[inline]
    pub(super) fn close(&mut self) -> u32 {
        let start = self.ends.last().map_or(0, |end| *end as usize);
        let end = self.keys.len();
        let keys = self.keys.get(start..end).unwrap_or_default();
        let values = self.values.get(start..end).unwrap_or_default();
        let mask = self.places.len() - 1;
        let mut place = hash(keys, values) & mask;
        while let Some(&row) = self.places.get(place).filter(|row| **row != FREE) {
            let known = super::columns::range(&self.ends, row as usize);
            if self.keys.get(known.clone()) == Some(keys) && self.values.get(known) == Some(values) {
                self.keys.truncate(start);
                self.values.truncate(start);
                return row;
            }
            place = (place + 1) & mask;
        }
        let row = u32::try_from(self.ends.len()).unwrap_or(FREE);
        if let Some(free) = self.places.get_mut(place) {
            *free = row;
        }
        self.ends.push(u32::try_from(end).unwrap_or(FREE));
        row
    }

    /// The columns of keys, values and ends.
    pub(super) fn finish(self) -> (Vec<u32>, Vec<u32>, Vec<u32>) {
        (self.keys, self.values, self.ends)
    }
}

/// Mixes rows, which are small numbers that differ in their low bits. Whoever sends the data chooses texts and not rows, so this
/// needs no seed.
#[inline]
fn hash(keys: &[u32], values: &[u32]) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, (key, value): (&u32, &u32)| {
        (hash.rotate_left(5) ^ (u64::from(*key) << 32 | u64::from(*value))).wrapping_mul(ODD)
    };
    let hash = keys.iter().zip(values).fold(0, mix);
    // The high bits are mixed best.
    (hash >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::DistinctSets;

    #[test]
    fn equal_sets_are_one_row_and_others_are_not() {
        let sets: [&[(u32, u32)]; 6] = [&[], &[(1, 2)], &[(2, 1)], &[(1, 2), (2, 1)], &[(1, 2)], &[]];
        let mut distinct = DistinctSets::with_room(8, sets.len());
        let rows: Vec<u32> = sets
            .into_iter()
            .map(|set| {
                set.iter().for_each(|(key, value)| distinct.push(*key, *value));
                distinct.close()
            })
            .collect();
        assert_eq!(rows, [0, 1, 2, 3, 1, 0]);
        assert_eq!(distinct.finish(), (vec![1, 2, 1, 2], vec![2, 1, 2, 1], vec![0, 1, 2, 4]));
    }

    #[test]
    fn many_sets_are_told_apart() {
        let mut distinct = DistinctSets::with_room(0, 5000);
        for round in 0..2 {
            for number in 0..2500_u32 {
                distinct.push(7, number);
                distinct.push(8, number / 3);
                assert_eq!(distinct.close(), number, "round {round}");
            }
        }
    }
}
