//! When collections share what an observer said.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use wasmeter_model::Timestamp;

/// How much later than a collection another one may have been whose observation it shares: their clocks were read before the
/// waiting.
const OVERTAKEN_MAX: Duration = Duration::from_secs(1);

/// The turns of one observer. Collections that come while it observes wait for that and share it.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// How many turns have ended.
    ended: AtomicU64,
    /// When the last one began.
    last: Mutex<Option<Timestamp>>,
}

impl Turn {
    /// Has `observe` run, unless a turn ended after this was called or one began less than `interval` ago. Of a clock that goes
    /// back it is assumed that the interval is over.
    pub(crate) fn take(&self, now: Timestamp, interval: Duration, observe: impl FnOnce()) {
        let known = self.ended.load(Ordering::Acquire);
        self.take_after(known, now, interval, observe);
    }

    /// The same, where `known` turns had ended when it was called for.
    fn take_after(&self, known: u64, now: Timestamp, interval: Duration, observe: impl FnOnce()) {
        // After a panic of the host in the middle of a turn the next one simply begins.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if self.ended.load(Ordering::Acquire) != known {
            return;
        }
        let is_shared = |last: Timestamp| {
            if last < now { now.since(last) < interval } else { last.since(now) < OVERTAKEN_MAX }
        };
        if last.is_some_and(is_shared) {
            return;
        }
        *last = Some(now);
        observe();
        self.ended.fetch_add(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn every_collection_has_its_turn_without_an_interval_and_shares_within_one() {
        for (interval, expected) in [(0, 4), (2, 3), (10, 2)] {
            let (turn, mut turns) = (Turn::default(), 0);
            // The last one is by a clock that was set back.
            for now in [100, 101, 102, 5] {
                turn.take(at(now), Duration::from_secs(interval), || turns += 1);
            }
            assert_eq!(turns, expected, "{interval} s");
        }
    }

    #[test]
    fn who_waited_for_a_turn_shares_it() {
        let (turn, mut turns) = (Turn::default(), 0);
        let known = turn.ended.load(Ordering::Acquire);
        turn.take(at(1), Duration::ZERO, || turns += 1);
        turn.take_after(known, at(1), Duration::ZERO, || turns += 1);
        assert_eq!(turns, 1);
    }
}
