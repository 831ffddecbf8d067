//! The same work in the host, on the same columns: what the sandbox is paid for beside.

use wasmeter_model::frame::{Frame, SetId};

use super::points::KEY;

/// The sum of all values.
pub(crate) fn read(frame: &Frame) -> f64 {
    let number = |value| match value {
        Some(wasmeter_model::Number::Double(double)) => double,
        Some(wasmeter_model::Number::Int(int)) => int as f64,
        None => 0.0,
    };
    frame.metrics().flat_map(|metric| metric.numbers()).map(|point| number(point.value)).sum()
}

/// A frame without the attributes of the key.
pub(crate) fn remove(frame: &Frame) -> Frame {
    let mut next = wasmeter_model::frame::FrameBuilder::with_room(&frame.sizes());
    let mut sets: Vec<Option<SetId>> = vec![None; frame.sets.offsets.len()];
    for metric in frame.metrics() {
        let scope = metric.scope();
        let resource = scope.resource();
        let attributes = next.set(frame.pairs(resource.attributes()));
        next.resource(attributes, resource.schema_url(), resource.dropped_attributes());
        let attributes = next.set(frame.pairs(scope.attributes()));
        next.scope(scope.name(), scope.version(), scope.schema_url(), attributes, scope.dropped_attributes());
        let metadata = next.set(frame.pairs(metric.metadata()));
        let row = wasmeter_model::frame::MetricRow {
            name: metric.name(),
            description: metric.description(),
            unit: metric.unit(),
            kind: metric.kind(),
            temporality: metric.temporality(),
            monotonic: metric.monotonic(),
        };
        next.metric(row, metadata);
        for number in metric.numbers() {
            let set = number.point.attributes();
            let known = sets.get_mut(set.0 as usize).expect("a row of the table");
            let removed =
                || next.set(number.point.pairs().filter(|(key, _)| *key != KEY).collect::<Vec<_>>());
            let attributes = known.unwrap_or_else(removed);
            *known = Some(attributes);
            let header = wasmeter_model::frame::PointHeader {
                attributes,
                start: number.point.start(),
                time: number.point.time(),
                flags: number.point.flags(),
            };
            next.number(wasmeter_model::frame::NumberRow { header, value: number.value });
        }
    }
    next.finish()
}
