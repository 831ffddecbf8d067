//! The program's metrics about itself, through the same engine, so that they are where all others are.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasmeter_engine::{Engine, Observer};
use wasmeter_model::{
    Advisory, Attributes, Instrument, InstrumentKind, Number, NumberKind, Origin, Resource, Scope, ValueRef,
};
use wasmeter_otlp::receive::{Counted, ReceiveStats};
use wasmeter_runtime::{Loading, Runtime};

use super::plugin_keeper::Plugins;
use super::readers::ExportStats;
use crate::clock::now;

/// Name, unit, kind and description of each; the observation refers to them by their place.
const INSTRUMENTS: [(&str, &str, InstrumentKind, &str); 24] = [
    (
        "wasmeter.receiver.requests",
        "{request}",
        InstrumentKind::ObservableCounter,
        "OTLP requests, by transport",
    ),
    (
        "wasmeter.receiver.points",
        "{point}",
        InstrumentKind::ObservableCounter,
        "Received points handed to the engine, by transport",
    ),
    (
        "wasmeter.receiver.points.refused",
        "{point}",
        InstrumentKind::ObservableCounter,
        "Received points that were malformed, by transport and reason",
    ),
    (
        "wasmeter.engine.points.rejected",
        "{point}",
        InstrumentKind::ObservableCounter,
        "Points the engine could not count, by reason",
    ),
    (
        "wasmeter.engine.instruments",
        "{instrument}",
        InstrumentKind::ObservableUpDownCounter,
        "Instruments known",
    ),
    (
        "wasmeter.engine.series",
        "{series}",
        InstrumentKind::ObservableUpDownCounter,
        "Series held for all readers",
    ),
    (
        "wasmeter.export.points",
        "{point}",
        InstrumentKind::ObservableCounter,
        "Points by exporter and outcome; undelivered ones are sent again where they are delta",
    ),
    (
        "wasmeter.plugin.info",
        "",
        InstrumentKind::ObservableGauge,
        "1 for each plugin in service, on its way there or not gone yet",
    ),
    (
        "wasmeter.plugin.failures",
        "{failure}",
        InstrumentKind::ObservableCounter,
        "Failures of plugins, by plugin and reason",
    ),
    (
        "wasmeter.plugin.swaps",
        "{swap}",
        InstrumentKind::ObservableCounter,
        "Swaps of the views in service, by outcome",
    ),
    (
        "wasmeter.view.faults",
        "{fault}",
        InstrumentKind::ObservableCounter,
        "Times a view could not answer and was passed over",
    ),
    (
        "wasmeter.receiver.requests.failed",
        "{request}",
        InstrumentKind::ObservableCounter,
        "OTLP requests that failed as a whole, by transport and reason",
    ),
    (
        "wasmeter.plugin.calls",
        "{call}",
        InstrumentKind::ObservableCounter,
        "Questions plugins were asked, by plugin",
    ),
    (
        "wasmeter.plugin.busy",
        "ns",
        InstrumentKind::ObservableCounter,
        "How long plugins took over their answers, by plugin",
    ),
    (
        "wasmeter.plugin.log.dropped",
        "{line}",
        InstrumentKind::ObservableCounter,
        "Lines plugins logged beyond their rate, by plugin",
    ),
    (
        "wasmeter.plugin.memory",
        "By",
        InstrumentKind::ObservableUpDownCounter,
        "Linear memory of plugins in service, by plugin",
    ),
    (
        "wasmeter.plugin.generation",
        "",
        InstrumentKind::ObservableGauge,
        "The generation of the plugin directory in service",
    ),
    // As the semantic conventions have it.
    (
        "otel.sdk.exporter.metric_data_point.exported",
        "{data_point}",
        InstrumentKind::ObservableCounter,
        "Metric data points for which the export has finished, either successful or failed",
    ),
    (
        "wasmeter.plugin.writes.refused",
        "{write}",
        InstrumentKind::ObservableCounter,
        "Writes refused because a plugin's directories hold as much as they may, by plugin",
    ),
    (
        "wasmeter.plugin.observations.late",
        "{observation}",
        InstrumentKind::ObservableCounter,
        "Collections that went on without an observer, by plugin",
    ),
    (
        "wasmeter.plugin.observations.dropped",
        "{observation}",
        InstrumentKind::ObservableCounter,
        "Observations that do not count, by plugin and reason",
    ),
    (
        "wasmeter.plugin.entity_references.dropped",
        "{reference}",
        InstrumentKind::ObservableCounter,
        "References of resources to entities that did not outlast a processor, by plugin and reason",
    ),
    (
        "wasmeter.receiver.parts.dropped",
        "{part}",
        InstrumentKind::ObservableCounter,
        "Parts of requests that were malformed and left out, at the cost of no point, by transport and reason",
    ),
    (
        "wasmeter.receiver.requests.decoded",
        "{request}",
        InstrumentKind::ObservableCounter,
        "OTLP requests in protobuf that had to be decoded as a whole, by transport",
    ),
];

const REQUESTS: usize = 0;
const POINTS: usize = 1;
const REFUSED: usize = 2;
const REJECTED: usize = 3;
const KNOWN_INSTRUMENTS: usize = 4;
const SERIES: usize = 5;
const EXPORTED: usize = 6;
const PLUGIN_INFO: usize = 7;
const PLUGIN_FAILURES: usize = 8;
const SWAPS: usize = 9;
const VIEW_FAULTS: usize = 10;
const FAILED: usize = 11;
const CALLS: usize = 12;
const BUSY: usize = 13;
const LOG_DROPPED: usize = 14;
const MEMORY: usize = 15;
const GENERATION: usize = 16;
const SDK_EXPORTED: usize = 17;
const WRITES_REFUSED: usize = 18;
const LATE: usize = 19;
const OBSERVATIONS_DROPPED: usize = 20;
const ENTITY_REFERENCES_DROPPED: usize = 21;
const PARTS_DROPPED: usize = 22;
const DECODED: usize = 23;

/// Registers everything with the engine.
pub(super) fn register(
    engine: &Engine,
    configured: &Resource,
    received: Arc<ReceiveStats>,
    runtime: Arc<Runtime>,
    plugins: Plugins,
    exported: Arc<ExportStats>,
) {
    let resource = Arc::new(own_resource(configured));
    let scope = Arc::new(Scope {
        name: "wasmeter".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        ..Scope::default()
    });
    let instruments = INSTRUMENTS.iter().map(|(name, unit, kind, description)| Instrument {
        name: (*name).into(),
        description: (*description).into(),
        unit: (*unit).into(),
        kind: *kind,
        number: NumberKind::Int,
        origin: Origin::Recorded,
        scope: scope.clone(),
        resource: resource.clone(),
        advisory: Advisory::default(),
    });
    let (counted, stats_of_readers) = (engine.clone(), exported.clone());
    let observe = move |observer: &mut Observer<'_>| {
        let mut own = Own { observer };
        own.receivers(&received);
        own.engine(&counted);
        own.plugins(&runtime, &plugins);
        for (exporter, outcome, points) in exported.snapshot() {
            own.count(EXPORTED, points, [("exporter", &*exporter), ("outcome", outcome)]);
        }
        for (exporter, error, points) in exported.finished_snapshot() {
            own.sdk_exported(&exporter, error, points);
        }
    };
    stats_of_readers.timings().record_with(engine, &resource, &scope);
    if let Err(reason) = engine.observe(instruments.collect(), observe, now()) {
        tracing::warn!(%reason, "the program's own metrics are not available");
    }
}

/// The configured resource with what the specification wants every resource to have.
pub(super) fn own_resource(configured: &Resource) -> Resource {
    let defaults = [
        ("service.name", "wasmeter"),
        ("service.version", env!("CARGO_PKG_VERSION")),
        ("telemetry.sdk.name", "wasmeter"),
        ("telemetry.sdk.language", "rust"),
        ("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
    ];
    let defaults = defaults.into_iter().map(|(key, value)| (key, ValueRef::String(value)));
    // Of equal keys the last one wins.
    let attributes: Attributes = defaults.chain(configured.attributes.iter()).collect();
    Resource { attributes, ..configured.clone() }
}

/// As the semantic conventions name an exporter; of those they do not know, the own name.
pub(super) fn component_type(exporter: &str) -> &str {
    match exporter {
        "otlp_grpc" => "otlp_grpc_metric_exporter",
        "otlp_http" => "otlp_http_metric_exporter",
        "prometheus" => "prometheus_http_text_metric_exporter",
        other => other,
    }
}

struct Own<'o, 'a> {
    observer: &'o mut Observer<'a>,
}

impl Own<'_, '_> {
    fn count<const N: usize>(&mut self, place: usize, count: u64, attributes: [(&str, &str); N]) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.observer.observe(place, Number::Int(count), &attributes.into_iter().collect());
    }

    fn sdk_exported(&mut self, exporter: &str, error: Option<&str>, points: u64) {
        const TYPE: &str = "otel.component.type";
        let component = component_type(exporter);
        match error {
            None => self.count(SDK_EXPORTED, points, [(TYPE, component)]),
            Some(error) => self.count(SDK_EXPORTED, points, [(TYPE, component), ("error.type", error)]),
        }
    }

    fn receivers(&mut self, received: &ReceiveStats) {
        for count in received.snapshot() {
            let transport = count.transport.name();
            match count.counted {
                Counted::Requests => {
                    self.count(REQUESTS, count.count, [("transport", transport), ("outcome", "all")])
                }
                Counted::Failed(kind) if count.count > 0 => {
                    self.count(FAILED, count.count, [("transport", transport), ("reason", kind.name())]);
                }
                Counted::Decoded => self.count(DECODED, count.count, [("transport", transport)]),
                Counted::Points => self.count(POINTS, count.count, [("transport", transport)]),
                Counted::Refused(reason) if count.count > 0 => {
                    self.count(REFUSED, count.count, [("transport", transport), ("reason", reason.name())]);
                }
                part @ (Counted::DuplicateKeys
                | Counted::MalformedIds
                | Counted::ProfileReferences
                | Counted::MalformedEntityReferences)
                    if count.count > 0 =>
                {
                    let attributes = [("transport", transport), ("reason", part.name())];
                    self.count(PARTS_DROPPED, count.count, attributes);
                }
                _ => {}
            }
        }
    }

    fn engine(&mut self, engine: &Engine) {
        let counts = engine.counts();
        for (reason, count) in counts.rejected.iter().filter(|(_, count)| *count > 0) {
            self.count(REJECTED, *count, [("reason", reason.name())]);
        }
        self.count(KNOWN_INSTRUMENTS, counts.instruments as u64, []);
        self.count(SERIES, counts.series as u64, []);
        self.count(VIEW_FAULTS, counts.view_faults, []);
    }

    fn plugins(&mut self, runtime: &Runtime, plugins: &Plugins) {
        let generation = plugins.current();
        if let Some(generation) = &generation {
            self.count(GENERATION, generation.number(), []);
        }
        for loading in runtime.loading() {
            self.count(PLUGIN_INFO, 1, [("plugin", &*loading.plugin), ("state", Loading::STATE)]);
        }
        let mut memory: BTreeMap<_, u64> = BTreeMap::new();
        for info in runtime.plugins() {
            let state = info.state.name();
            self.count(
                PLUGIN_INFO,
                1,
                [
                    ("plugin", &*info.counted_as),
                    ("version", &info.version),
                    ("state", state),
                    ("world", info.world.name()),
                ],
            );
            // A build and its successor may have the same version.
            let bytes = memory.entry((info.counted_as, info.version)).or_default();
            *bytes = bytes.saturating_add(info.memory_bytes as u64);
        }
        for ((name, version), bytes) in memory {
            self.count(MEMORY, bytes, [("plugin", &*name), ("version", &version)]);
        }
        for totals in runtime.totals() {
            let plugin = [("plugin", totals.plugin.as_ref())];
            self.count(CALLS, totals.calls, plugin);
            self.count(BUSY, u64::try_from(totals.busy.as_nanos()).unwrap_or(u64::MAX), plugin);
            self.count(LOG_DROPPED, totals.log_lines_dropped, plugin);
            self.count(LATE, totals.observations_late, plugin);
            self.count(
                OBSERVATIONS_DROPPED,
                totals.observations_replaced,
                [("plugin", totals.plugin.as_ref()), ("reason", "replaced")],
            );
            self.count(WRITES_REFUSED, totals.writes_refused, plugin);
            if totals.entity_references_lost > 0 {
                let attributes = [("plugin", totals.plugin.as_ref()), ("reason", "identity_changed")];
                self.count(ENTITY_REFERENCES_DROPPED, totals.entity_references_lost, attributes);
            }
        }
        for failure in runtime.counts().snapshot() {
            self.count(
                PLUGIN_FAILURES,
                failure.count,
                [("plugin", &failure.plugin), ("reason", failure.kind.name())],
            );
        }
        let swaps = plugins.swaps();
        self.count(SWAPS, swaps.done, [("outcome", "done")]);
        self.count(SWAPS, swaps.refused, [("outcome", "refused")]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_documented_with_its_unit() {
        let documented = include_str!("../../../../docs/own-metrics.md");
        for (name, unit, kind, _) in INSTRUMENTS {
            let kind = match kind {
                InstrumentKind::ObservableCounter => "counter",
                InstrumentKind::ObservableUpDownCounter => "up-down-counter",
                _ => "gauge",
            };
            let unit = if unit.is_empty() { String::new() } else { format!(", `{unit}`") };
            let row = format!("| `{name}` | {kind}{unit} |");
            assert!(documented.contains(&row), "no row begins with {row}");
        }
    }
}
