//! Copying rows of one frame into another: merging frames, and leaving out part of one.

use super::builder::{
    ExemplarRow, ExponentialRow, FrameBuilder, HistogramRow, MetricRow, NumberRow, PointHeader, SummaryRow,
};
use super::{Frame, MetricRef, PointKind, PointRef, ScopeRef};

impl FrameBuilder {
    /// Adds the points of a frame for which `keep` is true, behind what is there; `keep` is asked metric by metric, in the
    /// order of the frame. A metric without such points is left out, and so are a scope and a resource without metrics.
    ///
    /// What comes first joins the resource and scope that are open if it has the very same, so that frames of one resource
    /// become one frame with one resource.
    pub fn append(&mut self, frame: &Frame, mut keep: impl FnMut(MetricRef<'_>, PointRef<'_>) -> bool) {
        let mut open_scope = None;
        for metric in frame.metrics() {
            let mut is_open = false;
            let mut wanted = |builder: &mut Self, point: PointRef<'_>| {
                if !keep(metric, point) {
                    return None;
                }
                if !is_open {
                    is_open = true;
                    builder.open(frame, metric, &mut open_scope);
                }
                Some(builder.header(frame, point))
            };
            match metric.kind() {
                PointKind::None => {}
                PointKind::Gauge | PointKind::Sum => {
                    for row in metric.numbers() {
                        let Some(header) = wanted(self, row.point) else { continue };
                        self.number(NumberRow { header, value: row.value });
                    }
                }
                PointKind::Histogram => {
                    for row in metric.histograms() {
                        let Some(header) = wanted(self, row.point) else { continue };
                        let (count, sum, min, max) = (row.count, row.sum, row.min, row.max);
                        let (bounds, counts) = (row.bounds, row.counts);
                        self.histogram(HistogramRow { header, count, sum, min, max, bounds, counts });
                    }
                }
                PointKind::ExponentialHistogram => {
                    for row in metric.exponentials() {
                        let Some(header) = wanted(self, row.point) else { continue };
                        self.exponential(ExponentialRow {
                            header,
                            count: row.count,
                            sum: row.sum,
                            min: row.min,
                            max: row.max,
                            scale: row.scale,
                            zero_count: row.zero_count,
                            zero_threshold: row.zero_threshold,
                            positive: (row.positive.0, row.positive.1.into()),
                            negative: (row.negative.0, row.negative.1.into()),
                        });
                    }
                }
                PointKind::Summary => {
                    for row in metric.summaries() {
                        let Some(header) = wanted(self, row.point) else { continue };
                        let values = row.quantile_values.iter().copied();
                        let quantiles: Vec<_> = row.quantiles.iter().copied().zip(values).collect();
                        let (count, sum) = (row.count, row.sum);
                        self.summary(SummaryRow { header, count, sum, quantiles: &quantiles });
                    }
                }
            }
        }
    }

    /// Opens a metric of another frame, and its scope if that is not the one opened last.
    fn open(&mut self, frame: &Frame, metric: MetricRef<'_>, open_scope: &mut Option<usize>) {
        let scope = metric.scope();
        if open_scope.replace(scope.row()) != Some(scope.row()) {
            self.open_scope(frame, scope);
        }
        let metadata = self.set_of(frame, metric.metadata());
        let row = MetricRow {
            name: metric.name(),
            description: metric.description(),
            unit: metric.unit(),
            kind: metric.kind(),
            temporality: metric.temporality(),
            monotonic: metric.monotonic(),
        };
        self.metric(row, metadata);
    }

    fn open_scope(&mut self, frame: &Frame, scope: ScopeRef<'_>) {
        let resource = scope.resource();
        let attributes = self.set_of(frame, resource.attributes());
        let is_open = self.is_open_resource(attributes, resource.schema_url(), resource.dropped_attributes());
        if !is_open {
            self.resource(attributes, resource.schema_url(), resource.dropped_attributes());
        }
        self.entities(resource.entities());
        let attributes = self.set_of(frame, scope.attributes());
        let (name, version, schema_url) = (scope.name(), scope.version(), scope.schema_url());
        let dropped = scope.dropped_attributes();
        if !is_open || !self.is_open_scope(name, version, schema_url, attributes, dropped) {
            self.scope(name, version, schema_url, attributes, dropped);
        }
    }

    /// What the next point has in common with all others; its exemplars are added with this.
    fn header(&mut self, frame: &Frame, point: PointRef<'_>) -> PointHeader {
        for exemplar in point.exemplars() {
            let attributes = self.set(exemplar.pairs());
            self.exemplar(ExemplarRow {
                attributes,
                time: exemplar.time,
                value: exemplar.value,
                trace_id: exemplar.trace_id,
                span_id: exemplar.span_id,
            });
        }
        let attributes = self.set_of(frame, point.attributes());
        PointHeader { attributes, start: point.start(), time: point.time(), flags: point.flags() }
    }
}
