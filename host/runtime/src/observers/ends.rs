//! The ends of series that their observer says nothing about any more (data model, "No recorded value").

use wasmeter_model::frame::{
    ExponentialRow, Frame, FrameBuilder, HistogramRow, MetricRow, NO_RECORDED_VALUE, NumberRow, PointHeader,
    PointKind, SummaryRow,
};
use wasmeter_model::{Attributes, Temporality, Timestamp};

use super::series::Metric;

/// A frame in which these series end at `now`; each with the start of its last point.
pub(super) fn ends(
    gone: impl IntoIterator<Item = (Metric, Vec<(Attributes, Timestamp)>)>,
    now: Timestamp,
) -> Frame {
    let mut frame = FrameBuilder::new();
    for (metric, series) in gone {
        let Metric { resource, scope, name, unit, kind, monotonic } = metric;
        let attributes = frame.attributes(&resource.attributes);
        frame.resource(attributes, &resource.schema_url, 0);
        let attributes = frame.attributes(&scope.attributes);
        frame.scope(&scope.name, &scope.version, &scope.schema_url, attributes, 0);
        let none = frame.set([]);
        // Whether it was one of deltas does not matter for its end.
        let temporality = Some(Temporality::Cumulative);
        frame.metric(
            MetricRow { name: &name, description: "", unit: &unit, kind, temporality, monotonic },
            none,
        );
        for (attributes, start) in series {
            let attributes = frame.attributes(&attributes);
            let header = PointHeader { attributes, start, time: now, flags: NO_RECORDED_VALUE };
            match kind {
                PointKind::None => {}
                PointKind::Gauge | PointKind::Sum => frame.number(NumberRow { header, value: None }),
                PointKind::Histogram => frame.histogram(HistogramRow { header, ..HistogramRow::default() }),
                PointKind::ExponentialHistogram => {
                    frame.exponential(ExponentialRow { header, ..ExponentialRow::default() });
                }
                PointKind::Summary => {
                    frame.summary(SummaryRow { header, count: 0, sum: 0.0, quantiles: &[] })
                }
            }
        }
    }
    frame.finish()
}
