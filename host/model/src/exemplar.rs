//! What decides about exemplars: sampled measurements that are exported beside a point (metrics SDK, "Exemplar").

use std::num::NonZeroU32;

/// Which measurements may become exemplars (metrics SDK, "ExemplarFilter").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ExemplarFilter {
    /// Every measurement.
    AlwaysOn,
    /// None: there are no exemplars at all, received ones included.
    AlwaysOff,
    /// Those made in the context of a sampled span; the default. What is received was filtered by its sender.
    #[default]
    TraceBased,
}

/// The span in whose context a measurement was made, as far as an exemplar tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpanContext {
    /// The trace; not 0.
    pub trace_id: u128,
    /// The span; not 0.
    pub span_id: u64,
    /// Whether the trace is recorded, so that there will be something to find under these ids.
    pub is_sampled: bool,
}

impl ExemplarFilter {
    /// True if a measurement made in the context of `span`, if of any, may become an exemplar.
    pub fn admits(self, span: Option<SpanContext>) -> bool {
        match self {
            Self::AlwaysOn => true,
            Self::AlwaysOff => false,
            Self::TraceBased => span.is_some_and(|span| span.is_sampled),
        }
    }
}

/// Which of the measurements that the filter admits a series keeps as exemplars, from one collection to the next (metrics
/// SDK, "ExemplarReservoir").
///
/// An exemplar tells all attributes of its measurement: those that a View removed from the series are on the exemplar.
/// Where they must not leave the process, [`Self::None`] or [`ExemplarFilter::AlwaysOff`] keeps them in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ExemplarReservoir {
    /// Not specified: an earlier View's, else that of the aggregation: aligned for explicit buckets, 20 (or as many as there
    /// are buckets at most) for exponential ones, else one.
    #[default]
    Default,
    /// There are no exemplars.
    None,
    /// Every measurement has the same chance to be among those kept.
    SimpleFixedSize {
        /// How many are kept, at most [`crate::limits::EXEMPLARS_MAX`].
        size: NonZeroU32,
    },
    /// One for each bucket of an explicit histogram with two buckets or more, every measurement of the bucket with the same
    /// chance. For other aggregations it means the default.
    AlignedHistogramBucket,
    /// Asks the View that gave this for a reservoir of its own, with this tag, once for each series.
    Custom(u32),
}
