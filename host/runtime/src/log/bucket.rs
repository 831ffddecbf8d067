//! The rate limit of one plugin's log, on the epoch clock: no wall clock is read, and a test can be its own clock.

use crate::config::TICK;

/// What a line costs. A tick brings as much as lines are allowed per second, so that no fraction of a line is lost.
const LINE: u64 = 1000 / TICK.as_millis() as u64;

/// A token bucket.
#[derive(Debug)]
pub(super) struct Bucket {
    credit: u64,
    credit_max: u64,
    credit_per_tick: u64,
    filled_ticks: u64,
}

impl Bucket {
    /// A bucket of which `burst_lines` can be taken at once and `lines_per_sec` in the long run.
    pub(super) fn full(lines_per_sec: u32, burst_lines: u32) -> Self {
        let credit_max = u64::from(burst_lines) * LINE;
        Self { credit: credit_max, credit_max, credit_per_tick: lines_per_sec.into(), filled_ticks: 0 }
    }

    /// True if a line may be written at this tick.
    pub(super) fn take(&mut self, now_ticks: u64) -> bool {
        let ticks = now_ticks.saturating_sub(self.filled_ticks);
        self.filled_ticks = self.filled_ticks.max(now_ticks);
        let earned = ticks.saturating_mul(self.credit_per_tick);
        self.credit = self.credit.saturating_add(earned).min(self.credit_max);
        match self.credit.checked_sub(LINE) {
            Some(left) => {
                self.credit = left;
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
        let mut bucket = Bucket::full(50, 256);
        assert_eq!((0..1000).filter(|_| bucket.take(0)).count(), 256);
        // One second later: 50 lines more.
        assert_eq!((0..1000).filter(|_| bucket.take(100)).count(), 50);
        // A long silence earns one burst, not more.
        assert_eq!((0..1000).filter(|_| bucket.take(1_000_000)).count(), 256);
    }

    #[test]
    fn fractions_of_a_line_are_not_lost() {
        let mut bucket = Bucket::full(50, 256);
        while bucket.take(0) {}
        assert!(!bucket.take(1));
        assert!(bucket.take(2));
        assert!(!bucket.take(3));
        assert!(bucket.take(4));
    }

    #[test]
    fn nothing_passes_where_nothing_is_allowed() {
        assert!(!Bucket::full(1000, 0).take(1_000_000));
        let mut once = Bucket::full(0, 1);
        assert!(once.take(0) && !once.take(1_000_000));
    }
}
