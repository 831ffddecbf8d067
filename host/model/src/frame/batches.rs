//! Cutting a frame into batches (metrics SDK, "Periodic exporting MetricReader", the maximum size of a batch).

use std::collections::HashMap;
use std::num::NonZeroUsize;

use foldhash::fast::FixedState;

use super::{
    ExemplarRef, ExemplarRow, ExponentialRow, Frame, FrameBuilder, HistogramRow, MetricRef, MetricRow,
    NumberRow, PointHeader, PointKind, PointRef, SetId, SummaryRow,
};

/// The batches of a frame; see [`Frame::into_batches`].
#[derive(Debug)]
pub struct Batches {
    /// The points before the next batch are cut off from the ranges of their metrics.
    frame: Frame,
    points_left: usize,
    points_max: usize,
    /// The metric the next batch begins with.
    metric: usize,
}

impl Frame {
    /// Cuts the frame into batches of `points_max` points each, the last one of what is left, in its order. A metric's points
    /// may be spread over several batches, each of which then names the metric, its scope and its resource again. A frame
    /// without points has no batches; one that is small enough is its own batch and is not copied.
    pub fn into_batches(self, points_max: NonZeroUsize) -> Batches {
        Batches { points_left: self.point_count(), frame: self, points_max: points_max.get(), metric: 0 }
    }
}

impl Batches {
    /// All that has not been cut off yet, as one frame; `None` if that is nothing.
    pub fn into_rest(mut self) -> Option<Frame> {
        self.points_max = usize::MAX;
        self.next()
    }
}

impl Iterator for Batches {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        if self.points_left == 0 {
            return None;
        }
        if self.metric == 0
            && self.points_left == self.frame.point_count()
            && self.points_left <= self.points_max
        {
            self.points_left = 0;
            return Some(std::mem::take(&mut self.frame));
        }
        let mut copy = Copy::of(&self.frame);
        let mut room = self.points_max;
        let mut cut = None;
        for metric in self.frame.metrics().skip(self.metric) {
            let taken = metric.points().len().min(room);
            copy.metric(metric, taken);
            room -= taken;
            if taken < metric.points().len() {
                cut = Some(taken);
                break;
            }
            self.metric += 1;
            if room == 0 && self.points_left > self.points_max {
                break;
            }
        }
        let batch = copy.to.finish();
        if let (Some(taken), Some(start)) = (cut, self.frame.metrics.points_start.get_mut(self.metric)) {
            *start = start.saturating_add(u32::try_from(taken).unwrap_or(u32::MAX));
        }
        self.points_left = self.points_left.saturating_sub(self.points_max - room);
        Some(batch)
    }
}

/// Copies rows of one frame into another.
struct Copy<'a> {
    from: &'a Frame,
    to: FrameBuilder,
    sets: HashMap<SetId, SetId, FixedState>,
    resource: Option<usize>,
    scope: Option<usize>,
}

impl<'a> Copy<'a> {
    fn of(from: &'a Frame) -> Self {
        Self { from, to: FrameBuilder::new(), sets: HashMap::default(), resource: None, scope: None }
    }

    fn set(&mut self, set: SetId) -> SetId {
        if let Some(known) = self.sets.get(&set) {
            return *known;
        }
        let copied = self.to.set(self.from.pairs(set));
        self.sets.insert(set, copied);
        copied
    }

    /// Copies a metric with the first `taken` of its points, and its scope and resource unless they are open.
    fn metric(&mut self, metric: MetricRef<'a>, taken: usize) {
        let scope = metric.scope();
        let resource = scope.resource();
        if self.resource != Some(resource.row()) {
            self.resource = Some(resource.row());
            self.scope = None;
            let attributes = self.set(resource.attributes());
            self.to.resource(attributes, resource.schema_url(), resource.dropped_attributes());
            self.to.entities(resource.entities());
        }
        if self.scope != Some(scope.row()) {
            self.scope = Some(scope.row());
            let attributes = self.set(scope.attributes());
            self.to.scope(
                scope.name(),
                scope.version(),
                scope.schema_url(),
                attributes,
                scope.dropped_attributes(),
            );
        }
        let metadata = self.set(metric.metadata());
        let row = MetricRow {
            name: metric.name(),
            description: metric.description(),
            unit: metric.unit(),
            kind: metric.kind(),
            temporality: metric.temporality(),
            monotonic: metric.monotonic(),
        };
        self.to.metric(row, metadata);
        match metric.kind() {
            PointKind::None => {}
            PointKind::Gauge | PointKind::Sum => {
                for point in metric.numbers().take(taken) {
                    let header = self.header(point.point);
                    self.to.number(NumberRow { header, value: point.value });
                }
            }
            PointKind::Histogram => self.histograms(metric, taken),
            PointKind::ExponentialHistogram => self.exponentials(metric, taken),
            PointKind::Summary => self.summaries(metric, taken),
        }
    }

    fn histograms(&mut self, metric: MetricRef<'a>, taken: usize) {
        for point in metric.histograms().take(taken) {
            let header = self.header(point.point);
            self.to.histogram(HistogramRow {
                header,
                count: point.count,
                sum: point.sum,
                min: point.min,
                max: point.max,
                bounds: point.bounds,
                counts: point.counts,
            });
        }
    }

    fn exponentials(&mut self, metric: MetricRef<'a>, taken: usize) {
        for point in metric.exponentials().take(taken) {
            let header = self.header(point.point);
            self.to.exponential(ExponentialRow {
                header,
                count: point.count,
                sum: point.sum,
                min: point.min,
                max: point.max,
                scale: point.scale,
                zero_count: point.zero_count,
                zero_threshold: point.zero_threshold,
                positive: point.positive,
                negative: point.negative,
            });
        }
    }

    fn summaries(&mut self, metric: MetricRef<'a>, taken: usize) {
        for point in metric.summaries().take(taken) {
            let header = self.header(point.point);
            let quantiles: Vec<(f64, f64)> =
                point.quantiles.iter().copied().zip(point.quantile_values.iter().copied()).collect();
            self.to.summary(SummaryRow { header, count: point.count, sum: point.sum, quantiles: &quantiles });
        }
    }

    /// What every point has; its exemplars are copied, so that the point can follow.
    fn header(&mut self, point: PointRef<'a>) -> PointHeader {
        for exemplar in point.exemplars() {
            self.exemplar(&exemplar);
        }
        let attributes = self.set(point.attributes());
        PointHeader { attributes, start: point.start(), time: point.time(), flags: point.flags() }
    }

    fn exemplar(&mut self, exemplar: &ExemplarRef<'a>) {
        let attributes = self.to.set(exemplar.pairs());
        self.to.exemplar(ExemplarRow {
            attributes,
            time: exemplar.time,
            value: exemplar.value,
            trace_id: exemplar.trace_id,
            span_id: exemplar.span_id,
        });
    }
}

#[cfg(test)]
mod tests;
