//! What observers say goes into the engine.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use wasmeter_engine::Engine;
use wasmeter_model::frame::Frame;
use wasmeter_model::{Resource, Timestamp};
use wasmeter_runtime::{ObservedSeries, ObserverFault, Observers, Plugin, Taken};

use crate::clock::now;

/// The engine as observers fill it.
pub(super) struct Observing {
    engine: Engine,
    series: ObservedSeries,
    /// What was last wrong with each observer, by its file: told when it begins, and when it is over.
    troubles: Mutex<HashMap<PathBuf, String>>,
}

impl Observing {
    pub(super) fn new(engine: Engine, resource: Resource) -> Self {
        Self { engine, series: ObservedSeries::new(resource), troubles: Mutex::default() }
    }

    /// Takes in what one observer said, or tells why it said nothing.
    pub(super) fn take(&self, plugin: &Arc<Plugin>, answer: Result<Frame, ObserverFault>, now: Timestamp) {
        let trouble = match answer {
            Ok(frame) => self.enter(self.series.take(plugin, frame, now), now),
            Err(fault) => Some(fault.to_string()),
        };
        self.tell(plugin, trouble);
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
    pub(super) fn keep_only(&self, observers: &Observers) {
        let now = now();
        self.engine.ingest_observed(&self.series.keep_only(observers, now), now);
        let serves = |file: &PathBuf| observers.plugins().iter().any(|plugin| plugin.file() == file);
        self.troubles().retain(|file, _| serves(file));
    }

    fn tell(&self, plugin: &Plugin, trouble: Option<String>) {
        let mut troubles = self.troubles();
        // Numbers in it change all the time, the words do not.
        let words = |text: &str| text.chars().filter(|letter| !letter.is_ascii_digit()).collect::<String>();
        let known = troubles.get(plugin.file());
        match trouble {
            Some(trouble) if known != Some(&words(&trouble)) => {
                tracing::error!(plugin = %plugin.file().display(), "{trouble}");
                troubles.insert(plugin.file().to_owned(), words(&trouble));
            }
            None if troubles.remove(plugin.file()).is_some() => {
                tracing::info!(plugin = %plugin.file().display(), "it observes again");
            }
            _ => {}
        }
    }

    fn troubles(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, String>> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
