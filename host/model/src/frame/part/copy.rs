//! Copying rows of one frame into another.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::frame::{
    ExemplarRef, ExemplarRow, ExponentialRow, Frame, FrameBuilder, HistogramRow, MetricRef, MetricRow,
    NumberRow, PointHeader, PointKind, PointRef, SetId, SummaryRow,
};

/// Copies rows of one frame into another.
pub(super) struct Copy<'a> {
    from: &'a Frame,
    to: FrameBuilder,
    sets: HashMap<SetId, SetId, FixedState>,
    resource: Option<usize>,
    scope: Option<usize>,
}

impl<'a> Copy<'a> {
    pub(super) fn of(from: &'a Frame) -> Self {
        Self { from, to: FrameBuilder::new(), sets: HashMap::default(), resource: None, scope: None }
    }

    fn set(&mut self, set: SetId) -> SetId {
        if let Some(known) = self.sets.get(&set) {
            return *known;
        }
        let copied = self.to.set_of(self.from, set);
        self.sets.insert(set, copied);
        copied
    }

    /// What was copied.
    pub(super) fn finish(self) -> Frame {
        self.to.finish()
    }

    /// Copies a metric with its points, and its scope and resource unless they are open.
    pub(super) fn metric(&mut self, metric: MetricRef<'a>) {
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
                for point in metric.numbers() {
                    let header = self.header(point.point);
                    self.to.number(NumberRow { header, value: point.value });
                }
            }
            PointKind::Histogram => self.histograms(metric),
            PointKind::ExponentialHistogram => self.exponentials(metric),
            PointKind::Summary => self.summaries(metric),
        }
    }

    fn histograms(&mut self, metric: MetricRef<'a>) {
        for point in metric.histograms() {
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

    fn exponentials(&mut self, metric: MetricRef<'a>) {
        for point in metric.exponentials() {
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
                positive: (point.positive.0, point.positive.1.into()),
                negative: (point.negative.0, point.negative.1.into()),
            });
        }
    }

    fn summaries(&mut self, metric: MetricRef<'a>) {
        for point in metric.summaries() {
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
