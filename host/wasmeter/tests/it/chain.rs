//! One wasmeter behind another: whatever the temporality between them, both pages agree.

use std::fs;

use crate::support::{Host, PluginFolder, Totals, Wire, Worker, eventually};

/// The configuration of a host that exports to another one.
fn exporting(folder: &PluginFolder, exporter: &str, endpoint: &str, further: &str) -> String {
    let config = folder.path().join("first.yaml");
    let yaml = format!(
        "file_format: \"1.0\"\nmeter_provider:\n  readers:\n    - periodic:\n        interval: 250\n        exporter:\n          \
         {exporter}:\n            endpoint: {endpoint}\n            compression: gzip\n            {further}\n"
    );
    fs::write(&config, yaml).expect("the directory is writable");
    config.to_str().expect("a plain path").to_owned()
}

fn chain(transport: &str, temporality: &str) {
    let last = Host::start(None, &[]);
    let (exporter, endpoint) = match transport {
        "grpc" => ("otlp_grpc", last.grpc().to_owned()),
        _ => ("otlp_http", format!("{}/v1/metrics", last.http())),
    };
    let folder = PluginFolder::with(&["merge-workers", "route-template"]);
    let config = exporting(&folder, exporter, &endpoint, &format!("temporality_preference: {temporality}"));
    let first = Host::start(Some(folder.path()), &["--config", &config]);
    // On demand, so that nothing changes between the last look at the first page and the last export.
    let start = |seed: u32| Worker::python_on_demand(first.grpc(), &format!("worker-{seed}"), seed);
    let mut workers: Vec<_> = (0..2).map(start).collect();
    for _ in 0..3 {
        for worker in &mut workers {
            worker.record(100);
            worker.flush();
        }
        // At least one export lies between two rounds, so that delta has intervals to get wrong.
        let orders = first.page().sum("shop_orders_total", &[]);
        eventually("the export", || (last.page().sum("shop_orders_total", &[]) >= orders).then_some(()));
    }
    let totals: Vec<_> = workers.iter_mut().map(Worker::flush).collect();
    let expected = Totals::of(&totals);
    let page = first.page();
    expected.assert_on(&page);
    let (status, _, log) = first.stop();
    assert!(status.success(), "{status}\n{log}");
    // The last export was made before the end, so there is nothing to wait for.
    let behind = last.page();
    expected.assert_on(&behind);
    assert_eq!(behind.of_the_shop(), page.of_the_shop());
}

#[test]
fn delta_over_grpc_agrees() {
    chain("grpc", "delta");
}

#[test]
fn cumulative_over_grpc_agrees() {
    chain("grpc", "cumulative");
}

#[test]
fn delta_over_http_agrees() {
    chain("http", "delta");
}

/// A host that exports deltas over a wire, with what is needed to break it.
struct Broken {
    first: Host,
    worker: Worker,
    _folder: PluginFolder,
}

impl Broken {
    fn new(endpoint: &str) -> Self {
        let folder = PluginFolder::with(&["merge-workers", "route-template"]);
        let further = "temporality_preference: delta\n            timeout: 300";
        let config = exporting(&folder, "otlp_grpc", endpoint, further);
        let first = Host::start(Some(folder.path()), &["--config", &config]);
        let worker = Worker::python_on_demand(first.grpc(), "worker-0", 1);
        Self { first, worker, _folder: folder }
    }

    fn record(&mut self) {
        self.worker.record(100);
        self.worker.flush();
    }

    /// Records until exports have failed three times over.
    fn record_in_vain(&mut self) {
        let first = &self.first;
        let undelivered = || first.page().sum("wasmeter_export_points_total", &[("outcome", "undelivered")]);
        let mut seen = undelivered();
        for _ in 0..3 {
            self.worker.record(100);
            self.worker.flush();
            seen = eventually("a failed export", || Some(undelivered()).filter(|points| *points > seen));
        }
        // The same in the semantic conventions' words.
        let failed = [("otel_component_type", "otlp_grpc_metric_exporter"), ("error_type", "exhausted")];
        let page = first.page();
        let points = page.sum("otel_sdk_exporter_metric_data_point_exported_total", &failed);
        assert!(points >= seen, "{points} {seen}");
        let operations = page.sum("otel_sdk_exporter_operation_duration_seconds_count", &failed);
        assert!(operations >= 1.0 && operations <= points, "{operations} exports of {points} points");
    }

    /// Waits until the other host has everything, and compares.
    fn assert_arrived(mut self, last: &Host) {
        let totals = self.worker.flush();
        let orders = self.first.page().sum("shop_orders_total", &[]);
        eventually("the deliveries", || (last.page().sum("shop_orders_total", &[]) >= orders).then_some(()));
        let (status, _, log) = self.first.stop();
        assert!(status.success(), "{status}\n{log}");
        Totals::of(&[totals]).assert_on(&last.page());
    }
}

#[test]
fn deltas_that_could_not_be_delivered_arrive_later() {
    let last = Host::start(None, &[]);
    let wire = Wire::to(last.grpc());
    let mut broken = Broken::new(&wire.url());
    broken.record();
    eventually("the first export", || (last.page().sum("shop_orders_total", &[]) > 0.0).then_some(()));
    wire.cut();
    broken.record_in_vain();
    wire.mend();
    broken.assert_arrived(&last);
}

/// The second host stands still for a while, and then reads what came meanwhile as well as what is sent again.
#[test]
fn deltas_that_were_sent_twice_count_once() {
    let last = Host::start(None, &[]);
    let mut broken = Broken::new(last.grpc());
    broken.record();
    eventually("the first export", || (last.page().sum("shop_orders_total", &[]) > 0.0).then_some(()));
    last.signal("STOP");
    broken.record_in_vain();
    last.signal("CONT");
    broken.assert_arrived(&last);
}
