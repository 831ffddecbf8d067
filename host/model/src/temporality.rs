//! What interval a point speaks about.

use crate::InstrumentKind;

/// Whether a point covers all time since its stream began, or only the time since the previous point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Temporality {
    /// Since the start; the start repeats.
    Cumulative,
    /// Since the previous point; the start advances.
    Delta,
}

/// What a reader asks for, per instrument kind (OTLP exporter specification, "temporality preference").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TemporalityPreference {
    /// Cumulative for every kind.
    #[default]
    Cumulative,
    /// Delta for counters and histograms, cumulative for up-down-counters.
    Delta,
    /// Delta where that needs no memory of earlier values: synchronous counters and histograms.
    LowMemory,
}

impl TemporalityPreference {
    /// The temporality of `kind` under this preference. Gauges have none; the answer for them is `Cumulative`, which is
    /// how they are kept: the value persists until replaced.
    pub const fn of(self, kind: InstrumentKind) -> Temporality {
        match (self, kind) {
            (Self::Delta | Self::LowMemory, InstrumentKind::Counter | InstrumentKind::Histogram)
            | (Self::Delta, InstrumentKind::ObservableCounter) => Temporality::Delta,
            _ => Temporality::Cumulative,
        }
    }
}
