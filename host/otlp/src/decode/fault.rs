//! What can be wrong with a single point.

use wasmeter_model::limits::BUCKETS_MAX;

/// Why a point was refused; closed and small, to be the attribute of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Reason {
    /// The metric has no name.
    EmptyName,
    /// A sum or histogram does not say whether it is cumulative or delta.
    UnspecifiedTemporality,
    /// No value, and no flag that says there is none.
    MissingValue,
    /// The point ends before it starts.
    TimeBeforeStart,
    /// More buckets than [`BUCKETS_MAX`].
    TooManyBuckets,
    /// The numbers of bounds and bucket counts do not fit.
    BucketCountMismatch,
    /// Bounds that are NaN or do not ascend.
    BoundsNotAscending,
    /// The buckets do not add up to the count.
    CountMismatch,
    /// Exponential buckets beyond the 32-bit indices.
    BucketIndexOverflow,
    /// A zero threshold that is negative or NaN.
    ZeroThreshold,
    /// A quantile outside 0 to 1.
    QuantileOutOfRange,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::EmptyName,
        Self::UnspecifiedTemporality,
        Self::MissingValue,
        Self::TimeBeforeStart,
        Self::TooManyBuckets,
        Self::BucketCountMismatch,
        Self::BoundsNotAscending,
        Self::CountMismatch,
        Self::BucketIndexOverflow,
        Self::ZeroThreshold,
        Self::QuantileOutOfRange,
    ];

    /// A stable name in snake_case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EmptyName => "empty_name",
            Self::UnspecifiedTemporality => "unspecified_temporality",
            Self::MissingValue => "missing_value",
            Self::TimeBeforeStart => "time_before_start",
            Self::TooManyBuckets => "too_many_buckets",
            Self::BucketCountMismatch => "bucket_count_mismatch",
            Self::BoundsNotAscending => "bounds_not_ascending",
            Self::CountMismatch => "count_mismatch",
            Self::BucketIndexOverflow => "bucket_index_overflow",
            Self::ZeroThreshold => "zero_threshold",
            Self::QuantileOutOfRange => "quantile_out_of_range",
        }
    }
}

/// A [`Reason`] with what was found; displays as what was found and what was expected.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the cases are those of `Reason`, the fields are in the messages")]
pub enum Fault {
    #[error("the metric has no name; expected one")]
    EmptyName,
    #[error("aggregation temporality {found}; expected 1 (delta) or 2 (cumulative)")]
    UnspecifiedTemporality { found: i32 },
    #[error("the point has no value; expected one, or the flag that no value was recorded")]
    MissingValue,
    #[error("time {time} ns is before start time {start} ns; expected it not to be")]
    TimeBeforeStart { start: u64, time: u64 },
    #[error("{found} buckets; expected at most {BUCKETS_MAX}")]
    TooManyBuckets { found: usize },
    #[error("{counts} bucket counts for {bounds} bounds; expected one more than bounds, or neither")]
    BucketCountMismatch { bounds: usize, counts: usize },
    #[error("bound {next} follows {bound}; expected bounds to ascend and to be numbers")]
    BoundsNotAscending { bound: f64, next: f64 },
    #[error("the buckets add up to {sum}; expected the point's count, {count}")]
    CountMismatch { count: u64, sum: u128 },
    #[error("{buckets} buckets from index {offset}; expected indices of 32 bits")]
    BucketIndexOverflow { offset: i32, buckets: usize },
    #[error("zero threshold {found}; expected zero or more")]
    ZeroThreshold { found: f64 },
    #[error("quantile {found}; expected 0 to 1")]
    QuantileOutOfRange { found: f64 },
}

impl Fault {
    /// Which reason this is.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::EmptyName => Reason::EmptyName,
            Self::UnspecifiedTemporality { .. } => Reason::UnspecifiedTemporality,
            Self::MissingValue => Reason::MissingValue,
            Self::TimeBeforeStart { .. } => Reason::TimeBeforeStart,
            Self::TooManyBuckets { .. } => Reason::TooManyBuckets,
            Self::BucketCountMismatch { .. } => Reason::BucketCountMismatch,
            Self::BoundsNotAscending { .. } => Reason::BoundsNotAscending,
            Self::CountMismatch { .. } => Reason::CountMismatch,
            Self::BucketIndexOverflow { .. } => Reason::BucketIndexOverflow,
            Self::ZeroThreshold { .. } => Reason::ZeroThreshold,
            Self::QuantileOutOfRange { .. } => Reason::QuantileOutOfRange,
        }
    }
}
