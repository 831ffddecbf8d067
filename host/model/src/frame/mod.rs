//! The columnar frame: what a collection produces, what a received request becomes, what processors and exporters get.
//!
//! Flat columns over four interned tables (strings, values, attribute sets, bucket bounds), because that shape crosses the sandbox at a
//! few nanoseconds a point where lists of records cost a hundred times more. It holds everything OTLP can say about
//! metrics. Rows are read through [`Frame::metrics`] and written through [`FrameBuilder`], which keeps the columns
//! consistent: **every index points into its table, and every column of a table has the same length.** A frame that comes
//! from elsewhere is to pass [`Frame::check`] first.
//!
//! A collection's attribute sets are those of the engine, which stand for rows: [`Frame::pairs`] reads either, and whoever reads the
//! columns of sets has them made rows by [`Frame::into_interned`].

mod append;
mod bucket_counts;
mod builder;
mod check;
mod intern;
mod interned;
mod join;
mod pairs;
mod part;
mod points;
mod read;
mod reserve;
mod sizes;
mod tables;

use crate::Temporality;
pub use bucket_counts::{BucketCounts, PackedCounts, RowCounts};
pub use builder::{
    ExemplarRow, ExponentialRow, FrameBuilder, HistogramRow, MetricRow, NumberRow, PointHeader, SummaryRow,
};
pub use check::FrameFault;
pub use pairs::Pairs;
pub use part::Part;
pub use points::{Exemplars, ExponentialPoints, HistogramPoints, NumberPoints, PointColumns, SummaryPoints};
pub use read::{
    ExemplarRef, ExponentialRef, HistogramRef, MetricRef, NumberRef, PointRef, ResourceRef, ScopeRef,
    SummaryRef,
};
pub use sizes::FrameSizes;
pub use tables::{
    Bounds, BoundsId, KeptSets, Metrics, Offsets, Resources, Scopes, SetId, Sets, StringId, Strings, ValueId,
    Values,
};

/// The point flag of OTLP that says: the series has ended, this point has no value.
pub const NO_RECORDED_VALUE: u32 = 1;

/// What points a metric has; the `data` case of OTLP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PointKind {
    /// No data at all; legal in OTLP.
    #[default]
    None = 0,
    /// Current values, as number points.
    Gauge = 1,
    /// Sums, as number points.
    Sum = 2,
    /// Explicit-bucket histograms.
    Histogram = 3,
    /// Base-2 exponential histograms.
    ExponentialHistogram = 4,
    /// Quantile summaries of older systems.
    Summary = 5,
}

impl PointKind {
    /// All of them, each at the place of its number.
    pub const ALL: [Self; 6] =
        [Self::None, Self::Gauge, Self::Sum, Self::Histogram, Self::ExponentialHistogram, Self::Summary];
}

/// A batch of metrics in columns; see the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// All text.
    pub strings: Strings,
    /// All attribute values.
    pub values: Values,
    /// All attribute sets.
    pub sets: Sets,
    /// All bucket bounds.
    pub bounds: Bounds,
    /// One row a resource.
    pub resources: Resources,
    /// One row a scope; grouped by resource.
    pub scopes: Scopes,
    /// One row a metric; grouped by scope.
    pub metrics: Metrics,
    /// Points of gauges and sums.
    pub numbers: NumberPoints,
    /// Points of explicit histograms.
    pub histograms: HistogramPoints,
    /// Points of exponential histograms.
    pub exponentials: ExponentialPoints,
    /// Points of summaries.
    pub summaries: SummaryPoints,
    /// Sampled measurements, each belonging to one point.
    pub exemplars: Exemplars,
}

impl Frame {
    /// How many points all metrics have together.
    pub fn point_count(&self) -> usize {
        self.numbers.columns.len()
            + self.histograms.columns.len()
            + self.exponentials.columns.len()
            + self.summaries.columns.len()
    }

    /// True if a metric is of deltas: its interval comes once, so that what is not delivered is lost unless it is kept.
    pub fn has_delta(&self) -> bool {
        self.metrics().any(|metric| metric.temporality() == Some(Temporality::Delta))
    }
}

#[cfg(test)]
mod append_tests;
#[cfg(test)]
mod intern_tests;
#[cfg(test)]
mod tests;
