//! Summaries: quantiles cannot be merged, so the points of each source are passed on as received, around the Views.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::RandomState;
use wasmeter_model::batch::{BatchPoint, BatchRow};
use wasmeter_model::frame::{FrameBuilder, MetricRow, PointHeader, PointKind, SummaryRef, SummaryRow};
use wasmeter_model::limits::BUCKETS_MAX;
use wasmeter_model::{Attributes, Resource, Scope, Temporality, Timestamp};

use crate::filter::{MetricFilter, MetricStream, Verdict};
use crate::report::Rejection;
use crate::stream::Entities;

/// The last summary point of every source.
#[derive(Debug, Default)]
pub(crate) struct Summaries {
    metrics: Vec<Metric>,
    by_key: HashMap<Key, usize, RandomState>,
    points: usize,
    /// Numbers the series, so that they are exported in the order they came.
    next: u64,
}

/// A metric with its points as of one moment, and then with those that pass a reader's filter: whoever asks that or writes it locks
/// nothing.
pub(crate) struct Passing {
    key: Key,
    description: Arc<str>,
    metadata: Attributes,
    entities: Entities,
    points: Vec<(Attributes, Arc<Point>)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    resource: Arc<Resource>,
    scope: Arc<Scope>,
    name: Arc<str>,
    unit: Arc<str>,
}

/// The sources of one metric.
#[derive(Debug)]
struct Metric {
    key: Key,
    description: Arc<str>,
    /// The further facts that came last.
    metadata: Attributes,
    entities: Entities,
    points: HashMap<Attributes, Arc<Point>, RandomState>,
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
    ///
    /// # Errors
    ///
    /// The point is older than the one that is known, or there is no room for it.
    pub(crate) fn take(
        &mut self,
        metric: &BatchRow,
        point: BatchPoint<'_>,
        row: &SummaryRef<'_>,
        now: Timestamp,
        points_max: usize,
    ) -> Result<(), Rejection> {
        let name = &metric.name;
        if name.name.is_empty() {
            return Err(Rejection::NoName);
        }
        let attributes = point.attributes();
        let key = Key {
            resource: metric.resource.clone(),
            scope: metric.scope.clone(),
            name: name.name.clone(),
            unit: name.unit.clone(),
        };
        let at = self.by_key.get(&key).copied();
        let known = at.and_then(|at| self.metrics.get(at)).and_then(|metric| metric.points.get(attributes));
        if point.is_ended() {
            if let Some(metric) = at.and_then(|at| self.metrics.get_mut(at)) {
                self.points -= usize::from(metric.points.remove(attributes).is_some());
            }
            return Ok(());
        }
        if row.quantiles.len() > BUCKETS_MAX {
            return Err(Rejection::TooManyBuckets);
        }
        let number = known.map_or(self.next, |before| before.number);
        match known {
            Some(before) if point.time() <= before.time => return Err(Rejection::DuplicateOrOutOfOrder),
            Some(_) => {}
            None if self.points >= points_max => return Err(Rejection::SourceLimit),
            None => {
                self.points += 1;
                self.next += 1;
            }
        }
        let at = at.unwrap_or_else(|| {
            let description = name.description.clone();
            self.by_key.insert(key.clone(), self.metrics.len());
            let (metadata, entities) = (Attributes::default(), Entities::default());
            self.metrics.push(Metric { key, description, metadata, entities, points: HashMap::default() });
            self.metrics.len() - 1
        });
        let Some(known) = self.metrics.get_mut(at) else { return Ok(()) };
        // Of several descriptions the longest is chosen (data model, "Producer recommendations").
        if name.description.len() > known.description.len() {
            known.description = name.description.clone();
        }
        if !name.metadata.is_empty() {
            known.metadata = name.metadata.clone();
        }
        known.entities.hear(&metric.resource.entities, now);
        let quantiles = row.quantiles.iter().copied().zip(row.quantile_values.iter().copied()).collect();
        let taken = Point {
            number,
            heard: now,
            start: point.start(),
            time: point.time(),
            count: row.count,
            sum: row.sum,
            quantiles,
        };
        known.points.insert(attributes.clone(), Arc::new(taken));
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

    /// The metrics as they are now, in the order they came, for what passes of them to be sought with nothing locked. Costs two reference
    /// counts for each point.
    pub(crate) fn now(&self) -> Vec<Passing> {
        let now = |metric: &Metric| {
            let Metric { key, description, metadata, entities, points } = metric;
            let (key, description) = (key.clone(), description.clone());
            let (metadata, entities) = (metadata.clone(), entities.clone());
            let points =
                points.iter().map(|(attributes, point)| (attributes.clone(), point.clone())).collect();
            Passing { key, description, metadata, entities, points }
        };
        self.metrics.iter().map(now).collect()
    }
}

impl Passing {
    /// Leaves out what does not pass the reader's filter; false if nothing is left.
    pub(crate) fn filter(&mut self, filter: Option<&dyn MetricFilter>) -> bool {
        let Self { key, points, .. } = self;
        let mut verdict = Verdict::of(filter, key.metric());
        for (attributes, _) in points.iter() {
            verdict.ask(filter, key.metric(), attributes);
        }
        points.retain(|(attributes, _)| verdict.passes(attributes));
        !points.is_empty()
    }

    /// The resource and scope of the metric.
    pub(crate) fn owner(&self) -> (Arc<Resource>, Arc<Scope>) {
        (self.key.resource.clone(), self.key.scope.clone())
    }

    /// The entities of the resource.
    pub(crate) const fn entities(&self) -> &Entities {
        &self.entities
    }

    /// Writes the metric with its points, in the order they came.
    pub(crate) fn emit(self, frame: &mut FrameBuilder) {
        let Self { key, description, metadata, mut points, .. } = self;
        let metadata = frame.kept(&metadata);
        let row = MetricRow {
            name: &key.name,
            description: &description,
            unit: &key.unit,
            kind: PointKind::Summary,
            temporality: Some(Temporality::Cumulative),
            monotonic: false,
        };
        frame.metric(row, metadata);
        points.sort_unstable_by_key(|(_, point)| point.number);
        for (attributes, point) in &points {
            let attributes = frame.kept(attributes);
            let header = PointHeader { attributes, start: point.start, time: point.time, flags: 0 };
            let (count, sum, quantiles) = (point.count, point.sum, &point.quantiles[..]);
            frame.summary(SummaryRow { header, count, sum, quantiles });
        }
    }
}

impl Key {
    /// As filters know it.
    fn metric(&self) -> MetricStream<'_> {
        MetricStream::new(&self.scope, &self.name, PointKind::Summary, &self.unit)
    }
}
