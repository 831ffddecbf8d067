//! What the engine tells about its work: refusals by reason, counts, notices.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use std::sync::atomic::{AtomicU64, Ordering};
use wasmeter_model::frame::Frame;

/// Why a point or measurement was not counted. Closed and small: it becomes an attribute of the host's own metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Rejection {
    /// A sum or histogram without a temporality.
    UnspecifiedTemporality,
    /// The point ends before it starts.
    TimeBeforeStart,
    /// The point is not newer than one already counted.
    DuplicateOrOutOfOrder,
    /// NaN or infinite where a sum is to be built.
    NotFinite,
    /// A negative value of something that only grows.
    Negative,
    /// Bucket counts do not fit the bounds or the total.
    CountsMismatch,
    /// Bounds that are not finite and ascending.
    BadBounds,
    /// More buckets than the engine keeps.
    TooManyBuckets,
    /// A scale outside of -10 to 20.
    ScaleOutOfRange,
    /// Neither a value nor the flag that says there is none.
    NoValue,
    /// The metric has no name.
    NoName,
    /// The engine's limit of instruments is reached.
    InstrumentLimit,
    /// The engine's limit of sources is reached.
    SourceLimit,
    /// Too many processes write one series.
    TooManyWriters,
    /// A value for an observable instrument from outside of a callback, or for another one from within.
    WrongKind,
    /// A callback observes more in one run than the engine keeps.
    ObservationLimit,
    /// The Meter of the scope it was received with is disabled.
    MeterDisabled,
}

impl Rejection {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::UnspecifiedTemporality,
        Self::TimeBeforeStart,
        Self::DuplicateOrOutOfOrder,
        Self::NotFinite,
        Self::Negative,
        Self::CountsMismatch,
        Self::BadBounds,
        Self::TooManyBuckets,
        Self::ScaleOutOfRange,
        Self::NoValue,
        Self::NoName,
        Self::InstrumentLimit,
        Self::SourceLimit,
        Self::TooManyWriters,
        Self::WrongKind,
        Self::ObservationLimit,
        Self::MeterDisabled,
    ];

    /// A stable name, for attributes and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnspecifiedTemporality => "unspecified_temporality",
            Self::TimeBeforeStart => "time_before_start",
            Self::DuplicateOrOutOfOrder => "duplicate_or_out_of_order",
            Self::NotFinite => "not_finite",
            Self::Negative => "negative",
            Self::CountsMismatch => "counts_mismatch",
            Self::BadBounds => "bad_bounds",
            Self::TooManyBuckets => "too_many_buckets",
            Self::ScaleOutOfRange => "scale_out_of_range",
            Self::NoValue => "no_value",
            Self::NoName => "no_name",
            Self::InstrumentLimit => "instrument_limit",
            Self::SourceLimit => "source_limit",
            Self::TooManyWriters => "too_many_writers",
            Self::WrongKind => "wrong_kind",
            Self::ObservationLimit => "observation_limit",
            Self::MeterDisabled => "meter_disabled",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnspecifiedTemporality => "the temporality is unspecified; send cumulative or delta",
            Self::TimeBeforeStart => "the point's time is before its start time",
            Self::DuplicateOrOutOfOrder => "a point of this time or a later one was counted already",
            Self::NotFinite => "the value is NaN or infinite",
            Self::Negative => "the value of a monotonic sum is negative",
            Self::CountsMismatch => "the bucket counts do not fit the bounds or the total count",
            Self::BadBounds => "the bucket bounds are not finite and strictly ascending",
            Self::TooManyBuckets => "the histogram has more than 16384 buckets",
            Self::ScaleOutOfRange => "the scale of the exponential histogram is not from -10 to 20",
            Self::NoValue => "the point has no value and no flag that says so",
            Self::NoName => "the metric has no name",
            Self::InstrumentLimit => "the limit of instruments is reached; raise `limits.instruments_max`",
            Self::SourceLimit => "the limit of sources is reached; raise `limits.sources_max`",
            Self::TooManyWriters => {
                "too many processes write this series; give each its own `service.instance.id`"
            }
            Self::WrongKind => "observable instruments are reported by callbacks, others are recorded with",
            Self::ObservationLimit => {
                "a callback observes too much in one run; observe fewer sets, or raise `limits.observations_max`"
            }
            Self::MeterDisabled => "the Meter of the scope is disabled; see `meter_configurator`",
        })
    }
}

/// What became of a received batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IngestReport {
    /// Points that were taken in.
    pub accepted: u64,
    /// Points that were not, by reason.
    pub rejected: BTreeMap<Rejection, u64>,
    /// Points of scopes whose Meter is disabled (metrics SDK, "MeterConfig"). That is the operator's choice and no fault of the
    /// sender, who is not told; [`Counts::rejected`] has them as [`Rejection::MeterDisabled`].
    pub disabled: u64,
    /// Attribute keys that occurred more than once in a set; the last value was used.
    pub duplicate_keys: u64,
    /// The name of the metric of the first refused point.
    pub first: Option<(Rejection, String)>,
}

impl IngestReport {
    pub(crate) fn reject(&mut self, reason: Rejection, points: u64, metric: &str) {
        if points == 0 {
            return;
        }
        *self.rejected.entry(reason).or_default() += points;
        if self.first.is_none() {
            self.first = Some((reason, metric.chars().take(200).collect()));
        }
    }

    /// How many points were refused.
    pub fn rejected_points(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// A sentence for the sender: the reasons with their counts; empty if there is nothing to say.
    pub fn message(&self) -> String {
        let mut parts: Vec<String> = self
            .rejected
            .iter()
            .map(|(reason, count)| format!("{count} x {}: {reason}", reason.name()))
            .collect();
        if let Some((_, metric)) = &self.first {
            parts.push(format!("first in metric `{metric}`"));
        }
        if self.duplicate_keys > 0 {
            parts.push(format!("{} x duplicate attribute key: the last value was used", self.duplicate_keys));
        }
        parts.join("; ")
    }
}

/// What a swap did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SwapReport {
    /// The number of the generation now in service.
    pub generation: u64,
    /// Instruments that were asked again.
    pub instruments: u64,
    /// Series, over all readers, that kept accumulator and start.
    pub kept: u64,
    /// Series that started with the swap.
    pub started: u64,
    /// Series that ended with it, those of removed readers included.
    pub ended: u64,
    /// The numbers of the readers that were added, in the order they were asked for. No number is given twice.
    pub readers: Vec<usize>,
    /// What the readers that were removed had not collected yet, in the order they were asked for. Callbacks are not asked again, but
    /// what they have reported to any reader is in it.
    pub last: Vec<Frame>,
}

/// Something an operator should know; told once per instrument and generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The instrument it is about, or the metric, where it is about what is exported.
    pub instrument: Arc<str>,
    /// What happened, and what was done instead.
    pub message: String,
}

/// Counts since the engine was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Received points and recorded measurements that were counted.
    pub accepted: u64,
    /// Those that were not, by reason; all reasons, in order.
    pub rejected: Vec<(Rejection, u64)>,
    /// Times a View could not answer and was passed over.
    pub view_faults: u64,
    /// Instruments known.
    pub instruments: usize,
    /// Sources known.
    pub sources: usize,
    /// Series, over all readers.
    pub series: usize,
}

/// The atomics behind [`Counts`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) accepted: AtomicU64,
    pub(crate) view_faults: AtomicU64,
    rejected: [AtomicU64; Rejection::ALL.len()],
}

impl Counters {
    pub(crate) fn reject(&self, reason: Rejection, points: u64) {
        if let Some(counter) = self.rejected.get(reason as usize) {
            counter.fetch_add(points, Ordering::Relaxed);
        }
    }

    pub(crate) fn rejected(&self) -> Vec<(Rejection, u64)> {
        Rejection::ALL
            .into_iter()
            .zip(self.rejected.iter().map(|counter| counter.load(Ordering::Relaxed)))
            .collect()
    }
}
