//! When a plugin that lost its instance gets another: a state machine that is told the time.

use std::time::Duration;

/// How a plugin is started again after it lost its instance to a trap, a deadline or a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartPolicy {
    /// Restarts at the very next question; 2. One bad question does not keep a plugin from the good ones after it.
    pub at_once: u32,
    /// The wait before the first restart after those; 200 ms. Doubled each time, and each time shortened by up to a half,
    /// so that plugins that failed together do not come back together.
    pub backoff: Duration,
    /// The longest wait; 30 s.
    pub backoff_max: Duration,
    /// Restarts in a row; 5. A plugin that needs more is quarantined: its build is not asked again.
    pub restarts_max: u32,
    /// How long a plugin must not fail for its restarts to be forgotten; 60 s.
    pub healthy_after: Duration,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self {
            at_once: 2,
            backoff: Duration::from_millis(200),
            backoff_max: Duration::from_secs(30),
            restarts_max: 5,
            healthy_after: Duration::from_secs(60),
        }
    }
}

/// Whether there may be another instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// From this time on.
    Wait {
        /// A time since the start of the clock that the supervisor is told.
        until: Duration,
    },
    /// Never.
    Quarantine,
}

/// Counts one plugin's failures.
#[derive(Debug)]
pub(super) struct Supervisor {
    policy: RestartPolicy,
    seed: u64,
    failures: u32,
    failed_at: Duration,
    verdict: Verdict,
}

impl Supervisor {
    /// Plugins with unlike seeds wait unlike times.
    pub(super) fn new(policy: RestartPolicy, seed: u64) -> Self {
        let verdict = Verdict::Wait { until: Duration::ZERO };
        Self { policy, seed, failures: 0, failed_at: Duration::ZERO, verdict }
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Failures in a row.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// The instance was lost, or a new one could not be made.
    pub(super) fn failed(&mut self, now: Duration) -> Verdict {
        if now.saturating_sub(self.failed_at) >= self.policy.healthy_after {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        self.failed_at = now;
        let RestartPolicy { at_once, restarts_max, .. } = self.policy;
        self.verdict = match self.failures.checked_sub(at_once.saturating_add(1)) {
            _ if self.failures > restarts_max => Verdict::Quarantine,
            None => Verdict::Wait { until: now },
            Some(doublings) => Verdict::Wait { until: now.saturating_add(self.wait(doublings)) },
        };
        self.verdict
    }

    /// True if an instance may be made now.
    pub(super) fn may_start(&self, now: Duration) -> bool {
        matches!(self.verdict, Verdict::Wait { until } if until <= now)
    }

    /// Lets the plugin start at once, unless it is quarantined.
    pub(super) fn forgive(&mut self) {
        if matches!(self.verdict, Verdict::Wait { .. }) {
            self.failures = 0;
            self.verdict = Verdict::Wait { until: Duration::ZERO };
        }
    }

    fn wait(&self, doublings: u32) -> Duration {
        let RestartPolicy { backoff, backoff_max, .. } = self.policy;
        let longest = backoff.saturating_mul(2u32.saturating_pow(doublings)).min(backoff_max);
        let half = longest / 2;
        let nanos = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX);
        half + Duration::from_nanos(mix(self.seed ^ u64::from(doublings)) % nanos.saturating_add(1))
    }
}

/// Spreads a number over all numbers (the finaliser of SplitMix64).
const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn generous() -> RestartPolicy {
        RestartPolicy { restarts_max: 100, ..RestartPolicy::default() }
    }

    /// The wait after a failure at `now`.
    fn waits(supervisor: &mut Supervisor, now: Duration) -> Duration {
        match supervisor.failed(now) {
            Verdict::Wait { until } => until - now,
            Verdict::Quarantine => panic!("quarantined"),
        }
    }

    #[test]
    fn the_first_restarts_come_at_once_and_then_each_waits_twice_as_long_up_to_the_longest() {
        let mut supervisor = Supervisor::new(generous(), 7);
        let mut now = SECOND;
        assert!(supervisor.may_start(now));
        for expected_ms in [0, 0, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000] {
            let wait = waits(&mut supervisor, now);
            let longest = Duration::from_millis(expected_ms);
            assert!(wait >= longest / 2 && wait <= longest, "{wait:?} for {longest:?}");
            assert!(supervisor.may_start(now + wait));
            assert!(wait.is_zero() || !supervisor.may_start(now + wait - Duration::from_nanos(1)));
            now += wait;
        }
    }

    #[test]
    fn a_seed_decides_the_waits_and_unlike_seeds_wait_unlike_times() {
        let third = |seed| {
            let mut supervisor = Supervisor::new(generous(), seed);
            waits(&mut supervisor, SECOND);
            waits(&mut supervisor, SECOND);
            waits(&mut supervisor, SECOND)
        };
        assert_eq!(third(1), third(1));
        let unlike: std::collections::BTreeSet<_> = (0..100).map(third).collect();
        assert!(unlike.len() > 90, "{}", unlike.len());
    }

    #[test]
    fn more_restarts_in_a_row_than_allowed_end_in_quarantine_for_good() {
        let mut supervisor = Supervisor::new(RestartPolicy::default(), 7);
        for _ in 0..5 {
            waits(&mut supervisor, SECOND);
        }
        assert_eq!(supervisor.failed(SECOND), Verdict::Quarantine);
        supervisor.forgive();
        assert!(!supervisor.may_start(Duration::MAX));
    }

    #[test]
    fn a_minute_without_failure_is_a_new_beginning() {
        let mut supervisor = Supervisor::new(RestartPolicy::default(), 7);
        let mut now = 100 * SECOND;
        // Four failures a minute are too few for quarantine, for ever.
        for _ in 0..100 {
            for _ in 0..4 {
                waits(&mut supervisor, now);
            }
            assert_eq!(supervisor.failures(), 4);
            now += 60 * SECOND;
        }
    }

    #[test]
    fn what_is_forgiven_waits_no_longer() {
        let mut supervisor = Supervisor::new(generous(), 7);
        for _ in 0..10 {
            waits(&mut supervisor, SECOND);
        }
        assert!(!supervisor.may_start(SECOND));
        supervisor.forgive();
        assert!(supervisor.may_start(SECOND));
    }
}
