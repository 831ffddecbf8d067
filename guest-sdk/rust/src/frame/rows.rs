//! Rows to read or to write: a metric, its points, their exemplars.

use std::borrow::Cow;

use crate::Attributes;

/// What points a metric has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetricKind {
    /// No data at all; legal in OTLP.
    Empty,
    /// Current values.
    Gauge,
    /// Sums.
    Sum,
    /// Histograms with fixed boundaries.
    Histogram,
    /// Base-2 exponential histograms.
    ExponentialHistogram,
    /// Quantiles that an older system worked out.
    Summary,
}

impl MetricKind {
    pub(crate) fn of_code(code: u8) -> Self {
        match code {
            1 => Self::Gauge,
            2 => Self::Sum,
            3 => Self::Histogram,
            4 => Self::ExponentialHistogram,
            5 => Self::Summary,
            _ => Self::Empty,
        }
    }

    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Empty => 0,
            Self::Gauge => 1,
            Self::Sum => 2,
            Self::Histogram => 3,
            Self::ExponentialHistogram => 4,
            Self::Summary => 5,
        }
    }
}

/// What time the points of sums and histograms cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Temporality {
    /// The sender did not say.
    Unspecified,
    /// The time since the point before.
    Delta,
    /// All time since the start of the series.
    Cumulative,
}

impl Temporality {
    pub(crate) fn of_code(code: u8) -> Self {
        match code {
            1 => Self::Delta,
            2 => Self::Cumulative,
            _ => Self::Unspecified,
        }
    }

    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::Delta => 1,
            Self::Cumulative => 2,
        }
    }
}

/// A value; integers and doubles are kept apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A signed integer.
    Int(i64),
    /// A double.
    Double(f64),
}

/// The entity that produced the data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    /// What it is, such as `service.name`.
    pub attributes: Attributes,
    /// The semantic conventions' schema of the attributes; empty if unknown.
    pub schema_url: String,
    /// How many attributes the sender had dropped.
    pub dropped_attributes: u32,
}

/// A metric without its points.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Not empty.
    pub name: String,
    /// Empty if there is none.
    pub description: String,
    /// In UCUM; empty if there is none.
    pub unit: String,
    /// What its points are.
    pub kind: MetricKind,
    /// Of sums and histograms.
    pub temporality: Temporality,
    /// Of sums: whether they only grow.
    pub monotonic: bool,
    /// Further facts about the metric.
    pub metadata: Attributes,
}

/// A point with its exemplars.
#[derive(Clone, Debug, PartialEq)]
pub struct Point<'a> {
    /// The attributes that name the series; within a metric no two points have the same.
    pub attributes: Attributes,
    /// The start of the interval, in nanoseconds since the Unix epoch; 0 if unknown.
    pub start: u64,
    /// Its end, likewise.
    pub time: u64,
    /// OTLP's bit field, see [`NO_RECORDED_VALUE`](super::NO_RECORDED_VALUE).
    pub flags: u32,
    /// What was measured; of the metric's kind.
    pub data: PointData<'a>,
    /// Sampled measurements; none for summaries.
    pub exemplars: Vec<Exemplar>,
}

impl Point<'_> {
    /// True if the series has ended and the point only says so.
    pub fn is_ended(&self) -> bool {
        self.flags & super::NO_RECORDED_VALUE != 0
    }

    /// The same point with buckets of its own, to be kept when its frame is gone.
    pub fn into_owned(self) -> Point<'static> {
        let Self { attributes, start, time, flags, data, exemplars } = self;
        let data = match data {
            PointData::Number(number) => PointData::Number(number),
            PointData::Histogram(histogram) => PointData::Histogram(Histogram {
                bounds: Cow::Owned(histogram.bounds.into_owned()),
                counts: Cow::Owned(histogram.counts.into_owned()),
                ..histogram
            }),
            PointData::ExponentialHistogram(histogram) => {
                PointData::ExponentialHistogram(ExponentialHistogram {
                    positive: histogram.positive.into_owned(),
                    negative: histogram.negative.into_owned(),
                    ..histogram
                })
            }
            PointData::Summary(summary) => PointData::Summary(Summary {
                quantiles: Cow::Owned(summary.quantiles.into_owned()),
                values: Cow::Owned(summary.values.into_owned()),
                ..summary
            }),
        };
        Point { attributes, start, time, flags, data, exemplars }
    }
}

impl Buckets<'_> {
    fn into_owned(self) -> Buckets<'static> {
        Buckets { offset: self.offset, counts: Cow::Owned(self.counts.into_owned()) }
    }
}

/// What a point says.
#[derive(Clone, Debug, PartialEq)]
pub enum PointData<'a> {
    /// Of gauges and sums; `None` if there is no value.
    Number(Option<Number>),
    /// Of histograms.
    Histogram(Histogram<'a>),
    /// Of exponential histograms.
    ExponentialHistogram(ExponentialHistogram<'a>),
    /// Of summaries.
    Summary(Summary<'a>),
}

/// Values counted in buckets with fixed boundaries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram<'a> {
    /// How many values: the sum of `counts`, if there are any.
    pub count: u64,
    /// Their sum, in the metric's unit.
    pub sum: Option<f64>,
    /// The smallest.
    pub min: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
    /// The upper bounds, inclusive, of all buckets but the last; strictly ascending.
    pub bounds: Cow<'a, [f64]>,
    /// One more than bounds, or none of either.
    pub counts: Cow<'a, [u64]>,
}

/// Values counted in buckets whose bounds are powers of `2^(2^-scale)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExponentialHistogram<'a> {
    /// How many values: the sum of all counts.
    pub count: u64,
    /// Their sum, in the metric's unit.
    pub sum: Option<f64>,
    /// The smallest.
    pub min: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
    /// The resolution.
    pub scale: i32,
    /// How many values have a magnitude of at most `zero_threshold`.
    pub zero_count: u64,
    /// Not negative.
    pub zero_threshold: f64,
    /// The buckets of positive values.
    pub positive: Buckets<'a>,
    /// The buckets of negative values, by their magnitude.
    pub negative: Buckets<'a>,
}

/// Consecutive buckets of an exponential histogram.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets<'a> {
    /// The index of the first.
    pub offset: i32,
    /// How many values are in each.
    pub counts: Cow<'a, [u64]>,
}

/// Quantiles that an older system worked out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary<'a> {
    /// How many values.
    pub count: u64,
    /// Their sum, in the metric's unit.
    pub sum: f64,
    /// Each from 0 to 1.
    pub quantiles: Cow<'a, [f64]>,
    /// The value at each.
    pub values: Cow<'a, [f64]>,
}

/// A sampled measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    /// The attributes that are not on the point.
    pub attributes: Attributes,
    /// When it was made, in nanoseconds since the Unix epoch.
    pub time: u64,
    /// The value.
    pub value: Option<Number>,
    /// The trace it belongs to; 0 if none.
    pub trace_id: u128,
    /// The span it belongs to; 0 if none.
    pub span_id: u64,
}
