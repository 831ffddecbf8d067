//! An observer, configured and asked as the host would.

use std::fmt;

use super::{check, rows};
use crate::frame::Frame;
use crate::{Fault, Observation, Observer, Problem, Registered};

/// A configured observer. What it says is checked for the mistakes that are easily made.
pub struct ObserverHarness<O> {
    observer: O,
}

/// By name, so that an observer need not be `Debug`.
impl<O: Registered> fmt::Debug for ObserverHarness<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ObserverHarness").field(&O::INFO.name).finish()
    }
}

impl<O: Observer + Registered> ObserverHarness<O> {
    /// An observer with this configuration, a JSON object as text.
    ///
    /// # Panics
    ///
    /// The configuration or the plugin's description of itself is refused.
    #[track_caller]
    pub fn new(config: &str) -> Self {
        check::accepted(Self::configure(config))
    }

    /// An observer with this configuration, a JSON object as text.
    ///
    /// # Errors
    ///
    /// What is wrong with the configuration.
    ///
    /// # Panics
    ///
    /// The plugin's description of itself is refused.
    #[track_caller]
    pub fn configure(config: &str) -> Result<Self, Vec<Problem>> {
        check::configured(config).map(|observer| Self { observer })
    }

    /// What it observes at `now`, in nanoseconds since the Unix epoch.
    ///
    /// # Errors
    ///
    /// The observer's fault.
    ///
    /// # Panics
    ///
    /// The host would refuse what the observer said.
    #[track_caller]
    pub fn observe(&self, now: u64) -> Result<Frame, Fault> {
        let mut observation = Observation::at(now);
        self.observer.observe(&mut observation)?;
        let frame = observation.finish();
        check::frame(&frame);
        Ok(frame)
    }

    /// What it observes, as [`rows`](super::rows) words it.
    ///
    /// # Panics
    ///
    /// As [`Self::observe`]; the observer gave up.
    #[track_caller]
    pub fn rows(&self, now: u64) -> Vec<String> {
        match self.observe(now) {
            Ok(frame) => rows(&frame),
            Err(fault) => panic!("expected an observation, found a fault: {}", fault.reason),
        }
    }

    /// The observer itself.
    pub fn observer(&self) -> &O {
        &self.observer
    }
}
