//! What observers say goes into the engine.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use wasmeter_engine::Engine;
use wasmeter_model::frame::Frame;
use wasmeter_model::{Resource, Timestamp};
use wasmeter_runtime::{ObservedSeries, ObserverFault, Observers, Plugin, Taken};

use crate::lock;

/// What there is to tell about an observer: once when something begins to be wrong with it, and once when that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObserverNews {
    /// It could not observe, or not all of what it said counts; which, why, and what to do.
    Fails(String),
    /// It observes again, and all of it counts.
    Recovered,
}

/// The engine as observers fill it.
pub(crate) struct Observing {
    engine: Engine,
    series: ObservedSeries,
    /// What was last wrong with each observer, by its file.
    troubles: Mutex<HashMap<PathBuf, String>>,
}

impl Observing {
    pub(crate) fn new(engine: Engine, resource: Resource) -> Self {
        Self { engine, series: ObservedSeries::new(resource), troubles: Mutex::default() }
    }

    /// Takes in what one observer said; what there is to tell about that.
    pub(crate) fn take(
        &self,
        plugin: &Arc<Plugin>,
        answer: Result<Frame, ObserverFault>,
        now: Timestamp,
    ) -> Option<ObserverNews> {
        let trouble = match answer {
            Ok(frame) => self.enter(self.series.take(plugin, frame, now), now),
            Err(fault) => Some(fault.to_string()),
        };
        self.news(plugin, trouble)
    }

    /// Enters an observation; says what of it is not counted.
    fn enter(&self, Taken { frame, ended, duplicates }: Taken, now: Timestamp) -> Option<String> {
        let report = self.engine.ingest_observed(&frame, now);
        self.engine.ingest_observed(&ended, now);
        let message = report.message();
        if duplicates > 0 {
            return Some(format!(
                "{duplicates} points are dropped, as another observer has the same series; give one of them other attributes"
            ));
        }
        (!message.is_empty()).then_some(message)
    }

    /// Ends what others than these observers said.
    pub(crate) fn keep_only(&self, observers: &Observers, now: Timestamp) {
        self.engine.ingest_observed(&self.series.keep_only(observers, now), now);
        let serves = |file: &PathBuf| observers.plugins().iter().any(|plugin| plugin.file() == file);
        lock(&self.troubles).retain(|file, _| serves(file));
    }

    fn news(&self, plugin: &Plugin, trouble: Option<String>) -> Option<ObserverNews> {
        let mut troubles = lock(&self.troubles);
        // Numbers in it change all the time, the words do not.
        let words = |text: &str| text.chars().filter(|letter| !letter.is_ascii_digit()).collect::<String>();
        match trouble {
            Some(trouble) => {
                let now = words(&trouble);
                let before = troubles.insert(plugin.file().to_owned(), now.clone());
                (before != Some(now)).then_some(ObserverNews::Fails(trouble))
            }
            None => troubles.remove(plugin.file()).map(|_| ObserverNews::Recovered),
        }
    }
}
