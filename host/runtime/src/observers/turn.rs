//! When an observer observes, and for how long collections wait for it: one at a time has it observe, the others share what it says.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use wasmeter_model::Timestamp;

use crate::plugin::Plugin;

/// How much later than a collection another one may have been whose observation it shares: their clocks were read before the
/// waiting.
const OVERTAKEN_MAX: Duration = Duration::from_secs(1);

/// The turns of one observer, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_on: bool,
    /// The time of the collection that last had it observe.
    last: Option<Timestamp>,
}

impl Turns {
    /// Begins a turn for a collection at `now`; false if it shares another: one that is on, or that began less than `interval` ago.
    /// Of a clock that goes back it is assumed that the interval is over.
    fn begin(&self, now: Timestamp, interval: Duration) -> bool {
        let mut state = self.lock();
        let is_shared = |last: Timestamp| {
            if last < now { now.since(last) < interval } else { last.since(now) < OVERTAKEN_MAX }
        };
        if state.is_on || state.last.is_some_and(is_shared) {
            return false;
        }
        state.is_on = true;
        true
    }

    /// The observer is asked now.
    fn ask(&self, now: Timestamp) {
        self.lock().last = Some(now);
    }

    fn end(&self) {
        self.lock().is_on = false;
        self.ended.notify_all();
    }

    /// Waits for the end of the turn that is on, if any. False if it is on even then.
    pub(super) fn wait(&self, until: Instant) -> bool {
        let left = until.saturating_duration_since(Instant::now());
        let waited = self.ended.wait_timeout_while(self.lock(), left, |state| state.is_on);
        !waited.unwrap_or_else(PoisonError::into_inner).0.is_on
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A turn that is on. It ends with the value, on whatever thread, so that a panic of the host ends it too.
pub(super) struct Turn(Arc<Plugin>);

impl Turn {
    /// `None` if the collection shares another.
    pub(super) fn begin(observer: &Arc<Plugin>, now: Timestamp) -> Option<Self> {
        observer.turns().begin(now, observer.observe_interval()).then(|| Self(observer.clone()))
    }

    /// The observer, to be asked at once.
    pub(super) fn observer(&self, now: Timestamp) -> &Arc<Plugin> {
        self.0.turns().ask(now);
        &self.0
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.turns().end();
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
            let turns = Turns::default();
            // The last one is by a clock that was set back.
            let begun = [100, 101, 102, 5].into_iter().filter(|now| {
                let begins = turns.begin(at(*now), Duration::from_secs(interval));
                if begins {
                    turns.ask(at(*now));
                    turns.end();
                }
                begins
            });
            assert_eq!(begun.count(), expected, "{interval} s");
        }
    }

    #[test]
    fn who_comes_during_a_turn_or_was_overtaken_by_one_shares_it() {
        let turns = Turns::default();
        assert!(turns.begin(at(2), Duration::ZERO));
        assert!(!turns.begin(at(100), Duration::ZERO), "it is on");
        turns.ask(at(2));
        turns.end();
        let overtaken = Timestamp(at(2).0 - 1);
        assert!(!turns.begin(overtaken, Duration::ZERO) && turns.begin(at(3), Duration::ZERO));
    }

    #[test]
    fn one_that_was_never_asked_is_not_shared() {
        let turns = Turns::default();
        assert!(turns.begin(at(1), Duration::ZERO));
        turns.end();
        assert!(turns.begin(at(1), Duration::ZERO));
    }

    #[test]
    fn a_turn_is_waited_for_as_long_as_is_said() {
        let turns = Turns::default();
        assert!(turns.wait(Instant::now()), "nobody is there to be waited for");
        assert!(turns.begin(at(1), Duration::ZERO));
        assert!(!turns.wait(Instant::now() + Duration::from_millis(5)));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| turns.wait(Instant::now() + Duration::from_secs(60)));
            turns.end();
            assert!(waiting.join().unwrap());
        });
    }
}
