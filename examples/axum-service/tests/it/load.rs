//! A plugin comes and goes while requests run: on the page as over OTLP, every request is counted once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use wasmeter_prometheus::Sample;

use crate::otlp::Collector;
use crate::support::{Service, get, put_plugin, remove_plugin};

/// Adds up a counter as Prometheus does: of each series what it grew by, and all of it if it is new or begins again.
#[derive(Default)]
struct Increase {
    last: BTreeMap<String, f64>,
    total: f64,
    /// How much of it had a route.
    templated: f64,
}

impl Increase {
    fn scrape(&mut self, samples: &[Sample]) {
        let orders = samples.iter().filter(|sample| sample.name == "shop_orders_total");
        let mut now = BTreeMap::new();
        for sample in orders {
            let series = format!("{:?}", sample.labels);
            let before = self.last.get(&series).copied().unwrap_or_default();
            let grown = if sample.value >= before { sample.value - before } else { sample.value };
            self.total += grown;
            if sample.label("http_route") == Some("/orders/{id}") {
                self.templated += grown;
            }
            now.insert(series, sample.value);
        }
        self.last = now;
    }
}

/// Sends requests until it is dropped, whatever the reason.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn no_request_is_lost_or_counted_twice_while_plugins_come_and_go() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let collector = Collector::start();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint.as_str()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "50"),
    ];
    let service = Service::start(folder.path(), &variables);
    let address = service.address();
    let stop = AtomicBool::new(false);
    let mut page = Increase::default();
    let requests: u64 = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..2)
            .map(|client| {
                let (address, stop) = (&address, &stop);
                scope.spawn(move || {
                    let mut sent = 0;
                    while !stop.load(Ordering::Relaxed) {
                        let id = client * 20 + sent % 20;
                        assert_eq!(get(address, &format!("/orders/{id}")), format!("order {id}\n"));
                        sent += 1;
                    }
                    sent
                })
            })
            .collect();
        let running = Stop(&stop);
        for _ in 0..2 {
            put_plugin(&service, folder.path(), "route-template");
            page.scrape(&service.samples());
            remove_plugin(&service, folder.path(), "route-template");
            page.scrape(&service.samples());
        }
        drop(running);
        clients.into_iter().map(|client| client.join().expect("every request is answered")).sum()
    });
    page.scrape(&service.samples());
    assert_eq!(page.total, requests as f64);
    assert!(page.templated > 0.0 && page.templated < page.total, "{} of {requests}", page.templated);
    service.stop();
    assert_eq!(collector.orders(), requests as f64);
}
