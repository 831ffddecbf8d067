//! Unmodified applications with real SDKs: what the page shows is exactly what they recorded, whatever happens between.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::{Host, Page, PluginFolder, Totals, Worker, eventually};

const PLUGINS: [&str; 2] = ["merge-workers", "route-template"];
/// Where `PluginFolder` puts the second of them.
const ROUTE_TEMPLATE: &str = "10-route-template.wasm";

fn flush(workers: &mut [Worker]) -> Vec<serde_json::Value> {
    workers.iter_mut().map(Worker::flush).collect()
}

fn swaps(page: &Page) -> f64 {
    page.sum("wasmeter_plugin_swaps_total", &[("outcome", "done")])
}

fn failures(page: &Page) -> f64 {
    page.sum("wasmeter_plugin_failures_total", &[])
}

/// Four workers, one of them killed and started again, ten swaps under load, broken files: after each, and during the
/// swaps, the page shows what they recorded. `worker` starts one, given its instance id and seed.
fn stays_exact(worker: impl Fn(&Host, &str, u32) -> Worker) {
    let mut folder = PluginFolder::with(&PLUGINS);
    let host = Host::start(Some(folder.path()), &[]);
    let start = |number: usize, seed| worker(&host, &format!("worker-{number}"), seed);
    let mut workers: Vec<_> = (0..4).map(|number| start(number, number as u32)).collect();
    // Up to here all amounts are whole: the SDK sends the revenue as integers, and as doubles later.
    for worker in &mut workers {
        worker.record(40);
    }
    Totals::of(&flush(&mut workers)).assert_on(&host.page());
    for worker in &mut workers {
        worker.record(300);
    }
    let totals = flush(&mut workers);
    let first = host.page();
    Totals::of(&totals).assert_on(&first);

    // One worker is killed and started again: what it had counted stays counted.
    let before = totals.last().cloned().expect("four workers");
    workers.pop().expect("four workers").die();
    workers.push(start(3, 33));
    for worker in &mut workers {
        worker.record(200);
    }
    let mut totals = flush(&mut workers);
    totals.push(before.clone());
    let second = host.page();
    Totals::of(&totals).assert_on(&second);
    Totals::assert_not_falling(&first, &second);

    // The View is replaced ten times while the workers record and export.
    let swaps_before = swaps(&second);
    let recording = AtomicBool::new(true);
    std::thread::scope(|scope| {
        for worker in &mut workers {
            let recording = &recording;
            scope.spawn(move || {
                while recording.load(Ordering::Relaxed) {
                    worker.record(50);
                    worker.flush();
                }
            });
        }
        let mut seen = second;
        for swap in 1..=10 {
            folder.rebuild(ROUTE_TEMPLATE, PLUGINS[1]);
            let page = eventually("the swap", || {
                let page = host.page();
                (swaps(&page) >= swaps_before + f64::from(swap)).then_some(page)
            });
            Totals::assert_not_falling(&seen, &page);
            seen = page;
        }
        recording.store(false, Ordering::Relaxed);
    });
    let mut totals = flush(&mut workers);
    totals.push(before.clone());
    let third = host.page();
    Totals::of(&totals).assert_on(&third);

    // A broken file beside the others, and one in place of a View: nothing changes but the count of errors.
    assert_eq!(failures(&third), 0.0);
    folder.put("99-broken.wasm", b"\0asm, but not really");
    folder.put(ROUTE_TEMPLATE, b"\0asm\x0d\0\x01\0 truncated");
    let broken = eventually("both failures", || {
        let page = host.page();
        (failures(&page) >= 2.0).then_some(page)
    });
    // Of the gauges the worker heard last decides, and they go on exporting.
    let without_gauges = |page: &Page| -> Vec<String> {
        page.of_the_shop().into_iter().filter(|line| !line.starts_with("shop_queue_depth")).collect()
    };
    assert_eq!(without_gauges(&broken), without_gauges(&third));
    for worker in &mut workers {
        worker.record(100);
    }
    let mut totals = flush(&mut workers);
    totals.push(before);
    Totals::of(&totals).assert_on(&host.page());
    let (status, _, log) = host.stop();
    assert!(status.success(), "{status}\n{log}");
    assert!(log.contains("99-broken"), "the log names the broken file:\n{log}");
}

#[test]
fn python_over_grpc_stays_exact_through_restarts_swaps_and_broken_files() {
    stays_exact(|host, instance, seed| Worker::python("grpc", host.grpc(), instance, seed));
}

#[test]
fn python_over_http_stays_exact_through_restarts_swaps_and_broken_files() {
    stays_exact(|host, instance, seed| Worker::python("http/protobuf", host.http(), instance, seed));
}

#[test]
fn javascript_over_http_stays_exact_through_restarts_swaps_and_broken_files() {
    stays_exact(|host, instance, seed| Worker::node(host.http(), instance, seed));
}

/// Workers of two SDKs are two resources until the attributes that name the SDK are removed as well. Then even their
/// exponential histograms add up, whatever their scales, and integers of the one with doubles of the other.
#[test]
fn workers_of_two_sdks_are_one_service_without_the_sdk_attributes() {
    let folder = PluginFolder::with(&PLUGINS);
    folder.put("00-merge-workers.toml", b"[config]\nremove = [\"telemetry.sdk.*\"]\n");
    let host = Host::start(Some(folder.path()), &[]);
    let mut workers = vec![
        Worker::python("http/protobuf", host.http(), "python-0", 1),
        Worker::node(host.http(), "node-0", 3),
    ];
    for worker in &mut workers {
        worker.record(300);
    }
    Totals::of(&flush(&mut workers)).assert_on(&host.page());
}

#[test]
fn without_plugins_every_worker_reports_for_itself() {
    let host = Host::start(None, &[]);
    let mut worker = Worker::python("grpc", host.grpc(), "alone", 7);
    worker.record(50);
    worker.flush();
    let page = host.page();
    assert_eq!(page.of("shop_revenue_EUR_total").count(), 1);
    let revenue = page.of("shop_revenue_EUR_total").next().expect("counted above");
    assert_eq!((revenue.label("job"), revenue.label("instance")), (Some("shop"), Some("alone")));
    assert!(page.of("shop_orders_total").all(|sample| sample.label("url_path").is_some()));
    let target = page.of("target_info").find(|sample| sample.label("job") == Some("shop"));
    assert!(target.is_some_and(|target| target.label("telemetry_sdk_language") == Some("python")));
}
