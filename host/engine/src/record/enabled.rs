//! What an instrument can tell about itself: whether measuring with it is of any use, and what the Views make of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Recorder;
use crate::lock;

/// How a stream of an instrument is labelled where it is exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamLabels {
    /// The name that a View gives, else that of the instrument.
    pub name: Arc<str>,
    /// The description that a View gives, else that of the instrument.
    pub description: Arc<str>,
    /// The unit that a View gives, else that of the instrument.
    pub unit: Arc<str>,
}

impl Recorder {
    /// False if nothing can become of a measurement: the Views in service drop the instrument, or there is no reader
    /// (metrics SDK, "Instrument enabled"). It follows each swap, so ask again rather than keep the answer. Costs one
    /// atomic load.
    pub fn is_enabled(&self) -> bool {
        self.entry.is_enabled.load(Ordering::Relaxed)
    }

    /// The streams that the Views in service make of the instrument, for each reader alike; none if they drop it.
    pub fn streams(&self) -> Vec<StreamLabels> {
        let instrument = &self.entry.instrument;
        let state = lock(&self.entry.state);
        let streams = state.routing.resolved.streams.iter().map(|(stream, _)| StreamLabels {
            name: stream.name.as_ref().unwrap_or(&instrument.name).clone(),
            description: stream.description.as_ref().unwrap_or(&instrument.description).clone(),
            unit: stream.unit.as_ref().unwrap_or(&instrument.unit).clone(),
        });
        streams.collect()
    }
}
