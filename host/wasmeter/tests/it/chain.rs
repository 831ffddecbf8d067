//! One wasmeter behind another: whatever the temporality between them, both pages agree.

use std::fs;

use crate::support::{Host, PluginFolder, Totals, Worker, eventually};

fn chain(transport: &str, temporality: &str) {
    let last = Host::start(None, &[]);
    let (exporter, endpoint) = match transport {
        "grpc" => ("otlp_grpc", last.grpc().to_owned()),
        _ => ("otlp_http", format!("{}/v1/metrics", last.http())),
    };
    let folder = PluginFolder::with(&["merge-workers", "route-template"]);
    let config = folder.path().join("first.yaml");
    let yaml = format!(
        "file_format: \"1.0\"\nmeter_provider:\n  readers:\n    - periodic:\n        interval: 250\n        exporter:\n          \
         {exporter}:\n            endpoint: {endpoint}\n            compression: gzip\n            \
         temporality_preference: {temporality}\n"
    );
    fs::write(&config, yaml).expect("the directory is writable");
    let first = Host::start(Some(folder.path()), &["--config", config.to_str().expect("a plain path")]);
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
