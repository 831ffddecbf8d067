//! Which of many measurements to keep.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

/// How the measurement that gives way is chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pick {
    /// At random, so that all measurements have the same chance; from this seed.
    Uniform(u64),
    /// The oldest: what was received is a sample already, and the newest of it is worth most.
    Newest,
}

/// Random enough for sampling, and the same in each run: the sequence of a counter's hashes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 to below `end`, which is not 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let scaled = (u128::from(bits) * u128::from(end)) >> 64;
        // Below `end`, so it fits.
        u64::try_from(scaled).unwrap_or(0)
    }
}

/// The seed of a series: of what it is, so that it does not depend on anything random.
pub(super) fn seed_of(attributes: &wasmeter_model::Attributes, epoch: u32) -> u64 {
    FixedState::with_seed(0x6578_656d_706c).hash_one((attributes, epoch))
}
