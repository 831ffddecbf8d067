//! One face for both engines: set up alike, measured with through the `opentelemetry` API, read as rows of text.

mod official;
mod ours;
mod row;

use std::sync::Arc;

use opentelemetry::metrics::Meter;
use wasmeter_api::View;

pub use row::{Row, text};

/// Which engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// wasmeter's.
    Ours,
    /// That of `opentelemetry_sdk`.
    Official,
}

/// The interval of sums and histograms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Temporality {
    /// Since the start.
    #[default]
    Cumulative,
    /// Since the reader's collection before.
    Delta,
}

/// What a View can make of an instrument in both engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregation {
    /// The arithmetic sum.
    Sum,
    /// A histogram with the default boundaries.
    Histogram,
    /// An exponential histogram of the default size.
    Exponential,
}

/// A View that both engines can have.
#[derive(Clone, Copy, Debug)]
pub struct ViewSpec {
    /// The name of the instrument it is for.
    pub instrument: &'static str,
    /// The keys that stay; all if `None`.
    pub keep: Option<&'static [&'static str]>,
    /// The aggregation; the instrument's own if `None`.
    pub aggregation: Option<Aggregation>,
}

/// How an engine is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// One reader each.
    pub readers: Vec<Temporality>,
    /// Each gives a stream of its own.
    pub views: Vec<ViewSpec>,
}

impl Default for Setup {
    /// One cumulative reader, no Views.
    fn default() -> Self {
        Self { readers: vec![Temporality::Cumulative], views: Vec::new() }
    }
}

impl Setup {
    /// One cumulative reader, one View.
    pub fn with_view(view: ViewSpec) -> Self {
        Self { views: vec![view], ..Self::default() }
    }
}

/// A provider with its readers.
pub trait Engine: Send + Sync {
    /// A meter to make instruments with.
    fn meter(&self) -> Meter;

    /// What a reader gives out now, sorted.
    ///
    /// # Errors
    ///
    /// The reader cannot collect; the text is the engine's own.
    fn collect(&self, reader: usize) -> Result<Vec<Row>, String>;

    /// Collects from the first reader and looks at nothing: what is timed. False if it failed.
    fn collect_only(&self) -> bool;
}

impl Side {
    /// An engine with a provider of its own.
    pub fn build(self, setup: &Setup) -> Arc<dyn Engine> {
        match self {
            Self::Ours => Arc::new(ours::Ours::new(setup, Vec::new())),
            Self::Official => Arc::new(official::Official::new(setup)),
        }
    }
}

/// Our engine with Views that the official one cannot have, laid over the others as plugins are.
pub(crate) fn ours_with_plugins(setup: &Setup, plugins: Vec<Arc<dyn View>>) -> Arc<dyn Engine> {
    Arc::new(ours::Ours::new(setup, plugins))
}
