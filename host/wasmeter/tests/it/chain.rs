//! One wasmeter behind another: whatever the temporality between them, both pages agree.

use std::fs;

use crate::support::{Host, PluginFolder, Totals, Worker, eventually};

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

/// The second host stands still for a while: the first one's deltas wait and are sent again, and none counts twice, though the
/// second host reads what came while it stood still too.
#[test]
fn deltas_that_were_not_delivered_in_time_arrive_once() {
    let last = Host::start(None, &[]);
    let folder = PluginFolder::with(&["merge-workers", "route-template"]);
    let further = "temporality_preference: delta\n            timeout: 300";
    let config = exporting(&folder, "otlp_grpc", last.grpc(), further);
    let first = Host::start(Some(folder.path()), &["--config", &config]);
    let mut worker = Worker::python_on_demand(first.grpc(), "worker-0", 1);
    let undelivered = || first.page().sum("wasmeter_export_points_total", &[("outcome", "undelivered")]);
    worker.record(100);
    worker.flush();
    eventually("the first export", || (last.page().sum("shop_orders_total", &[]) > 0.0).then_some(()));
    last.signal("STOP");
    let mut seen = undelivered();
    for _ in 0..3 {
        worker.record(100);
        worker.flush();
        seen = eventually("a failed export", || Some(undelivered()).filter(|points| *points > seen));
    }
    last.signal("CONT");
    let totals = worker.flush();
    let orders = first.page().sum("shop_orders_total", &[]);
    eventually("the deliveries", || (last.page().sum("shop_orders_total", &[]) >= orders).then_some(()));
    let (status, _, log) = first.stop();
    assert!(status.success(), "{status}\n{log}");
    Totals::of(&[totals]).assert_on(&last.page());
}
