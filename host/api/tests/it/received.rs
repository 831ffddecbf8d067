//! What a receiver took, as the frame that was sent.

use wasmeter_api::model::batch::{Batch, BatchPoint};
use wasmeter_api::model::frame::{
    ExemplarRow, ExponentialRow, Frame, FrameBuilder, HistogramRow, MetricRow, NumberRow, PointHeader,
};

/// All but summaries, which no program measures.
pub(crate) fn frame_of(batch: &Batch<'_>) -> Frame {
    let mut frame = FrameBuilder::new();
    for metric in batch.metrics() {
        let row = metric.row();
        let (resource, scope, name) = (&row.resource, &row.scope, &row.name);
        let attributes = frame.attributes(&resource.attributes);
        frame.resource(attributes, &resource.schema_url, 0);
        let attributes = frame.attributes(&scope.attributes);
        frame.scope(&scope.name, &scope.version, &scope.schema_url, attributes, 0);
        let metadata = frame.attributes(&name.metadata);
        let (kind, temporality, monotonic) = (row.kind, row.temporality, row.monotonic);
        let (name, description, unit) = (&name.name[..], &name.description[..], &name.unit[..]);
        frame.metric(MetricRow { name, description, unit, kind, temporality, monotonic }, metadata);
        for (point, row) in metric.numbers() {
            let header = header(&mut frame, point);
            frame.number(NumberRow { header, value: row.value });
        }
        for (point, row) in metric.histograms() {
            let header = header(&mut frame, point);
            let (count, sum, min, max) = (row.count, row.sum, row.min, row.max);
            let (bounds, counts) = (row.bounds, row.counts);
            frame.histogram(HistogramRow { header, count, sum, min, max, bounds, counts });
        }
        for (point, row) in metric.exponentials() {
            let header = header(&mut frame, point);
            let (count, sum, min, max) = (row.count, row.sum, row.min, row.max);
            let (scale, zero_count, zero_threshold) = (row.scale, row.zero_count, row.zero_threshold);
            let [positive, negative] =
                [row.positive, row.negative].map(|(first, counts)| (first, counts.into()));
            frame.exponential(ExponentialRow {
                header,
                count,
                sum,
                min,
                max,
                scale,
                zero_count,
                zero_threshold,
                positive,
                negative,
            });
        }
    }
    frame.finish()
}

fn header(frame: &mut FrameBuilder, point: BatchPoint<'_>) -> PointHeader {
    for exemplar in point.exemplars() {
        let attributes = frame.attributes(exemplar.attributes);
        let (time, value) = (exemplar.time, exemplar.value);
        let (trace_id, span_id) = (exemplar.trace_id, exemplar.span_id);
        frame.exemplar(ExemplarRow { attributes, time, value, trace_id, span_id });
    }
    let attributes = frame.attributes(point.attributes());
    PointHeader { attributes, start: point.start(), time: point.time(), flags: u32::from(point.is_ended()) }
}
