//! A batch of metrics as a processor gets it: columns, read row by row.
//!
//! A [`Frame`] crosses the sandbox as flat columns at a few nanoseconds a point. [`Frame::metrics`] reads them row by row and
//! copies nothing; [`Frame::remove_attributes`] and [`Frame::edit_attributes`] change attributes where they are kept, once for each
//! distinct one;
//! [`FrameBuilder`] writes a new frame from rows, which allocates for each point.

mod builder;
pub(crate) mod columns;
mod compact;
mod edit;
mod eights;
mod intern;
mod merge;
mod read;
mod rows;
mod runs;
mod sets;
pub(crate) mod tables;
pub(crate) mod texts;
mod values;

#[cfg(test)]
mod edit_tests;
#[cfg(test)]
mod tests;

pub use builder::FrameBuilder;
pub use edit::Edit;
pub use merge::Merged;
pub use read::{ExemplarRef, MetricRef, Metrics, PointRef, ResourceRef, ScopeRef};
pub use rows::{
    Buckets, Exemplar, ExponentialHistogram, Histogram, Metric, MetricKind, Number, Point, PointData,
    Resource, Summary, Temporality,
};
pub use tables::{AttributesRef, ValueRef};

use columns::{Exemplars, Exponentials, Histograms, Numbers, Summaries};
use tables::Tables;

/// The bit of [`PointRef::flags`] that says: the series has ended, this point has no value.
pub const NO_RECORDED_VALUE: u32 = 1;

/// A batch of metrics. Everything OTLP says about metrics has its place in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    pub(crate) tables: Tables,
    pub(crate) bounds: columns::Bounds,
    pub(crate) resources: columns::Resources,
    pub(crate) scopes: columns::Scopes,
    pub(crate) metrics: columns::Metrics,
    pub(crate) numbers: Numbers,
    pub(crate) histograms: Histograms,
    pub(crate) exponentials: Exponentials,
    pub(crate) summaries: Summaries,
    pub(crate) exemplars: Exemplars,
}

impl Frame {
    /// How many points all metrics have together.
    pub fn point_count(&self) -> usize {
        self.numbers.points.attributes.len()
            + self.histograms.points.attributes.len()
            + self.exponentials.points.attributes.len()
            + self.summaries.points.attributes.len()
    }
}
