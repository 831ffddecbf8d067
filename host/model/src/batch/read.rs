//! Reading a batch: metric, then its points.

use super::{Batch, BatchRow, PlaceInRun};
use crate::frame::{
    ExponentialRef, HistogramRef, MetricRef, NumberRef, PointKind, PointRef, SetId, SummaryRef,
};
use crate::{Attributes, Number, Timestamp};

/// A metric of a batch.
#[derive(Clone, Copy, Debug)]
pub struct BatchMetric<'a> {
    batch: &'a Batch<'a>,
    row: &'a BatchRow,
    points: MetricRef<'a>,
}

/// What a point of a batch has, whatever its kind.
#[derive(Clone, Copy, Debug)]
pub struct BatchPoint<'a> {
    batch: &'a Batch<'a>,
    point: PointRef<'a>,
}

/// A sampled measurement of a batch.
#[derive(Clone, Copy, Debug)]
pub struct BatchExemplar<'a> {
    /// The attributes that are not on the point.
    pub attributes: &'a Attributes,
    /// When it was measured.
    pub time: Timestamp,
    /// The value.
    pub value: Option<Number>,
    /// The trace it belongs to; 0 if none.
    pub trace_id: u128,
    /// The span it belongs to; 0 if none.
    pub span_id: u64,
}

impl<'a> Batch<'a> {
    /// Every metric, in order: grouped by resource, then scope.
    pub fn metrics(&'a self) -> impl ExactSizeIterator<Item = BatchMetric<'a>> {
        let metrics = self.points.metrics().zip(&self.metrics);
        metrics.map(|(points, row)| BatchMetric { batch: self, row, points })
    }

    /// How many points all metrics have together.
    pub fn point_count(&self) -> usize {
        self.points.point_count()
    }

    /// How many attributes of resources, scopes and metadata had a key that came again; the last one counts.
    pub fn duplicate_keys(&self) -> u64 {
        self.duplicate_keys
    }

    #[inline]
    fn set(&self, id: SetId) -> &Attributes {
        self.sets.get(id).unwrap_or_else(no_attributes)
    }
}

impl<'a> BatchMetric<'a> {
    /// Its own fields and what it belongs to.
    pub fn row(&self) -> &'a BatchRow {
        self.row
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        &self.row.name.name
    }

    /// The kind of its points.
    pub fn kind(&self) -> PointKind {
        self.row.kind
    }

    /// How many points it has.
    pub fn point_count(&self) -> usize {
        self.points.points().len()
    }

    /// True if the counts of each histogram are known to be its count together; an explicit one may have none.
    pub fn has_checked_counts(&self) -> bool {
        self.batch.has_checked_counts
    }

    /// Its points, whatever their kind.
    #[inline]
    pub fn all_points(&self) -> impl ExactSizeIterator<Item = BatchPoint<'a>> + use<'a> {
        let metric = *self;
        self.points.all_points().map(move |point| metric.point(point))
    }

    #[inline]
    fn point(&self, point: PointRef<'a>) -> BatchPoint<'a> {
        BatchPoint { batch: self.batch, point }
    }

    /// Its points, if it is a gauge or sum. The point within the row knows nothing of its attributes here.
    #[inline]
    pub fn numbers(&self) -> impl ExactSizeIterator<Item = (BatchPoint<'a>, NumberRef<'a>)> + use<'a> {
        let metric = *self;
        self.points.numbers().map(move |row| (metric.point(row.point), row))
    }

    /// Its points, if it is an explicit histogram; as [`BatchMetric::numbers`].
    #[inline]
    pub fn histograms(&self) -> impl ExactSizeIterator<Item = (BatchPoint<'a>, HistogramRef<'a>)> + use<'a> {
        let metric = *self;
        self.points.histograms().map(move |row| (metric.point(row.point), row))
    }

    /// Its points, if it is an exponential histogram; as [`BatchMetric::numbers`].
    #[inline]
    pub fn exponentials(
        &self,
    ) -> impl ExactSizeIterator<Item = (BatchPoint<'a>, ExponentialRef<'a>)> + use<'a> {
        let metric = *self;
        self.points.exponentials().map(move |row| (metric.point(row.point), row))
    }

    /// Its points, if it is a summary; as [`BatchMetric::numbers`].
    #[inline]
    pub fn summaries(&self) -> impl ExactSizeIterator<Item = (BatchPoint<'a>, SummaryRef<'a>)> + use<'a> {
        let metric = *self;
        self.points.summaries().map(move |row| (metric.point(row.point), row))
    }
}

impl<'a> BatchPoint<'a> {
    /// The attributes that name the series, each key once.
    #[inline]
    pub fn attributes(&self) -> &'a Attributes {
        self.batch.set(self.point.attributes())
    }

    /// Where its attributes are in their [`SetRun`](super::SetRun), if they are in one.
    pub fn place_in_run(&self) -> Option<PlaceInRun> {
        self.batch.sets.place_in_run(self.point.attributes())
    }

    /// How many attributes had a key that came again; the last one counts.
    #[inline]
    pub fn duplicate_keys(&self) -> u64 {
        self.batch.sets.duplicate_keys(self.point.attributes())
    }

    /// The start of the interval.
    #[inline]
    pub fn start(&self) -> Timestamp {
        self.point.start()
    }

    /// Its end.
    #[inline]
    pub fn time(&self) -> Timestamp {
        self.point.time()
    }

    /// True if the series has ended and this point only says so.
    #[inline]
    pub fn is_ended(&self) -> bool {
        self.point.is_ended()
    }

    /// Its exemplars.
    #[inline]
    pub fn exemplars(&self) -> impl ExactSizeIterator<Item = BatchExemplar<'a>> + use<'a> {
        let batch = self.batch;
        self.point.exemplars().map(move |row| BatchExemplar {
            attributes: batch.set(row.set()),
            time: row.time,
            value: row.value,
            trace_id: row.trace_id,
            span_id: row.span_id,
        })
    }
}

fn no_attributes<'a>() -> &'a Attributes {
    static EMPTY: std::sync::OnceLock<Attributes> = std::sync::OnceLock::new();
    EMPTY.get_or_init(Attributes::empty)
}
