//! A plugin as the engine asks it.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use wasmeter_engine::{View, ViewFault};
use wasmeter_model::{Attributes, Instrument, StreamSpec};

use super::Plugin;
use super::deadly::Question;
use super::held::Held;
use crate::failure::Refusal;

impl View for Plugin {
    fn name(&self) -> &str {
        self.label()
    }

    /// Once it has settled, what it cannot answer is what it last answered to the same question, if that is to hold, and
    /// otherwise what there would be without it. Others' swaps do not fail for it.
    fn streams(&self, instrument: &Instrument) -> Result<Option<Vec<StreamSpec>>, ViewFault> {
        let question = || Question::Streams(instrument.clone());
        match self.unless_deadly(question, || self.ask_streams(instrument)) {
            Ok(answer) => {
                self.hold(|held| held.keep_streams(instrument, &answer));
                Ok(answer)
            }
            Err(refusal) => {
                let answer = self.hold(|held| held.streams(instrument)).flatten().unwrap_or(None);
                self.without_answer(refusal, answer)
            }
        }
    }

    fn map_attributes(&self, tag: u32, attributes: &Attributes) -> Result<Option<Attributes>, ViewFault> {
        let question = || Question::Map(tag, attributes.clone());
        match self.unless_deadly(question, || self.ask_map(tag, attributes)) {
            Ok(answer) => {
                self.hold(|held| held.keep_map(tag, attributes, &answer));
                Ok(answer)
            }
            Err(refusal) => {
                let answer = self.hold(|held| held.map(tag, attributes)).flatten();
                self.without_answer(refusal, answer.unwrap_or_else(|| Some(attributes.clone())))
            }
        }
    }
}

impl Plugin {
    /// What the plugin last answered, if that is to hold.
    fn hold<R>(&self, with: impl FnOnce(&mut Held) -> R) -> Option<R> {
        self.held.as_ref().map(|held| with(&mut held.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// A question that got no answer is counted. A plugin that has settled is spoken for; of a newcomer it is told, so that
    /// what served before can return.
    fn without_answer<R>(&self, refusal: Refusal, answer: R) -> Result<R, ViewFault> {
        let fault = self.fault(refusal);
        if self.settled.load(Ordering::Relaxed) { Ok(answer) } else { Err(fault) }
    }

    /// Counts a question that got no answer, and words it for the engine.
    fn fault(&self, refusal: Refusal) -> ViewFault {
        self.count_fault(&refusal);
        ViewFault { view: self.label.as_str().into(), reason: refusal.to_string() }
    }
}
