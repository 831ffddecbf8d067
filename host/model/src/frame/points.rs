//! The frame's point tables, one a kind of point.

use super::BucketCounts;
use super::tables::{BoundsId, Offsets, SetId};
use crate::Timestamp;

/// The columns that points of every kind have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointColumns {
    /// The attributes that name the series.
    pub attributes: Vec<SetId>,
    /// The start of the interval; unknown if 0.
    pub start: Vec<Timestamp>,
    /// Its end.
    pub time: Vec<Timestamp>,
    /// OTLP's bit field, see [`super::NO_RECORDED_VALUE`].
    pub flags: Vec<u32>,
    /// The first of the point's exemplars in [`Exemplars`].
    pub exemplars_start: Vec<u32>,
    /// Behind the last of them.
    pub exemplars_end: Vec<u32>,
}

impl PointColumns {
    /// How many points.
    pub fn len(&self) -> usize {
        self.attributes.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }
}

/// Points of gauges and sums.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NumberPoints {
    /// What every point has.
    pub columns: PointColumns,
    /// `Self::NONE`, `INT` or `DOUBLE`.
    pub tags: Vec<u8>,
    /// The value's bits.
    pub bits: Vec<u64>,
}

impl NumberPoints {
    /// The point has no value.
    pub const NONE: u8 = 0;
    /// The bits are a signed integer.
    pub const INT: u8 = 1;
    /// The bits are an IEEE double.
    pub const DOUBLE: u8 = 2;
}

/// Points of explicit-bucket histograms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistogramPoints {
    /// What every point has.
    pub columns: PointColumns,
    /// How many values.
    pub count: Vec<u64>,
    /// Which of `sum`, `min` and `max` are known: bits `HAS_SUM`, `HAS_MIN`, `HAS_MAX`.
    pub known: Vec<u8>,
    /// The sum of the values.
    pub sum: Vec<f64>,
    /// The smallest value.
    pub min: Vec<f64>,
    /// The largest value.
    pub max: Vec<f64>,
    /// The upper bounds of the buckets but the last.
    pub bounds: Vec<BoundsId>,
    /// The bucket counts of all points, back to back: one more than bounds, or none.
    pub counts: Vec<u64>,
    /// The counts of each point.
    pub counts_offsets: Offsets,
}

/// `sum` is known.
pub(crate) const HAS_SUM: u8 = 1;
/// `min` is known.
pub(crate) const HAS_MIN: u8 = 2;
/// `max` is known.
pub(crate) const HAS_MAX: u8 = 4;

/// Points of base-2 exponential histograms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExponentialPoints {
    /// What every point has.
    pub columns: PointColumns,
    /// How many values.
    pub count: Vec<u64>,
    /// As in [`HistogramPoints::known`].
    pub known: Vec<u8>,
    /// The sum of the values.
    pub sum: Vec<f64>,
    /// The smallest value.
    pub min: Vec<f64>,
    /// The largest value.
    pub max: Vec<f64>,
    /// The resolution: the base is `2^(2^-scale)`.
    pub scale: Vec<i32>,
    /// How many values have a magnitude of at most `zero_threshold`.
    pub zero_count: Vec<u64>,
    /// The width of the zero bucket.
    pub zero_threshold: Vec<f64>,
    /// The index of the first positive bucket.
    pub positive_offset: Vec<i32>,
    /// The counts of the positive buckets.
    pub positive: BucketCounts,
    /// The index of the first negative bucket.
    pub negative_offset: Vec<i32>,
    /// The counts of the negative buckets.
    pub negative: BucketCounts,
}

/// Points of summaries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SummaryPoints {
    /// What every point has.
    pub columns: PointColumns,
    /// How many values.
    pub count: Vec<u64>,
    /// The sum of the values.
    pub sum: Vec<f64>,
    /// All quantiles, 0 to 1, back to back.
    pub quantiles: Vec<f64>,
    /// The value at each quantile.
    pub quantile_values: Vec<f64>,
    /// The quantiles of each point.
    pub quantile_offsets: Offsets,
}

/// Sampled measurements; those of one point stand together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exemplars {
    /// The attributes that are not on the point.
    pub attributes: Vec<SetId>,
    /// When it was measured.
    pub time: Vec<Timestamp>,
    /// As in [`NumberPoints::tags`].
    pub tags: Vec<u8>,
    /// The value's bits.
    pub bits: Vec<u64>,
    /// The trace it belongs to; 0 if none.
    pub trace_id: Vec<u128>,
    /// The span it belongs to; 0 if none.
    pub span_id: Vec<u64>,
}
