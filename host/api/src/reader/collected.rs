//! How a collection ended (metrics SDK, "Collect").

use std::sync::Arc;

use wasmeter_model::frame::Frame;

use super::producer::ProduceError;

/// What a collection yielded.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Collected {
    /// Everything that was to be had.
    pub frame: Frame,
    /// What is missing from it, and why.
    pub failures: Vec<CollectFailure>,
}

/// How a collection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CollectStatus {
    /// Nothing is missing.
    Succeeded,
    /// Something is missing, of which nothing took too long.
    Failed,
    /// Something is missing because it took too long.
    TimedOut,
}

/// Why something is missing from a collection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CollectFailure {
    /// A callback of this instrument did not return in time, or had no turn. What it reports is missing.
    #[error("a callback of instrument `{0}` was not done in time")]
    CallbackTimeout(Arc<str>),
    /// A callback of an instrument panicked, with this message. What it reports is missing.
    #[error("a callback of instrument `{0}` panicked: {1}")]
    CallbackPanicked(Arc<str>, String),
    /// There was no thread for callbacks.
    #[error("no thread could be started to run callbacks on: {0}")]
    NoThread(String),
    /// A producer had nothing.
    #[error("producer `{0}` has no metrics: {1}")]
    Producer(String, ProduceError),
    /// A producer had only a part; in its own words.
    #[error("producer `{0}` has only a part of its metrics: {1}")]
    ProducerPart(String, String),
    /// A processor of the plugin directory could not do its work; what became of the metrics, and why.
    #[error("{0}")]
    NotProcessed(String),
}

impl Collected {
    /// How the collection ended, as a whole.
    pub fn status(&self) -> CollectStatus {
        let is_timeout = |failure: &CollectFailure| {
            matches!(
                failure,
                CollectFailure::CallbackTimeout(_) | CollectFailure::Producer(_, ProduceError::Timeout)
            )
        };
        match self.failures.as_slice() {
            [] => CollectStatus::Succeeded,
            failures if failures.iter().any(is_timeout) => CollectStatus::TimedOut,
            _ => CollectStatus::Failed,
        }
    }
}
