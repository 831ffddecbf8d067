//! Instruments: what values come from.

use std::sync::Arc;

use crate::{Resource, Scope};

/// The seven instrument kinds of the metrics API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InstrumentKind {
    /// Adds non-negative increments.
    Counter,
    /// Adds increments of either sign.
    UpDownCounter,
    /// Records values whose distribution matters.
    Histogram,
    /// Records the current value.
    Gauge,
    /// A callback reports a total that only grows.
    ObservableCounter,
    /// A callback reports a total that may shrink.
    ObservableUpDownCounter,
    /// A callback reports a current value.
    ObservableGauge,
}

impl InstrumentKind {
    /// Every kind, in the order of the specification.
    pub const ALL: [Self; 7] = [
        Self::Counter,
        Self::UpDownCounter,
        Self::Histogram,
        Self::Gauge,
        Self::ObservableCounter,
        Self::ObservableUpDownCounter,
        Self::ObservableGauge,
    ];

    /// True if a callback reports the values at collection.
    pub const fn is_observable(self) -> bool {
        matches!(self, Self::ObservableCounter | Self::ObservableUpDownCounter | Self::ObservableGauge)
    }

    /// True if a sum of the instrument's values can only grow (metrics SDK, "Sum aggregation").
    pub const fn is_monotonic(self) -> bool {
        matches!(self, Self::Counter | Self::ObservableCounter | Self::Histogram)
    }

    /// The name the declarative configuration uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::UpDownCounter => "up_down_counter",
            Self::Histogram => "histogram",
            Self::Gauge => "gauge",
            Self::ObservableCounter => "observable_counter",
            Self::ObservableUpDownCounter => "observable_up_down_counter",
            Self::ObservableGauge => "observable_gauge",
        }
    }
}

/// Whether values are integers or doubles. A recorded instrument has one kind; of a received one it is that of the first
/// value, since some SDKs send a total as an integer until the first fraction is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NumberKind {
    /// Signed 64-bit integers.
    Int,
    /// IEEE doubles.
    Double,
}

/// One value of an instrument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer.
    Int(i64),
    /// A double.
    Double(f64),
}

impl Number {
    /// The kind of this number.
    #[inline]
    pub const fn kind(self) -> NumberKind {
        match self {
            Self::Int(_) => NumberKind::Int,
            Self::Double(_) => NumberKind::Double,
        }
    }

    /// The value as a double; integers beyond 2^53 are rounded.
    #[expect(clippy::cast_precision_loss, reason = "documented rounding")]
    #[inline]
    pub const fn as_f64(self) -> f64 {
        match self {
            Self::Int(int) => int as f64,
            Self::Double(double) => double,
        }
    }

    /// False for NaN and the infinities.
    #[inline]
    pub const fn is_finite(self) -> bool {
        match self {
            Self::Int(_) => true,
            Self::Double(double) => double.is_finite(),
        }
    }
}

/// How values reach the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// Measured in this process, one value at a time.
    Recorded,
    /// Received already aggregated, over OTLP; the instrument's kind is then the nearest one: a monotonic sum is a
    /// counter, another sum an up-down-counter, histograms of both sorts and summaries are histograms.
    Received,
    /// Asked for at a collection, already aggregated, of a plugin that observes; the kind is the nearest observable one, and
    /// that of histograms of both sorts and summaries a histogram.
    Observed,
}

impl Origin {
    /// Whether values arrive already aggregated, as totals, states and distributions.
    pub const fn is_aggregated(self) -> bool {
        matches!(self, Self::Received | Self::Observed)
    }
}

/// Hints of whoever created the instrument; a View wins over them, and they do not identify the instrument.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advisory {
    /// Bucket boundaries for explicit histograms: finite, strictly ascending.
    pub boundaries: Option<Arc<[f64]>>,
    /// The attribute keys worth keeping by default.
    pub attributes: Option<Arc<[Arc<str>]>>,
}

/// What a View is asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct Instrument {
    /// The name as first given; compared without regard to ASCII case.
    pub name: Arc<str>,
    /// Human-readable; empty if none.
    pub description: Arc<str>,
    /// A UCUM unit; empty if none. Case-sensitive.
    pub unit: Arc<str>,
    /// Which of the seven instruments it is; for received data the nearest one.
    pub kind: InstrumentKind,
    /// Integers or doubles.
    pub number: NumberKind,
    /// Recorded here, received or observed.
    pub origin: Origin,
    /// The scope that created it.
    pub scope: Arc<Scope>,
    /// The resource it belongs to.
    pub resource: Arc<Resource>,
    /// Its hints.
    pub advisory: Advisory,
}
