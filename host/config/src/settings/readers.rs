//! Readers: what collects, how often, and for which exporter.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use wasmeter_model::InstrumentKind;
use wasmeter_model::limits::CARDINALITY_DEFAULT;

use super::{Exporter, PrometheusExporter};

/// A metric reader (metrics SDK, "MetricReader").
#[derive(Clone, Debug, PartialEq)]
pub enum Reader {
    /// Collects at an interval and pushes.
    Periodic(PeriodicReader),
    /// Collects when asked.
    Pull(PullReader),
}

/// A periodic exporting reader.
#[derive(Clone, Debug, PartialEq)]
pub struct PeriodicReader {
    /// Between the starts of two exports; at least 1 ms, 60 s by default.
    pub interval: Duration,
    /// The most time one collection and export may take; 30 s by default, `None` means no limit.
    pub timeout: Option<Duration>,
    /// The most points the exporter gets at once (`max_export_batch_size`); the exporter's own limit by default, if it has one.
    pub batch_points_max: Option<NonZeroUsize>,
    /// Where to.
    pub exporter: Exporter,
    /// The limits for streams without one of their own.
    pub cardinality_limits: CardinalityLimits,
}

/// A reader that is scraped.
#[derive(Clone, Debug, PartialEq)]
pub struct PullReader {
    /// The page that is scraped.
    pub exporter: PrometheusExporter,
    /// The limits for streams without one of their own.
    pub cardinality_limits: CardinalityLimits,
}

/// The cardinality limits of a reader per instrument kind (metrics SDK, "Cardinality limits").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardinalityLimits {
    default: NonZeroU32,
    of_kinds: Vec<(InstrumentKind, NonZeroU32)>,
}

impl CardinalityLimits {
    pub(crate) fn new(default: Option<NonZeroU32>, of_kinds: Vec<(InstrumentKind, NonZeroU32)>) -> Self {
        Self { default: default.unwrap_or(CARDINALITY_DEFAULT), of_kinds }
    }

    /// The most distinct attribute sets of a stream of an instrument of `kind`.
    pub fn of(&self, kind: InstrumentKind) -> NonZeroU32 {
        self.of_kinds.iter().find(|(of, _)| *of == kind).map_or(self.default, |(_, limit)| *limit)
    }
}

impl Default for CardinalityLimits {
    fn default() -> Self {
        Self::new(None, Vec::new())
    }
}
