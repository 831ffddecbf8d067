//! What a View asks for: the configuration of one stream.

use std::num::NonZeroU32;
use std::sync::Arc;

use crate::{ExemplarReservoir, Pattern};

/// How the values of a stream are combined over time (metrics SDK, "Aggregation").
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Aggregation {
    /// Not specified: an earlier View's, else the reader's default for the instrument kind.
    #[default]
    Default,
    /// Nothing is kept.
    Drop,
    /// The arithmetic sum.
    Sum,
    /// The last value and its time.
    LastValue,
    /// A histogram with fixed boundaries.
    ExplicitBucketHistogram {
        /// Finite, strictly ascending. `None`: as received; for measurements the specified default boundaries or, where a
        /// reader or a plugin asks, those of the instrument's advice before them.
        boundaries: Option<Arc<[f64]>>,
        /// Whether the smallest and largest value are kept.
        record_min_max: bool,
    },
    /// A histogram whose resolution follows the data.
    Base2ExponentialBucketHistogram {
        /// The most buckets of either sign, at least 2.
        max_size: u32,
        /// The finest scale, -10 to 20.
        max_scale: i8,
        /// Whether the smallest and largest value are kept.
        record_min_max: bool,
    },
}

/// One step of what becomes of an attribute set on its way to the stream. Steps are applied in order.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeRule {
    /// Keeps only the attributes whose key fits one of the patterns.
    Include(Vec<Pattern>),
    /// Removes the attributes whose key fits one of the patterns.
    Exclude(Vec<Pattern>),
    /// Asks the View that gave this rule, with this tag, once per distinct set.
    Computed(u32),
}

/// How the current values of several sources become one, where a View makes them one series: for gauges and
/// up-down-counters, whose values are states and not increments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Combine {
    /// The sum over the sources; the default for up-down-counters.
    Sum,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// That of the source heard from last; the default for gauges.
    Last,
}

/// The configuration of one stream as a View gives it; what is left open comes from earlier Views, the instrument and the
/// reader, in this order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamSpec {
    /// The stream's name, not checked against the instrument syntax (metrics SDK, "Stream configuration").
    pub name: Option<Arc<str>>,
    /// The stream's description.
    pub description: Option<Arc<str>>,
    /// The stream's unit. Only the label changes, no value is converted.
    pub unit: Option<Arc<str>>,
    /// What becomes of a point's attributes; nothing by default. What is removed can still be seen on exemplars, see
    /// [`ExemplarReservoir`].
    pub attributes: Vec<AttributeRule>,
    /// What becomes of the resource's attributes; nothing by default.
    pub resource: Vec<AttributeRule>,
    /// How values are aggregated.
    pub aggregation: Aggregation,
    /// Whether received histograms are aggregated so even where it cannot be told exactly what their buckets come to: explicit ones in
    /// exponential buckets or under other bounds, exponential ones in explicit buckets. Each value is then taken to have been in the
    /// middle of its bucket; count, sum, minimum and maximum stay exact. Without it such histograms stay as they were received.
    pub approximate_buckets: bool,
    /// How sources that become one series are combined.
    pub combine: Option<Combine>,
    /// The most distinct attribute sets before the overflow series takes the rest.
    pub cardinality_limit: Option<NonZeroU32>,
    /// Which measurements become exemplars.
    pub exemplar_reservoir: ExemplarReservoir,
}
