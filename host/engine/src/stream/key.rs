//! What makes two streams the same.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use wasmeter_model::{InstrumentKind, NumberKind, Origin, Resource, Scope, Temporality};

use crate::views::Aggregator;

/// Identity and aggregation of a stream. A swap keeps accumulators exactly where this stays equal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StreamKey {
    pub(crate) resource: Arc<Resource>,
    pub(crate) scope: Arc<Scope>,
    /// As exported.
    pub(crate) name: Arc<str>,
    pub(crate) unit: Arc<str>,
    pub(crate) output: Output,
    pub(crate) aggregator: Aggregator,
    pub(crate) temporality: Temporality,
    pub(crate) storage: Storage,
    /// Tells streams apart that one instrument has twice, so that nothing is counted double.
    pub(crate) duplicate: u32,
}

/// What points the stream is exported as.
///
/// A recorded instrument has one kind of number. Of a received one it is unknown: some SDKs send a counter's value as an
/// integer until the first fraction is added. So it identifies nothing there, and each series is of integers until
/// it meets a double.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Output {
    Sum { monotonic: bool, number: Option<NumberKind> },
    Gauge { number: Option<NumberKind> },
    Explicit { with_sum: bool },
    Exponential { with_sum: bool },
}

/// Where a series' value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Storage {
    /// Contributions add up in the slot.
    Accumulated,
    /// The slot is the combination of what its sources say now, made anew in each collection.
    Current,
}

impl Storage {
    /// The storage of an instrument's stream: increments add up; states, and totals that a callback reports, are current.
    /// To a reader of deltas it is the changes of states and totals that add up.
    pub(crate) fn of(
        kind: InstrumentKind,
        origin: Origin,
        aggregator: &Aggregator,
        temporality: Temporality,
    ) -> Self {
        match (aggregator, kind) {
            (Aggregator::LastValue, _) => Self::Current,
            // The sum of a gauge is that of its measurements (conformance row G3); a received one has only a last value.
            (Aggregator::Sum, InstrumentKind::Gauge) if origin == Origin::Recorded => Self::Accumulated,
            (Aggregator::Sum, InstrumentKind::Counter | InstrumentKind::Histogram) => Self::Accumulated,
            // A plugin's total goes on where the next build of the plugin begins anew.
            (Aggregator::Sum, InstrumentKind::ObservableCounter) if origin == Origin::Observed => {
                Self::Accumulated
            }
            (Aggregator::Sum, InstrumentKind::Gauge | InstrumentKind::ObservableGauge) => Self::Current,
            (Aggregator::Sum, _) if temporality == Temporality::Delta => Self::Accumulated,
            (Aggregator::Sum, _) => Self::Current,
            (Aggregator::Drop | Aggregator::Explicit { .. } | Aggregator::Exponential { .. }, _) => {
                Self::Accumulated
            }
        }
    }
}

impl Output {
    /// The points of an instrument's stream (conformance row G3, G5).
    pub(crate) fn of(
        kind: InstrumentKind,
        number: Option<NumberKind>,
        aggregator: &Aggregator,
        origin: Origin,
    ) -> Self {
        // A sum of values that may be negative is no use beside a count; a received one was the sender's decision.
        let with_sum = origin.is_aggregated() || kind.is_monotonic();
        match aggregator {
            Aggregator::Drop | Aggregator::Sum => Self::Sum { monotonic: kind.is_monotonic(), number },
            Aggregator::LastValue => Self::Gauge { number },
            Aggregator::Explicit { .. } => Self::Explicit { with_sum },
            Aggregator::Exponential { .. } => Self::Exponential { with_sum },
        }
    }
}

impl Eq for StreamKey {}

impl Hash for StreamKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.resource.hash(state);
        self.scope.hash(state);
        self.name.hash(state);
        self.unit.hash(state);
        self.output.hash(state);
        std::mem::discriminant(&self.aggregator).hash(state);
        self.duplicate.hash(state);
    }
}
