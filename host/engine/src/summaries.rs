//! Summaries: quantiles cannot be merged, so the points of each source are passed on as received, around the Views.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::RandomState;
use wasmeter_model::frame::{
    FrameBuilder, MetricRef, MetricRow, PointHeader, PointKind, SummaryRef, SummaryRow,
};
use wasmeter_model::limits::BUCKETS_MAX;
use wasmeter_model::{Attributes, Resource, Scope, Temporality, Timestamp};

use crate::report::Rejection;

/// The last summary point of every source.
#[derive(Debug, Default)]
pub(crate) struct Summaries {
    metrics: Vec<Metric>,
    by_key: HashMap<Key, usize, RandomState>,
    points: usize,
    /// Numbers the series, so that they are exported in the order they came.
    next: u64,
}

/// Metrics by the resource and scope they belong to.
pub(crate) type ByOwner<'a> = HashMap<(Arc<Resource>, Arc<Scope>), Vec<&'a Metric>, RandomState>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    resource: Arc<Resource>,
    scope: Arc<Scope>,
    name: Arc<str>,
    unit: Arc<str>,
}

/// The sources of one metric.
#[derive(Debug)]
pub(crate) struct Metric {
    key: Key,
    description: Arc<str>,
    points: HashMap<Attributes, Point, RandomState>,
}

#[derive(Debug)]
struct Point {
    number: u64,
    heard: Timestamp,
    start: Timestamp,
    time: Timestamp,
    count: u64,
    sum: f64,
    quantiles: Vec<(f64, f64)>,
}

impl Summaries {
    /// Keeps a point in place of the one before.
    #[expect(clippy::too_many_arguments, reason = "a point is named by all of them")]
    pub(crate) fn take(
        &mut self,
        resource: &Arc<Resource>,
        scope: &Arc<Scope>,
        metric: MetricRef<'_>,
        attributes: Attributes,
        row: &SummaryRef<'_>,
        now: Timestamp,
        points_max: usize,
    ) -> Result<(), Rejection> {
        if metric.name().is_empty() {
            return Err(Rejection::NoName);
        }
        let key = Key {
            resource: resource.clone(),
            scope: scope.clone(),
            name: metric.name().into(),
            unit: metric.unit().into(),
        };
        let at = self.by_key.get(&key).copied();
        let known = at.and_then(|at| self.metrics.get(at)).and_then(|metric| metric.points.get(&attributes));
        if row.point.is_ended() {
            if let Some(metric) = at.and_then(|at| self.metrics.get_mut(at)) {
                self.points -= usize::from(metric.points.remove(&attributes).is_some());
            }
            return Ok(());
        }
        if row.quantiles.len() > BUCKETS_MAX {
            return Err(Rejection::TooManyBuckets);
        }
        let number = known.map_or(self.next, |before| before.number);
        match known {
            Some(before) if row.point.time() <= before.time => return Err(Rejection::DuplicateOrOutOfOrder),
            Some(_) => {}
            None if self.points >= points_max => return Err(Rejection::SourceLimit),
            None => {
                self.points += 1;
                self.next += 1;
            }
        }
        let at = at.unwrap_or_else(|| {
            let description = metric.description().into();
            self.by_key.insert(key.clone(), self.metrics.len());
            self.metrics.push(Metric { key, description, points: HashMap::default() });
            self.metrics.len() - 1
        });
        let Some(known) = self.metrics.get_mut(at) else { return Ok(()) };
        // Of several descriptions the longest is chosen (data model, "Producer recommendations").
        if metric.description().len() > known.description.len() {
            known.description = metric.description().into();
        }
        let quantiles = row.quantiles.iter().copied().zip(row.quantile_values.iter().copied()).collect();
        let point = Point {
            number,
            heard: now,
            start: row.point.start(),
            time: row.point.time(),
            count: row.count,
            sum: row.sum,
            quantiles,
        };
        known.points.insert(attributes, point);
        Ok(())
    }

    /// Forgets the points of sources that are silent.
    pub(crate) fn expire(&mut self, now: Timestamp, expiry: Duration) {
        for metric in &mut self.metrics {
            metric.points.retain(|_, point| now.since(point.heard) <= expiry);
        }
        self.points = self.metrics.iter().map(|metric| metric.points.len()).sum();
        if self.metrics.iter().any(|metric| metric.points.is_empty()) {
            self.metrics.retain(|metric| !metric.points.is_empty());
            self.by_key =
                self.metrics.iter().enumerate().map(|(at, metric)| (metric.key.clone(), at)).collect();
        }
    }

    /// The resource and scope of every metric, in the order they came.
    pub(crate) fn owners(&self) -> impl Iterator<Item = (Arc<Resource>, Arc<Scope>)> {
        self.metrics.iter().map(|metric| metric.key.owner())
    }

    /// Every metric by its resource and scope.
    pub(crate) fn by_owner(&self) -> ByOwner<'_> {
        let mut by_owner = ByOwner::default();
        for metric in &self.metrics {
            by_owner.entry(metric.key.owner()).or_default().push(metric);
        }
        by_owner
    }
}

impl Key {
    fn owner(&self) -> (Arc<Resource>, Arc<Scope>) {
        (self.resource.clone(), self.scope.clone())
    }
}

impl Metric {
    /// Writes the metric and its points.
    pub(crate) fn emit(&self, frame: &mut FrameBuilder) {
        let metadata = frame.set([]);
        let row = MetricRow {
            name: &self.key.name,
            description: &self.description,
            unit: &self.key.unit,
            kind: PointKind::Summary,
            temporality: Some(Temporality::Cumulative),
            monotonic: false,
        };
        frame.metric(row, metadata);
        let mut points: Vec<_> = self.points.iter().collect();
        points.sort_unstable_by_key(|(_, point)| point.number);
        for (attributes, point) in points {
            let attributes = frame.attributes(attributes);
            let header = PointHeader { attributes, start: point.start, time: point.time, flags: 0 };
            let (count, sum, quantiles) = (point.count, point.sum, &point.quantiles[..]);
            frame.summary(SummaryRow { header, count, sum, quantiles });
        }
    }
}
