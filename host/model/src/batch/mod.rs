//! Received metrics on their way into an engine: points in columns, and what names them as an engine keeps it.
//!
//! A [`Frame`] names resources, scopes, metrics and series by text of its own, which has to be made into what an engine keeps
//! before a series is found. Whoever reads the same names again and again knows that already: a batch has handles instead
//! of text, and points of known series cost a reference count for each [`SetRun`].

mod read;
mod sets;

use std::borrow::Cow;
use std::sync::Arc;

pub use read::{BatchExemplar, BatchMetric, BatchPoint};
use sets::Sets;
pub use sets::{PlaceInRun, SetRun};

use crate::frame::{
    BoundsId, ExemplarRow, ExponentialRow, Frame, FrameBuilder, HistogramRow, MetricRow, NumberRow,
    PointKind, SetId, SummaryRow,
};
use crate::{Attributes, Resource, Scope, Temporality, total_count};

/// What a metric is called, beside its scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricName {
    /// Its name.
    pub name: Arc<str>,
    /// Its description; empty if none.
    pub description: Arc<str>,
    /// Its unit; empty if none.
    pub unit: Arc<str>,
    /// OTLP's `metadata`.
    pub metadata: Attributes,
}

/// A metric's own fields and what it belongs to.
#[derive(Clone, Debug)]
pub struct BatchRow {
    /// Who produced it.
    pub resource: Arc<Resource>,
    /// The instrumentation scope within it.
    pub scope: Arc<Scope>,
    /// What it is called.
    pub name: Arc<MetricName>,
    /// The kind of its points.
    pub kind: PointKind,
    /// Of sums and histograms; `None` if unspecified.
    pub temporality: Option<Temporality>,
    /// For sums: whether the value only grows.
    pub monotonic: bool,
}

/// Received metrics; see the module.
#[derive(Debug)]
pub struct Batch<'a> {
    /// The points. Their sets are rows of `sets`, and of each metric only its kind and its points count.
    points: Cow<'a, Frame>,
    /// One for each metric of `points`.
    metrics: Vec<BatchRow>,
    sets: Sets,
    duplicate_keys: u64,
    /// True if the counts of each histogram are known to be its count together.
    has_checked_counts: bool,
}

impl<'a> From<&'a Frame> for Batch<'a> {
    /// Makes handles of all text: costs an allocation or more for each distinct set and each metric.
    fn from(frame: &'a Frame) -> Self {
        Self::of(Cow::Borrowed(frame))
    }
}

impl From<Frame> for Batch<'_> {
    /// As from a reference, and keeps the frame.
    fn from(frame: Frame) -> Self {
        Self::of(Cow::Owned(frame))
    }
}

impl<'a> Batch<'a> {
    fn of(points: Cow<'a, Frame>) -> Self {
        let frame = points.as_ref();
        let mut sets = Sets::default();
        for row in 0..frame.sets.len() {
            let (attributes, overwritten) = frame.attributes(SetId(u32::try_from(row).unwrap_or(u32::MAX)));
            sets.add(attributes, overwritten as u64);
        }
        let set = |id: SetId| sets.get(id).cloned().unwrap_or_default();
        let mut duplicate_keys = 0;
        let mut count = |id: SetId| duplicate_keys += sets.duplicate_keys(id);
        frame.resources.attributes.iter().chain(&frame.scopes.attributes).for_each(|id| count(*id));
        frame.metrics.metadata.iter().for_each(|id| count(*id));
        let mut resource: Option<(usize, Arc<Resource>)> = None;
        let mut scope: Option<(usize, Arc<Scope>)> = None;
        let metrics = frame.metrics().map(|metric| {
            let (scope_row, resource_row) = (metric.scope(), metric.scope().resource());
            let resource = remembered(&mut resource, resource_row.row(), || Resource {
                attributes: set(resource_row.attributes()),
                schema_url: resource_row.schema_url().into(),
                entities: resource_row.entities().clone(),
            });
            let scope = remembered(&mut scope, scope_row.row(), || Scope {
                name: scope_row.name().into(),
                version: scope_row.version().into(),
                schema_url: scope_row.schema_url().into(),
                attributes: set(scope_row.attributes()),
            });
            let name = Arc::new(MetricName {
                name: metric.name().into(),
                description: metric.description().into(),
                unit: metric.unit().into(),
                metadata: set(metric.metadata()),
            });
            let (kind, temporality, monotonic) = (metric.kind(), metric.temporality(), metric.monotonic());
            BatchRow { resource, scope, name, kind, temporality, monotonic }
        });
        let metrics = metrics.collect();
        Self { points, metrics, sets, duplicate_keys, has_checked_counts: false }
    }
}

/// What was made for a row, if it was the one asked for last: rows are grouped.
fn remembered<T>(last: &mut Option<(usize, Arc<T>)>, row: usize, make: impl FnOnce() -> T) -> Arc<T> {
    match last {
        Some((known, value)) if *known == row => value.clone(),
        _ => last.insert((row, Arc::new(make()))).1.clone(),
    }
}

/// Writes one [`Batch`]: a metric, then its points, each behind its exemplars.
#[derive(Debug, Default)]
pub struct BatchBuilder {
    points: FrameBuilder,
    metrics: Vec<BatchRow>,
    sets: Sets,
}

impl BatchBuilder {
    /// Opens a metric.
    pub fn metric(&mut self, row: BatchRow) {
        let kind = row.kind;
        self.metrics.push(row);
        let (temporality, monotonic) = (None, false);
        let row = MetricRow { name: "", description: "", unit: "", kind, temporality, monotonic };
        self.points.metric(row, SetId(0));
    }

    /// The open metric, for what is known only behind its points.
    pub fn open_metric(&mut self) -> Option<&mut BatchRow> {
        self.metrics.last_mut()
    }

    /// Adds a set for points and exemplars to refer to. It is not looked for among those there are.
    #[inline]
    pub fn set(&mut self, attributes: Attributes) -> SetId {
        self.sets.add(attributes, 0)
    }

    /// As [`BatchBuilder::set`], for one that is kept in a run.
    #[inline]
    pub fn known_set(&mut self, run: &SetRun, at: u32) -> SetId {
        self.sets.add_known(run, at)
    }

    /// Adds an exemplar to the point that is added next.
    pub fn exemplar(&mut self, row: ExemplarRow) {
        self.points.exemplar(row);
    }

    /// Adds a point to the open gauge or sum.
    #[inline]
    pub fn number(&mut self, row: NumberRow) {
        self.points.number(row);
    }

    /// The id of a list of bucket bounds.
    pub fn bounds(&mut self, bounds: &[f64]) -> BoundsId {
        self.points.bounds(bounds)
    }

    /// Adds counts to the buckets of the histogram that is added next, and returns those it has by then.
    #[inline]
    pub fn counts(&mut self, counts: impl ExactSizeIterator<Item = u64>) -> &[u64] {
        self.points.counts(counts);
        self.points.next_counts()
    }

    /// Adds a point to the open histogram, with these bounds instead of those of the row, and the [counts](Self::counts) that were
    /// added for it before those of the row. False, and the point is not added, if it has counts that are not `row.count` together.
    #[must_use]
    #[inline]
    pub fn histogram_of(&mut self, bounds: BoundsId, row: HistogramRow<'_>) -> bool {
        let counts = self.points.next_counts();
        let has_counts = !(counts.is_empty() && row.counts.is_empty());
        if has_counts && total_count(counts) + total_count(row.counts) != row.count.into() {
            self.points.discard_next();
            return false;
        }
        self.points.histogram_of(bounds, row);
        true
    }

    /// Adds a point to the open exponential histogram. False, and the point is not added, if its buckets have counts that are not
    /// `row.count` together.
    #[must_use]
    pub fn exponential(&mut self, row: ExponentialRow<'_>) -> bool {
        let sides = row.positive.1.total() + row.negative.1.total();
        if sides + u128::from(row.zero_count) != row.count.into() {
            self.points.discard_next();
            return false;
        }
        self.points.exponential(row);
        true
    }

    /// Adds a point to the open summary.
    pub fn summary(&mut self, row: SummaryRow<'_>) {
        self.points.summary(row);
    }

    /// Makes room for so many more points like the last one.
    pub fn expect(&mut self, points: usize) {
        self.points.expect(points);
        self.sets.expect(points);
    }

    /// The finished batch.
    pub fn finish(self) -> Batch<'static> {
        let Self { points, metrics, sets } = self;
        let points = Cow::Owned(points.finish());
        Batch { points, metrics, sets, duplicate_keys: 0, has_checked_counts: true }
    }
}

#[cfg(test)]
mod tests;
