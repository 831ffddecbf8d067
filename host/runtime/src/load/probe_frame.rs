//! A small frame with points of every kind, to see that a processor can process what comes.

use wasmeter_model::frame::{
    ExemplarRow, ExponentialRow, Frame, FrameBuilder, HistogramRow, MetricRow, NumberRow, PointHeader,
    PointKind, SummaryRow,
};
use wasmeter_model::{Number, Temporality, Timestamp, ValueRef};

/// One metric of each kind with two points each.
pub(super) fn probe_frame() -> Frame {
    let mut frame = FrameBuilder::new();
    let none = frame.set([]);
    let service = frame.set([("service.name", ValueRef::String("probe"))]);
    frame.resource(service, "", 0);
    frame.scope("wasmeter.probe", "0.1.0", "", none, 0);
    for (name, unit, kind) in [
        ("process.memory.usage", "By", PointKind::Gauge),
        ("http.requests", "{request}", PointKind::Sum),
        ("http.server.request.duration", "s", PointKind::Histogram),
        ("http.client.request.duration", "s", PointKind::ExponentialHistogram),
        ("rpc.server.duration", "ms", PointKind::Summary),
    ] {
        let temporality = Some(Temporality::Cumulative);
        let row = MetricRow { name, description: "", unit, kind, temporality, monotonic: true };
        frame.metric(row, none);
        for (path, code) in [("/orders/84321", 200), ("/", 404)] {
            point(&mut frame, kind, path, code);
        }
    }
    frame.finish()
}

fn point(frame: &mut FrameBuilder, kind: PointKind, path: &str, code: i64) {
    let attributes = frame.set([
        ("cached", ValueRef::Bool(true)),
        ("http.request.method", ValueRef::String("GET")),
        ("http.response.status_code", ValueRef::Int(code)),
        ("ratio", ValueRef::Double(0.5)),
        ("url.path", ValueRef::String(path)),
    ]);
    let (start, time) = (Timestamp::from_secs(1), Timestamp::from_secs(2));
    let header = PointHeader { attributes, start, time, flags: 0 };
    if kind != PointKind::Summary {
        let attributes = frame.set([("user.id", ValueRef::String("7"))]);
        let value = Some(Number::Double(0.25));
        frame.exemplar(ExemplarRow { attributes, time, value, trace_id: 1, span_id: 1 });
    }
    match kind {
        PointKind::None => {}
        PointKind::Gauge | PointKind::Sum => frame.number(NumberRow { header, value: Some(Number::Int(3)) }),
        PointKind::Histogram => frame.histogram(HistogramRow {
            header,
            count: 3,
            sum: Some(0.75),
            bounds: &[0.1, 0.5],
            counts: &[1, 1, 1],
            ..HistogramRow::default()
        }),
        PointKind::ExponentialHistogram => frame.exponential(ExponentialRow {
            header,
            count: 3,
            sum: Some(0.75),
            positive: (-2, (&[1, 2]).into()),
            ..ExponentialRow::default()
        }),
        PointKind::Summary => {
            frame.summary(SummaryRow { header, count: 3, sum: 0.75, quantiles: &[(0.5, 0.25)] });
        }
    }
}
