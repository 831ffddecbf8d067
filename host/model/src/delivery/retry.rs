//! How long to wait before trying again.

use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// Exponential backoff. The specification asks for it with jitter and leaves the numbers open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// The longest wait before the second attempt.
    pub initial: Duration,
    /// By how much each wait may be longer than the one before.
    pub factor: f64,
    /// The longest wait.
    pub max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { initial: Duration::from_secs(1), factor: 1.5, max: Duration::from_secs(5) }
    }
}

impl RetryPolicy {
    /// The waits with jitter that is different each time, for ever; see [`RetryPolicy`].
    pub fn jittered(self) -> impl Iterator<Item = Duration> {
        let mut jitter = Jitter::new(None);
        self.delays(move || jitter.draw())
    }

    /// The waits, each between half and all of what it may be at most, by `random` numbers from 0 to 1: so that clients
    /// that failed together do not come back together.
    pub fn delays(self, random: impl FnMut() -> f64) -> impl Iterator<Item = Duration> {
        let grow = move |delay: &Duration| {
            let longer = delay.as_secs_f64() * self.factor.max(1.0);
            Some(Duration::try_from_secs_f64(longer).unwrap_or(self.max).min(self.max))
        };
        let mut random = random;
        let jittered = move |delay: Duration| delay.mul_f64(0.5 + random().clamp(0.0, 1.0) / 2.0);
        std::iter::successors(Some(self.initial.min(self.max)), grow).map(jittered)
    }
}

/// Random numbers, good enough to spread retries (SplitMix64).
#[derive(Debug)]
pub struct Jitter(u64);

impl Jitter {
    /// From a seed, or from what the process has at random.
    pub fn new(seed: Option<u64>) -> Self {
        Self(seed.unwrap_or_else(|| std::hash::RandomState::new().build_hasher().finish()))
    }

    /// The next number, from 0 to 1.
    pub fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        f64::from(u32::try_from(mixed >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_maximum_and_jitter_halves_them_at_most() {
        let longest: Vec<_> =
            RetryPolicy::default().delays(|| 1.0).take(6).map(|delay| delay.as_millis()).collect();
        assert_eq!(longest, [1000, 1500, 2250, 3375, 5000, 5000]);
        let shortest: Vec<_> =
            RetryPolicy::default().delays(|| 0.0).take(6).map(|delay| delay.as_micros()).collect();
        assert_eq!(shortest, [500_000, 750_000, 1_125_000, 1_687_500, 2_500_000, 2_500_000]);
    }

    #[test]
    fn the_same_seed_gives_the_same_jitter_and_all_of_it_is_in_range() {
        let draw = |seed| {
            let mut jitter = Jitter::new(Some(seed));
            (0..100).map(|_| jitter.draw()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert!(draw(7).iter().all(|number| (0.0..=1.0).contains(number)));
    }
}
