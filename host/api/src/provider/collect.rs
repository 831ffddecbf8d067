//! A collection of one reader: the callbacks, within their time, then the frame.

use std::sync::Arc;
use std::time::Instant;

use wasmeter_engine::Observations;
use wasmeter_model::frame::Frame;

use super::Core;
use crate::callbacks::{Ended, LeftOut, Outcome, Why};
use crate::diagnostics::DiagnosticKind;

impl Core {
    /// What a reader exports now, which has until `deadline` to do so.
    pub(crate) fn collect(&self, reader: usize, deadline: Option<Instant>) -> Frame {
        let turn = self.callbacks.turn(reader);
        let runs = self.engine.callback_runs(self.now());
        let outcome = self.callbacks.run(runs, deadline);
        let (observations, problems) = self.judged(outcome);
        let frame = self.engine.collect_observed(reader, observations, self.now());
        drop(turn);
        for problem in problems {
            self.diagnostics.tell_once(DiagnosticKind::Callback, problem);
        }
        self.tell_notices();
        frame
    }

    /// What callbacks observed that were done in time, and what there is to say about the others, which are counted.
    fn judged(&self, outcome: Outcome) -> (Vec<Observations>, Vec<String>) {
        let (mut observations, mut problems) = (Vec::new(), Vec::new());
        if let Some(error) = outcome.no_thread {
            problems.push(format!("no thread could be started to run callbacks on: {error}"));
        }
        for LeftOut { instrument, why } in outcome.left_out {
            match why {
                Why::Late => self.tally.callbacks_late.add(),
                Why::StillRunning | Why::NoTime => self.tally.callbacks_skipped.add(),
            }
            problems.extend(complaint(&instrument, why));
        }
        for Ended { instrument, result } in outcome.ended {
            match result {
                Ok(observed) => observations.push(observed),
                Err(text) => {
                    self.tally.callback_panics.add();
                    problems.push(format!(
                        "a callback of instrument `{instrument}` panicked: {text}; nothing it had observed counts"
                    ));
                }
            }
        }
        (observations, problems)
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
