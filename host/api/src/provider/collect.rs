//! A collection of one reader: the callbacks, within their time, then the observers of the plugin directory, then the frame, then
//! what producers have.

use std::sync::Arc;
use std::time::Instant;

use wasmeter_engine::{Observations, append_filtered};
use wasmeter_model::frame::{Frame, FrameBuilder};

use super::Core;
use crate::busy::Busy;
use crate::callbacks::{Ended, LeftOut, Outcome, Why};
use crate::diagnostics::DiagnosticKind;
use crate::plugins::Gathered;
use crate::reader::{CollectFailure, ProduceRequest};

impl Core {
    /// What a reader exports now, which has until `deadline` to do so: not processed yet, and with what is missing from it.
    pub(crate) fn collect(
        &self,
        reader: usize,
        deadline: Option<Instant>,
    ) -> (Gathered, Vec<CollectFailure>) {
        let turn = self.callbacks.turn(reader);
        let runs = self.engine.callback_runs(self.now());
        let outcome = self.callbacks.run(runs, deadline);
        let (observations, problems, mut failures) = self.judged(outcome);
        let collect = |now| self.engine.collect_observed(reader, observations, now);
        let mut gathered = self.plugins.collect(|| self.now(), collect);
        self.add_produced(reader, &mut gathered.frame, &mut failures, deadline);
        drop(turn);
        for problem in problems {
            self.diagnostics.tell_once(DiagnosticKind::Callback, problem);
        }
        self.tell_notices();
        (gathered, failures)
    }

    /// Adds what the producers of the reader have, as far as it passes the reader's filter.
    fn add_produced(
        &self,
        reader: usize,
        frame: &mut Frame,
        failures: &mut Vec<CollectFailure>,
        deadline: Option<Instant>,
    ) {
        let Some((producers, filter)) = self.producers.get(reader) else { return };
        let filter = filter.as_deref();
        let request = ProduceRequest { resource: &self.resource, filter, now: self.now(), deadline };
        let busy = Busy::begin();
        let (mut all, told_from) = (None, failures.len());
        for (name, outcome) in producers.produce(&request) {
            let produced = match outcome {
                Ok(produced) => produced,
                Err(error) => {
                    failures.push(CollectFailure::Producer(name, error));
                    continue;
                }
            };
            let parts = produced.failures.into_iter();
            failures.extend(parts.map(|reason| CollectFailure::ProducerPart(name.clone(), reason)));
            let all = all.get_or_insert_with(|| {
                let mut all = FrameBuilder::new();
                all.append(frame, |_, _| true);
                all
            });
            append_filtered(all, &produced.frame, filter);
        }
        drop(busy);
        for failure in failures.iter().skip(told_from) {
            self.tally.producer_failures.add();
            self.diagnostics.tell_once(DiagnosticKind::Producer, failure.to_string());
        }
        if let Some(all) = all {
            *frame = all.finish();
        }
    }

    /// What callbacks observed that were done in time, and what there is to say about the others, which are counted.
    fn judged(&self, outcome: Outcome) -> (Vec<Observations>, Vec<String>, Vec<CollectFailure>) {
        let (mut observations, mut problems, mut failures) = (Vec::new(), Vec::new(), Vec::new());
        if let Some(error) = outcome.no_thread {
            failures.push(CollectFailure::NoThread(error.to_string()));
            problems.push(format!("no thread could be started to run callbacks on: {error}"));
        }
        for LeftOut { instrument, why } in outcome.left_out {
            match why {
                Why::Late => self.tally.callbacks_late.add(),
                Why::StillRunning | Why::NoTime => self.tally.callbacks_skipped.add(),
            }
            problems.extend(complaint(&instrument, why));
            failures.push(CollectFailure::CallbackTimeout(instrument));
        }
        for Ended { instrument, result } in outcome.ended {
            match result {
                Ok(observed) => observations.push(observed),
                Err(text) => {
                    self.tally.callback_panics.add();
                    failures.push(CollectFailure::CallbackPanicked(instrument.clone(), text.clone()));
                    problems.push(format!(
                        "a callback of instrument `{instrument}` panicked: {text}; nothing it had observed counts"
                    ));
                }
            }
        }
        (observations, problems, failures)
    }
}

fn complaint(instrument: &Arc<str>, why: Why) -> Option<String> {
    match why {
        Why::Late => Some(format!(
            "a callback of instrument `{instrument}` did not return in time: what it reports is missing from this \
             collection, and from all others until it returns; have it report what is at hand, or give it more time by \
             `with_callback_timeout` and the reader's timeout"
        )),
        Why::NoTime => Some(format!(
            "a callback of instrument `{instrument}` had no turn before the time for callbacks was over: what it reports \
             is missing from this collection; give them more time by `with_callback_timeout` and the reader's timeout"
        )),
        // It was late before, which has been told.
        Why::StillRunning => None,
    }
}
