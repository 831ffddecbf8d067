//! The rate limit of one plugin's log, on the epoch clock: no wall clock is read, and a test can be its own clock.

/// Lines a quiet plugin may write at once.
const BURST: u64 = 256;
/// Ticks (of 10 ms) after which one more line is allowed: 50 lines a second.
const TICKS_PER_LINE: u64 = 2;

/// A token bucket.
#[derive(Debug)]
pub(super) struct Bucket {
    tokens: u64,
    filled_ticks: u64,
}

impl Bucket {
    pub(super) fn full() -> Self {
        Self { tokens: BURST, filled_ticks: 0 }
    }

    /// True if a line may be written at this tick.
    pub(super) fn take(&mut self, now_ticks: u64) -> bool {
        let lines = now_ticks.saturating_sub(self.filled_ticks) / TICKS_PER_LINE;
        self.tokens = self.tokens.saturating_add(lines).min(BURST);
        self.filled_ticks = self.filled_ticks.saturating_add(lines.saturating_mul(TICKS_PER_LINE));
        match self.tokens.checked_sub(1) {
            Some(left) => {
                self.tokens = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_the_rate_holds() {
        let mut bucket = Bucket::full();
        assert_eq!((0..1000).filter(|_| bucket.take(0)).count(), 256);
        // One second later: 50 lines more.
        assert_eq!((0..1000).filter(|_| bucket.take(100)).count(), 50);
        // A long silence earns one burst, not more.
        assert_eq!((0..1000).filter(|_| bucket.take(1_000_000)).count(), 256);
    }

    #[test]
    fn fractions_of_a_line_are_not_lost() {
        let mut bucket = Bucket::full();
        while bucket.take(0) {}
        assert!(!bucket.take(1));
        assert!(bucket.take(2));
        assert!(!bucket.take(3));
        assert!(bucket.take(4));
    }
}
