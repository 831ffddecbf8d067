//! What a View answered last, for when it cannot answer any more.

use std::collections::HashMap;
use std::sync::Arc;

use wasmeter_model::{Attributes, Instrument, StreamSpec};

/// Answers kept of each kind. What comes later is not kept: the first sets are those that have been there longest.
const ANSWERS_MAX: usize = 100_000;

/// Answers by question.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// By the instrument's name, as names rarely repeat.
    streams: HashMap<Arc<str>, Vec<StreamsAnswer>>,
    instruments: usize,
    maps: HashMap<(u32, Attributes), Option<Attributes>>,
}

type StreamsAnswer = (Instrument, Option<Vec<StreamSpec>>);

impl Held {
    pub(super) fn keep_streams(&mut self, instrument: &Instrument, answer: &Option<Vec<StreamSpec>>) {
        let same_name = self.streams.get_mut(&instrument.name).into_iter().flatten();
        for (known, held) in same_name {
            if known == instrument {
                return held.clone_from(answer);
            }
        }
        if self.instruments < ANSWERS_MAX {
            self.instruments += 1;
            let same_name = self.streams.entry(instrument.name.clone()).or_default();
            same_name.push((instrument.clone(), answer.clone()));
        }
    }

    pub(super) fn streams(&self, instrument: &Instrument) -> Option<Option<Vec<StreamSpec>>> {
        let same_name = self.streams.get(&instrument.name)?;
        same_name.iter().find(|(known, _)| known == instrument).map(|(_, answer)| answer.clone())
    }

    pub(super) fn keep_map(&mut self, tag: u32, attributes: &Attributes, answer: &Option<Attributes>) {
        let question = (tag, attributes.clone());
        if self.maps.len() < ANSWERS_MAX || self.maps.contains_key(&question) {
            self.maps.insert(question, answer.clone());
        }
    }

    pub(super) fn map(&self, tag: u32, attributes: &Attributes) -> Option<Option<Attributes>> {
        self.maps.get(&(tag, attributes.clone())).cloned()
    }
}
