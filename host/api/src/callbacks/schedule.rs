//! Which runs of callbacks wait, which are under way and which are over. No thread and no clock.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use wasmeter_engine::{CallbackRun, Observations};

/// A run that waits for a thread, or has one.
pub(super) struct Job {
    round: u64,
    pub(super) run: CallbackRun,
}

/// A run that is over.
pub(crate) struct Ended {
    /// The instrument of the callback, the first one if there are several.
    pub(crate) instrument: Arc<str>,
    /// What it observed, or what it panicked with.
    pub(crate) result: Result<Observations, String>,
}

/// A callback whose series a collection has to do without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// The instrument of the callback, the first one if there are several.
    pub(crate) instrument: Arc<str>,
    pub(crate) why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It did not return in time.
    Late,
    /// A run that was given up before still has not returned.
    StillRunning,
    /// The time was over before its turn came.
    NoTime,
}

/// The runs of all collections that are under way. Those of one collection are a round.
#[derive(Default)]
pub(super) struct Schedule {
    last_round: u64,
    waiting: VecDeque<Job>,
    /// By the number of the callback: each has one run at most.
    running: HashMap<u64, Running>,
    /// How many runs of a round may still report an instrument, by instrument and round. All callbacks of an instrument end
    /// before one begins for the next round (metrics SDK, "Observations inside asynchronous callbacks").
    unfinished: BTreeMap<(u64, u64), usize>,
    rounds: HashMap<u64, Round>,
}

struct Running {
    round: u64,
    instrument: Arc<str>,
    instruments: Vec<u64>,
    /// True if nobody waits for it any more.
    is_given_up: bool,
}

#[derive(Default)]
struct Round {
    unfinished: usize,
    ended: Vec<Ended>,
    left_out: Vec<LeftOut>,
    never_begun: Vec<Job>,
}

/// What became of a round.
#[derive(Default)]
pub(super) struct Finished {
    pub(super) ended: Vec<Ended>,
    pub(super) left_out: Vec<LeftOut>,
    /// Not dropped here, as that may run code of the application.
    pub(super) never_begun: Vec<Job>,
}

impl Job {
    pub(super) fn callback(&self) -> u64 {
        self.run.callback()
    }

    #[cfg(test)]
    pub(super) fn round(&self) -> u64 {
        self.round
    }

    fn instrument(&self) -> Arc<str> {
        self.run.instrument_name().cloned().unwrap_or_default()
    }
}

impl Schedule {
    /// Takes in the runs of a collection. A callback that hangs is left out.
    pub(super) fn begin(&mut self, runs: Vec<CallbackRun>) -> u64 {
        self.last_round += 1;
        let number = self.last_round;
        let mut round = Round::default();
        for run in runs {
            let job = Job { round: number, run };
            if self.running.get(&job.callback()).is_some_and(|running| running.is_given_up) {
                round.leave_out(job, Why::StillRunning);
                continue;
            }
            for instrument in job.run.instruments() {
                *self.unfinished.entry((instrument, number)).or_default() += 1;
            }
            round.unfinished += 1;
            self.waiting.push_back(job);
        }
        self.rounds.insert(number, round);
        number
    }

    /// The next run that may begin.
    pub(super) fn next(&mut self) -> Option<Job> {
        let at = self.waiting.iter().position(|job| self.may_begin(job))?;
        let job = self.waiting.remove(at)?;
        let instruments = job.run.instruments().collect();
        let running =
            Running { round: job.round, instrument: job.instrument(), instruments, is_given_up: false };
        self.running.insert(job.callback(), running);
        Some(job)
    }

    fn may_begin(&self, job: &Job) -> bool {
        let is_first = |instrument: u64| {
            let mut rounds = self.unfinished.range((instrument, 0)..=(instrument, job.round));
            rounds.next().is_none_or(|((_, first), _)| *first == job.round)
        };
        !self.running.contains_key(&job.callback()) && job.run.instruments().all(is_first)
    }

    /// Takes note of a run that has ended; what one observed that was given up is dropped. True if that was the last run of
    /// its round.
    pub(super) fn end(&mut self, callback: u64, result: Result<Observations, String>) -> bool {
        let Some(running) = self.running.remove(&callback) else { return false };
        self.release(running.round, running.instruments);
        // There is none if it was given up.
        let Some(round) = self.rounds.get_mut(&running.round) else { return false };
        round.unfinished = round.unfinished.saturating_sub(1);
        round.ended.push(Ended { instrument: running.instrument, result });
        round.unfinished == 0
    }

    /// True if there is nothing to wait for in a round.
    pub(super) fn is_over(&self, round: u64) -> bool {
        self.rounds.get(&round).is_none_or(|round| round.unfinished == 0)
    }

    /// How many runs could begin if there was a thread for them.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.iter().filter(|job| self.may_begin(job)).count()
    }

    /// How many have begun and not ended.
    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    /// True if nothing is kept.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        let Self { last_round: _, waiting, running, unfinished, rounds } = self;
        waiting.is_empty() && running.is_empty() && unfinished.is_empty() && rounds.is_empty()
    }

    /// Ends a round: what has not begun never will, and what has not ended is given up.
    pub(super) fn finish(&mut self, number: u64) -> Finished {
        let mut round = self.rounds.remove(&number).unwrap_or_default();
        if round.unfinished > 0 {
            let all = std::mem::take(&mut self.waiting).into_iter();
            let (of_round, others): (VecDeque<Job>, _) = all.partition(|job| job.round == number);
            self.waiting = others;
            let mut given_up = Vec::new();
            for job in of_round {
                given_up.extend(job.run.instruments());
                round.leave_out(job, Why::NoTime);
            }
            for running in self.running.values_mut().filter(|running| running.round == number) {
                running.is_given_up = true;
                given_up.append(&mut running.instruments);
                round.left_out.push(LeftOut { instrument: running.instrument.clone(), why: Why::Late });
            }
            self.release(number, given_up);
        }
        Finished { ended: round.ended, left_out: round.left_out, never_begun: round.never_begun }
    }

    fn release(&mut self, round: u64, instruments: Vec<u64>) {
        for instrument in instruments {
            if let Some(count) = self.unfinished.get_mut(&(instrument, round)) {
                *count -= 1;
                if *count == 0 {
                    self.unfinished.remove(&(instrument, round));
                }
            }
        }
    }
}

impl Round {
    fn leave_out(&mut self, job: Job, why: Why) {
        self.left_out.push(LeftOut { instrument: job.instrument(), why });
        self.never_begun.push(job);
    }
}
