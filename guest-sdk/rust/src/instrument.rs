//! What a View is asked about.

use crate::Attributes;

/// The seven instruments of the OpenTelemetry metrics API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// Whether an instrument's values are integers or doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberKind {
    /// Signed 64-bit integers.
    Int,
    /// IEEE doubles.
    Double,
}

/// How an instrument's values reach the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// One value at a time, in the host's own process: every aggregation is possible.
    Recorded,
    /// Already aggregated, over OTLP. The kind is then the nearest one: a monotonic sum is a counter, another sum an
    /// up-down-counter, histograms of both sorts are histograms. A received histogram can only be made coarser.
    Received,
    /// Already aggregated, from an [`Observer`](crate::Observer). The kind is the nearest observable one, and that of histograms
    /// of both sorts a histogram.
    Observed,
}

/// The instrumentation scope: the library that created an instrument.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// May be empty.
    pub name: String,
    /// Empty if unknown.
    pub version: String,
    /// The semantic conventions' schema of the scope's metrics; empty if unknown.
    pub schema_url: String,
    /// The scope's attributes.
    pub attributes: Attributes,
}

/// An instrument of one resource and scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Instrument {
    /// As first given, for example `http.server.request.duration`.
    pub name: String,
    /// Empty if none.
    pub description: String,
    /// A UCUM unit such as `s` or `By`; empty if none. Case-sensitive.
    pub unit: String,
    /// Which of the seven instruments it is; for received data the nearest one.
    pub kind: InstrumentKind,
    /// Integers or doubles.
    pub number: NumberKind,
    /// Recorded in the host's process or received.
    pub origin: Origin,
    /// The scope that created it.
    pub scope: Scope,
    /// The attributes of the resource that produces the values, such as `service.name`.
    pub resource_attributes: Attributes,
    /// The schema of the resource's attributes; empty if unknown.
    pub resource_schema_url: String,
    /// The bucket boundaries the instrument advises, in its unit: finite, strictly ascending.
    pub advisory_boundaries: Option<Vec<f64>>,
    /// The attribute keys the instrument advises to keep.
    pub advisory_attributes: Option<Vec<String>>,
}
