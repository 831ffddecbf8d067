//! Hashes of rows, and whether they tell all rows apart.

use std::hash::{BuildHasher, Hasher};

use foldhash::quality::RandomState;

/// Hashes rows, seeded at random: whoever wrote the frame cannot know what collides.
pub(super) struct RowHasher {
    texts: RandomState,
    seeds: [u64; 2],
}

impl RowHasher {
    pub(super) fn new() -> Self {
        let texts = RandomState::default();
        Self { seeds: [texts.hash_one(0), texts.hash_one(1) | 1], texts }
    }

    pub(super) fn bytes(&self, bytes: &[u8]) -> u64 {
        let mut hasher = self.texts.build_hasher();
        hasher.write(bytes);
        hasher.finish()
    }

    /// Of numbers, in their order.
    #[inline]
    pub(super) fn numbers(&self, numbers: impl Iterator<Item = u64>) -> u64 {
        let [start, factor] = self.seeds;
        numbers.fold(start, |hash, number| folded(hash ^ number, factor))
    }
}

/// One hash of two, in which their places differ.
pub(super) fn mix(key: u64, value: u64) -> u64 {
    folded(key ^ 0x9e37_79b9_7f4a_7c15, value.rotate_left(32) | 1)
}

#[inline]
fn folded(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    (wide as u64) ^ ((wide >> 64) as u64)
}

/// True only if no two hashes are the same, and then what they are of differs, too. False tells nothing: of a hash only half is
/// compared, which costs a needless second look once in a hundred thousand frames.
pub(super) fn all_differ(hashes: impl ExactSizeIterator<Item = u64>) -> bool {
    // Halves of hashes, each at the first place that was free from where the other half says; 0 is free.
    let mut places = vec![0_u32; (hashes.len() * 2).next_power_of_two()];
    let mask = places.len() - 1;
    for hash in hashes {
        let half = (hash >> 32) as u32 | 1;
        let mut place = hash as usize & mask;
        while let Some(known) = places.get_mut(place) {
            if *known == 0 {
                *known = half;
                break;
            }
            if *known == half {
                return false;
            }
            place = (place + 1) & mask;
        }
    }
    true
}
