//! Random numbers that nobody can guess.
//!
//! A plugin that uses this module needs `randomness = true` below `[grants]` in its `NAME.toml`; without, it is not loaded. Natively, in a
//! unit test, they are random, too, though not fit for secrets.

/// Sixty-four random bits.
pub fn number() -> u64 {
    #[cfg(target_family = "wasm")]
    {
        wasip2::random::random::get_random_u64()
    }
    #[cfg(not(target_family = "wasm"))]
    {
        use std::hash::{BuildHasher as _, RandomState};
        // Every `RandomState` has keys of its own.
        RandomState::new().hash_one(())
    }
}

/// Random bytes.
pub fn bytes(count: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        std::iter::repeat_with(number).take(count.div_ceil(8)).flat_map(u64::to_le_bytes).collect();
    bytes.truncate(count);
    bytes
}

#[cfg(test)]
mod tests {
    #[test]
    fn bytes_are_as_many_as_asked_for_and_others_each_time() {
        assert!(super::bytes(0).is_empty());
        assert_eq!(super::bytes(13).len(), 13);
        assert_ne!(super::bytes(32), super::bytes(32));
    }
}
