//! Times several contestants in turns.

use std::sync::Arc;
use std::time::Duration;

use super::crew::Crew;
use super::subject::{Subject, Work, counting};

/// Long enough for the clock, and much shorter than what a scheduler gives at a time: on a busy machine, too, most rounds go
/// without an interruption.
const ROUND: Duration = Duration::from_micros(250);
/// Of all instances of a case together.
const ROUNDS: usize = 400;
/// Rounds whose times do not count: caches, branch predictors and the processor's clock settle.
const WARM_UP_ROUNDS: usize = 20;
const TIMES_QUICK: u64 = 200;
/// What is timed of both processors around each instance of a case with two threads: some milliseconds.
const NEUTRAL_ROUNDS: usize = 20;
const NEUTRAL_TIMES: u64 = 200_000;

/// What is timed against others: a subject on some threads.
pub(super) struct Contestant<'a> {
    pub(super) subject: &'a Subject,
    /// 1 or 2.
    pub(super) threads: usize,
}

/// Nanoseconds for one measurement, over all threads together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    pub(super) median: f64,
    pub(super) fastest: f64,
}

/// The way everything is timed.
pub(super) struct Harness {
    quick: bool,
    pair: Crew,
    neutral: Arc<Work>,
}

impl Harness {
    pub(super) fn new(quick: bool) -> Self {
        Self { quick, pair: Crew::new(2), neutral: counting() }
    }

    /// Of how many instances a case is measured that wants so many.
    pub(super) fn instances(&self, wanted: usize) -> usize {
        if self.quick { 1 } else { wanted }
    }

    /// Times the contestants in turns, as one of so many instances of their case.
    pub(super) fn time(&self, contestants: &[Contestant<'_>], instances: usize) -> Vec<Timing> {
        let times: Vec<u64> = contestants.iter().map(|contestant| self.calibrated(contestant)).collect();
        let rounds = if self.quick { 1 } else { WARM_UP_ROUNDS + ROUNDS / instances };
        let mut nanos = vec![Vec::with_capacity(rounds); contestants.len()];
        for round in 0..rounds {
            let mut turn = |((contestant, times), nanos): ((&Contestant<'_>, &u64), &mut Vec<f64>)| {
                let all = *times * contestant.threads as u64;
                nanos.push(self.once(contestant, *times).as_secs_f64() * 1e9 / all as f64);
            };
            // Whoever comes last is interrupted more often: the scheduler's time starts with whoever comes first.
            let turns = contestants.iter().zip(&times).zip(&mut nanos);
            if round % 2 == 0 { turns.for_each(&mut turn) } else { turns.rev().for_each(&mut turn) }
        }
        let warm_up = if self.quick { 0 } else { WARM_UP_ROUNDS };
        nanos.into_iter().map(|nanos| Timing::of(nanos.into_iter().skip(warm_up).collect())).collect()
    }

    /// How long two threads take for what touches no memory: more while neighbours use one of the processors. Neither side has a
    /// part in it.
    pub(super) fn neutral_on_two_threads(&self) -> Duration {
        let rounds = if self.quick { 1 } else { NEUTRAL_ROUNDS };
        (0..rounds).map(|_| self.pair.run(&self.neutral, NEUTRAL_TIMES)).sum()
    }

    fn once(&self, contestant: &Contestant<'_>, times: u64) -> Duration {
        let subject = contestant.subject;
        subject.note(times * contestant.threads as u64);
        if contestant.threads == 1 { (subject.work)(0, times) } else { self.pair.run(&subject.work, times) }
    }

    /// How many times fill a round.
    fn calibrated(&self, contestant: &Contestant<'_>) -> u64 {
        if self.quick {
            return TIMES_QUICK.min(contestant.subject.times_quick);
        }
        let mut times = 1;
        loop {
            let took = self.once(contestant, times);
            if took >= ROUND / 2 {
                return ((times as f64 * ROUND.as_secs_f64() / took.as_secs_f64()).ceil() as u64).max(1);
            }
            times *= 2;
        }
    }
}

impl Timing {
    fn of(mut nanos: Vec<f64>) -> Self {
        nanos.sort_by(f64::total_cmp);
        let at = |place: usize| nanos.get(place).copied().unwrap_or(f64::NAN);
        Self { median: at(nanos.len() / 2), fastest: at(0) }
    }

    /// The mean of several instances of one contestant, without the quickest and the slowest quarter of them.
    pub(super) fn mean(instances: &[Self]) -> Self {
        let mean = |of: fn(&Self) -> f64| {
            let mut nanos: Vec<f64> = instances.iter().map(of).collect();
            nanos.sort_by(f64::total_cmp);
            let quarter = nanos.len() / 4;
            let middle = nanos.get(quarter..nanos.len() - quarter).unwrap_or_default();
            middle.iter().sum::<f64>() / middle.len() as f64
        };
        Self { median: mean(|timing| timing.median), fastest: mean(|timing| timing.fastest) }
    }
}

#[cfg(test)]
mod tests {
    use super::Timing;

    #[test]
    fn one_slow_round_does_not_move_the_median() {
        let timing = Timing::of(vec![9.0, 1000.0, 11.0, 10.0, 8.0]);
        assert_eq!((timing.median, timing.fastest), (10.0, 8.0));
    }

    #[test]
    fn one_disturbed_instance_does_not_move_the_mean() {
        let instance = |nanos| Timing { median: nanos, fastest: nanos };
        assert_eq!(
            Timing::mean(&[instance(500.0), instance(10.0), instance(12.0), instance(9.0)]).median,
            11.0
        );
        assert_eq!(Timing::mean(&[instance(10.0)]).median, 10.0);
    }
}
