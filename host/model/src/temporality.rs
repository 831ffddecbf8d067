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
    /// One of its own for each kind, see [`TemporalityPreference::by_kind`].
    ByKind(TemporalityByKind),
}

/// A temporality for each instrument kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TemporalityByKind([Temporality; InstrumentKind::ALL.len()]);

impl TemporalityPreference {
    /// Any function of the kind (metrics SDK, "MetricReader"). Asked once for each kind; what it says of gauges is ignored,
    /// since they have no temporality.
    pub fn by_kind(temporality: impl FnMut(InstrumentKind) -> Temporality) -> Self {
        Self::ByKind(TemporalityByKind(InstrumentKind::ALL.map(temporality)))
    }

    /// The temporality of `kind` under this preference. Gauges have none; the answer for them is `Cumulative`, which is
    /// how they are kept: the value persists until replaced.
    pub const fn of(self, kind: InstrumentKind) -> Temporality {
        match (self, kind) {
            (_, InstrumentKind::Gauge | InstrumentKind::ObservableGauge) => Temporality::Cumulative,
            // `InstrumentKind::ALL` is in the order of the declaration.
            (Self::ByKind(TemporalityByKind(each)), kind) => each[kind as usize],
            (Self::Delta | Self::LowMemory, InstrumentKind::Counter | InstrumentKind::Histogram)
            | (Self::Delta, InstrumentKind::ObservableCounter) => Temporality::Delta,
            _ => Temporality::Cumulative,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Temporality, TemporalityPreference};
    use crate::InstrumentKind;

    #[test]
    fn by_kind_says_what_the_function_says_but_for_gauges() {
        let delta = [InstrumentKind::UpDownCounter, InstrumentKind::Gauge, InstrumentKind::ObservableCounter];
        let preference = TemporalityPreference::by_kind(|kind| {
            if delta.contains(&kind) { Temporality::Delta } else { Temporality::Cumulative }
        });
        let found = InstrumentKind::ALL.into_iter().filter(|kind| preference.of(*kind) == Temporality::Delta);
        assert_eq!(
            found.collect::<Vec<_>>(),
            [InstrumentKind::UpDownCounter, InstrumentKind::ObservableCounter]
        );
    }
}
