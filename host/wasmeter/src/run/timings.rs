//! How long collections and exports take, and what is on its way: recorded as it happens, where [`super::own_metrics`] is asked.
//! Names and attributes are those of the semantic conventions for the metrics of an SDK.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use wasmeter_engine::{Engine, Recorder};
use wasmeter_model::{
    Advisory, Attributes, Instrument, InstrumentKind, Number, NumberKind, Origin, Resource, Scope,
};

use crate::clock::now;

/// Name, unit, kind and description of each, in the order of [`Recorders`].
const INSTRUMENTS: [(&str, &str, InstrumentKind, &str); 3] = [
    (
        "otel.sdk.metric_reader.collection.duration",
        "s",
        InstrumentKind::Histogram,
        "The duration of the collect operation of the metric reader",
    ),
    (
        "otel.sdk.exporter.operation.duration",
        "s",
        InstrumentKind::Histogram,
        "The duration of exporting a batch of telemetry records",
    ),
    (
        "otel.sdk.exporter.metric_data_point.inflight",
        "{data_point}",
        InstrumentKind::UpDownCounter,
        "The number of metric data points which were passed to the exporter, but that have not been exported yet",
    ),
];

/// In seconds: from a millisecond, which is a small collection, to the default timeout of an export.
const BOUNDARIES: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Where readers say how long they took. Until [`Timings::record_with`] nothing is kept: the readers are made before the engine.
#[derive(Debug, Default)]
pub(crate) struct Timings(OnceLock<Recorders>);

#[derive(Debug)]
struct Recorders {
    collections: Recorder,
    operations: Recorder,
    inflight: Recorder,
}

impl Timings {
    /// Records with this engine from now on.
    pub(super) fn record_with(&self, engine: &Engine, resource: &Arc<Resource>, scope: &Arc<Scope>) {
        let mut recorders = INSTRUMENTS.iter().map(|(name, unit, kind, description)| {
            let is_histogram = *kind == InstrumentKind::Histogram;
            let instrument = Instrument {
                name: (*name).into(),
                description: (*description).into(),
                unit: (*unit).into(),
                kind: *kind,
                number: if is_histogram { NumberKind::Double } else { NumberKind::Int },
                origin: Origin::Recorded,
                scope: scope.clone(),
                resource: resource.clone(),
                advisory: Advisory {
                    boundaries: is_histogram.then(|| BOUNDARIES.into()),
                    ..Advisory::default()
                },
            };
            engine.instrument(instrument, now())
        });
        let made = (recorders.next(), recorders.next(), recorders.next());
        let (Some(Ok(collections)), Some(Ok(operations)), Some(Ok(inflight))) = made else {
            return tracing::warn!("the timings of the program's readers are not available");
        };
        // Called once.
        let _first = self.0.set(Recorders { collections, operations, inflight });
    }

    /// A reader has collected.
    pub(super) fn collected(&self, reader: &str, took: Duration) {
        if let Some(recorders) = self.0.get() {
            let of = attributes([("otel.component.type", reader)]);
            recorders.collections.record(Number::Double(took.as_secs_f64()), &of, now());
        }
    }

    /// An export of so many points begins.
    pub(super) fn export_begins(&self, exporter: &str, points: u64) {
        self.inflight(exporter, i64::try_from(points).unwrap_or(i64::MAX));
    }

    /// It has ended, and failed if there is an `error`.
    pub(super) fn export_ends(&self, exporter: &str, points: u64, took: Duration, error: Option<&str>) {
        self.inflight(exporter, i64::try_from(points).map_or(-i64::MAX, |points| -points));
        if let Some(recorders) = self.0.get() {
            let component = [("otel.component.type", super::own_metrics::component_type(exporter))];
            let of = attributes(component.into_iter().chain(error.map(|error| ("error.type", error))));
            recorders.operations.record(Number::Double(took.as_secs_f64()), &of, now());
        }
    }

    fn inflight(&self, exporter: &str, points: i64) {
        if let Some(recorders) = self.0.get() {
            let of = attributes([("otel.component.type", super::own_metrics::component_type(exporter))]);
            recorders.inflight.record(Number::Int(points), &of, now());
        }
    }
}

fn attributes<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Attributes {
    pairs.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_documented_with_its_unit() {
        let documented = include_str!("../../../../docs/own-metrics.md");
        for (name, unit, kind, _) in INSTRUMENTS {
            let kind = if kind == InstrumentKind::Histogram { "histogram" } else { "up-down-counter" };
            let row = format!("| `{name}` | {kind}, `{unit}` |");
            assert!(documented.contains(&row), "no row begins with {row}");
        }
    }
}
