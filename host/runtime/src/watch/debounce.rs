//! When unrest is over: a state machine that is told the time.

use std::time::Duration;

/// How long it must be quiet.
const QUIET: Duration = Duration::from_millis(200);
/// How long unrest may delay, so that a file that is written for ever does not hide the others.
const DELAY_MAX: Duration = Duration::from_secs(2);

/// Turns bursts of events into single changes. Times are durations since any fixed moment.
#[derive(Debug, Default)]
pub(super) struct Debounce {
    /// The first and the last event since the last change.
    unrest: Option<(Duration, Duration)>,
}

impl Debounce {
    /// Something happened.
    pub(super) fn event(&mut self, now: Duration) {
        let first = self.unrest.map_or(now, |(first, _)| first);
        self.unrest = Some((first, now));
    }

    /// When the change is due, if nothing more happens.
    pub(super) fn due_at(&self) -> Option<Duration> {
        let (first, last) = self.unrest?;
        Some(last.saturating_add(QUIET).min(first.saturating_add(DELAY_MAX)))
    }

    /// True once for each change, when it is due.
    pub(super) fn take(&mut self, now: Duration) -> bool {
        let due = self.due_at().is_some_and(|due| now >= due);
        if due {
            self.unrest = None;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_burst_is_one_change_after_the_quiet() {
        let mut debounce = Debounce::default();
        for at in [0, 50, 150, 300] {
            debounce.event(ms(at));
            assert!(!debounce.take(ms(at)));
        }
        assert_eq!(debounce.due_at(), Some(ms(500)));
        assert!(!debounce.take(ms(499)));
        assert!(debounce.take(ms(500)));
        assert!(!debounce.take(ms(10_000)));
        assert_eq!(debounce.due_at(), None);
    }

    #[test]
    fn endless_unrest_does_not_delay_endlessly() {
        let mut debounce = Debounce::default();
        let changes = (0..100u64)
            .filter(|step| {
                debounce.event(ms(step * 100));
                debounce.take(ms(step * 100))
            })
            .count();
        assert_eq!(changes, 4, "10 s of events every 100 ms, a change at most every 2 s");
    }
}
