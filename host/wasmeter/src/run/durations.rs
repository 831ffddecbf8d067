//! How long plugins take over their answers: a histogram for each.
//!
//! What is recorded while a plugin is asked could ask it again, about the new series, and wait for itself. So the runtime counts for
//! itself, and the engine is told when metrics are collected, as if an observer had.

use std::sync::{Arc, Mutex, PoisonError};

use wasmeter_engine::Engine;
use wasmeter_model::frame::{Frame, FrameBuilder, HistogramRow, MetricRow, PointHeader, PointKind};
use wasmeter_model::{Resource, Temporality, Timestamp, ValueRef};
use wasmeter_runtime::{CALL_SECS_BOUNDARIES, PluginTotals, Runtime};

const NAME: &str = "wasmeter.plugin.call.duration";
const UNIT: &str = "s";

/// The histograms of all plugins.
pub(super) struct Durations {
    runtime: Arc<Runtime>,
    resource: Resource,
    start: Timestamp,
    /// When the engine was last told. What is told is cumulative, so it is told in order.
    told: Mutex<Timestamp>,
}

impl Durations {
    /// `resource` is the program's own; what is counted is counted from `start` on.
    pub(super) fn new(runtime: Arc<Runtime>, resource: Resource, start: Timestamp) -> Self {
        Self { runtime, resource, start, told: Mutex::new(start) }
    }

    /// Tells the engine, unless another collection just did.
    pub(super) fn tell(&self, engine: &Engine, now: Timestamp) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if now > *told {
            *told = now;
            engine.ingest_observed(&frame(&self.resource, &self.runtime.totals(), self.start, now), now);
        }
    }
}

fn frame(resource: &Resource, totals: &[PluginTotals], start: Timestamp, time: Timestamp) -> Frame {
    let mut frame = FrameBuilder::new();
    let own = frame.attributes(&resource.attributes);
    frame.resource(own, &resource.schema_url, 0);
    let none = frame.set([]);
    frame.scope("wasmeter", env!("CARGO_PKG_VERSION"), "", none, 0);
    let row = MetricRow {
        name: NAME,
        description: "How long plugins took over their answers",
        unit: UNIT,
        kind: PointKind::Histogram,
        temporality: Some(Temporality::Cumulative),
        monotonic: false,
    };
    frame.metric(row, none);
    for totals in totals {
        let attributes = frame.set([("plugin", ValueRef::String(&totals.plugin))]);
        frame.histogram(HistogramRow {
            header: PointHeader { attributes, start, time, flags: 0 },
            // Counted one after the other, so the sum may be a call ahead.
            count: totals.by_duration.iter().sum(),
            sum: Some(totals.busy.as_secs_f64()),
            min: None,
            max: None,
            bounds: &CALL_SECS_BOUNDARIES,
            counts: &totals.by_duration,
        });
    }
    frame.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metric_is_documented_with_its_unit() {
        let documented = include_str!("../../../../docs/own-metrics.md");
        assert!(documented.contains(&format!("| `{NAME}` | histogram, `{UNIT}` | `plugin` |")));
    }
}
