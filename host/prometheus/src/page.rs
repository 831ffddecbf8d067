//! What rendering yields: the text, and an account of everything that is not in it.

use std::fmt;

use crate::{FamilyKind, Format};

/// A page, or what is left to say about it.
///
/// Points that carry the no-recorded-value flag are absent without being counted: a series that is missing from a
/// scrape is how Prometheus is told that it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The text, in the [`Format`] that was asked for; empty or ending in a line feed.
    pub text: String,
    /// The points that are not on the page: one entry per metric name and reason, sorted.
    pub dropped: Vec<Drop>,
    /// What was changed without losing a point, at most one entry per family or target and case.
    pub warnings: Vec<Warning>,
}

impl Page {
    /// How many points were dropped for any reason.
    pub fn dropped_points(&self) -> u64 {
        self.dropped.iter().map(|drop| drop.points).sum()
    }
}

/// Points of one metric that were not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drop {
    /// The metric's OpenTelemetry name.
    pub metric: String,
    /// Why.
    pub reason: DropReason,
    /// How many; never 0.
    pub points: u64,
}

/// Why points were dropped. A closed set, fit for a metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DropReason {
    /// The metric is delta, but a page is cumulative.
    DeltaTemporality,
    /// The metric is a sum or histogram that does not say whether it is delta or cumulative.
    UnspecifiedTemporality,
    /// The point is a gauge's or sum's and has no number.
    NoValue,
    /// The metric has no name.
    InvalidName,
    /// A family of this name, or of one that its histogram or summary series would have, has another type.
    TypeConflict,
    /// An earlier series has the same labels, and the two cannot be added up.
    DuplicateSeries,
    /// Bounds do not ascend, counts do not fit bounds or total, or quantiles lie outside 0 to 1.
    Malformed,
    /// A counter is negative or NaN, for which OpenMetrics refuses the whole page.
    NoCount,
}

impl DropReason {
    /// The reason as a label value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DeltaTemporality => "delta_temporality",
            Self::UnspecifiedTemporality => "unspecified_temporality",
            Self::NoValue => "no_value",
            Self::InvalidName => "invalid_name",
            Self::TypeConflict => "type_conflict",
            Self::DuplicateSeries => "duplicate_series",
            Self::Malformed => "malformed",
            Self::NoCount => "no_count",
        }
    }

    fn explanation(self) -> &'static str {
        match self {
            Self::DeltaTemporality => {
                "the metric has delta temporality, a Prometheus page needs cumulative; give this reader cumulative temporality"
            }
            Self::UnspecifiedTemporality => {
                "the metric does not say whether it is delta or cumulative; have the sender set its temporality"
            }
            Self::NoValue => "the points have no value",
            Self::InvalidName => "the metric has no name; give it one in a view",
            Self::TypeConflict => {
                "its name in Prometheus is taken by a metric of another type; rename one of the two in a view"
            }
            Self::DuplicateSeries => {
                "another series has the same labels; give each source a `service.instance.id` or merge them in a view"
            }
            Self::Malformed => {
                "bounds must ascend, bucket counts must fit bounds and count, and quantiles lie within 0 and 1"
            }
            Self::NoCount => {
                "a counter in OpenMetrics must not be negative or NaN; send it as an up-down-counter or gauge"
            }
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Drop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} points of metric `{}` dropped: {}", self.points, self.metric, self.reason.explanation())
    }
}

/// Something that the page does not say the way the metrics do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Metrics of one family have different descriptions; given once per family.
    HelpConflict {
        /// The family.
        family: String,
        /// The description on the page, that of the first metric.
        kept: String,
        /// The first one that differs.
        ignored: String,
    },
    /// Metrics of one family have different units; given once per family, and only where the format shows units.
    UnitConflict {
        /// The family.
        family: String,
        /// The unit on the page, that of the first metric that has one.
        kept: String,
        /// The first one that differs.
        ignored: String,
    },
    /// Points have the same labels as an earlier series of the family and were added to it.
    DuplicateSeries {
        /// The family.
        family: String,
        /// How many points were added to others.
        points: u64,
    },
    /// A counter or info metric would need names in OpenMetrics that another family has, so it is there with its name alone:
    /// as `unknown` without start times and exemplars, or as a gauge.
    TypeHidden {
        /// The family.
        family: String,
        /// What it is on the page.
        shown: FamilyKind,
    },
    /// OpenMetrics has no sum of negative values, so histograms or summaries of the family are there without `_sum`, and
    /// histograms without `_count` too, which is that of the bucket up to `+Inf`.
    SumLeftOut {
        /// The family.
        family: String,
    },
    /// OpenMetrics has no negative values of quantiles; these are left out.
    QuantilesLeftOut {
        /// The family.
        family: String,
    },
    /// Resources with the same `job` and `instance` differ in other attributes; those of the first are on the page.
    TargetInfoConflict {
        /// The labels the resources share, as on the page.
        target: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HelpConflict { family, kept, ignored } => write!(
                f,
                "metrics of family `{family}` differ in description: kept `{kept}`, ignored `{ignored}`; \
                 make them equal at the source or in a view"
            ),
            Self::UnitConflict { family, kept, ignored } => write!(
                f,
                "metrics of family `{family}` differ in unit: kept `{kept}`, ignored `{ignored}`; \
                 make them equal at the source or in a view"
            ),
            Self::TypeHidden { family, shown } => write!(
                f,
                "OpenMetrics shows `{family}` as {}, because another metric has a name that its type needs; \
                 rename one of the two in a view",
                shown.word(Format::OpenMetrics)
            ),
            Self::SumLeftOut { family } => write!(
                f,
                "OpenMetrics has no `{family}_sum` for series with negative values, nor `_count` of such histograms; \
                 use `_bucket` up to `+Inf`, or have the page scraped as text 0.0.4"
            ),
            Self::QuantilesLeftOut { family } => write!(
                f,
                "OpenMetrics has no negative values of quantiles, so some of `{family}` are left out; \
                 have the page scraped as text 0.0.4"
            ),
            Self::DuplicateSeries { family, points } => write!(
                f,
                "{points} points of family `{family}` have the same labels as another series and were added to it; \
                 give each source a `service.instance.id` or merge them in a view"
            ),
            Self::TargetInfoConflict { target } => write!(
                f,
                "several resources are the target `{{{target}}}` but differ in other attributes, and `target_info` \
                 shows the first; give each a `service.instance.id`"
            ),
        }
    }
}
