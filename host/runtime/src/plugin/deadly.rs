//! Questions that end instances: what trapped twice would trap again, and take the answers to all other questions with it.

use std::collections::VecDeque;

use wasmeter_model::{Attributes, Instrument};

/// Questions remembered; of more, the oldest are forgotten.
const QUESTIONS_MAX: usize = 64;
/// How many instances a question may end. The first could be bad luck, such as a machine that is too busy for a deadline.
const ENDED_MAX: u32 = 2;

/// What a View was asked.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Question {
    Streams(Instrument),
    Map(u32, Attributes),
}

/// The questions that ended instances in this generation.
#[derive(Debug, Default)]
pub(super) struct Deadly(VecDeque<(Question, u32)>);

impl Deadly {
    /// The question ended an instance.
    pub(super) fn ended(&mut self, question: Question) {
        if let Some((_, ended)) = self.0.iter_mut().find(|(known, _)| *known == question) {
            *ended = ended.saturating_add(1);
            return;
        }
        if self.0.len() == QUESTIONS_MAX {
            self.0.pop_front();
        }
        self.0.push_back((question, 1));
    }

    /// Whether the question is not asked any more.
    pub(super) fn is_deadly(&self, question: &Question) -> bool {
        self.0.iter().any(|(known, ended)| *ended >= ENDED_MAX && known == question)
    }

    /// Whether there is any question to look for.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_deadly_the_second_time_and_the_oldest_are_forgotten() {
        let question = |tag| Question::Map(tag, Attributes::empty());
        let mut deadly = Deadly::default();
        deadly.ended(question(0));
        assert!(!deadly.is_deadly(&question(0)));
        deadly.ended(question(0));
        assert!(deadly.is_deadly(&question(0)) && !deadly.is_deadly(&question(1)));
        (1..=64).for_each(|tag| deadly.ended(question(tag)));
        assert!(!deadly.is_deadly(&question(0)));
        assert_eq!(deadly.0.len(), QUESTIONS_MAX);
    }
}
