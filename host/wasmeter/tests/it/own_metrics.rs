//! What a running host says about itself on its page: its plugins, one of each world, what they cost and what becomes of them, its
//! readers and exporters, and whatever is dropped, with the reason.

use crate::support::{Host, Page, PluginFolder, eventually, exchange};

const VIEW: &str = "00-hostile";
const OBSERVER: &str = "10-hostile-observer";
const PROCESSOR: &str = "20-hostile-processor";
const EXPORTER: &str = "30-hostile-exporter";

/// A directory with one of each world, all of them in service and none new any more: what they do from now on changes nothing of that.
fn settled(folder: &PluginFolder) -> Host {
    folder.put(&format!("{VIEW}.toml"), b"[config]\nmap = \"panic-on-marker\"\n");
    folder.put(&format!("{OBSERVER}.toml"), b"observe_wait_ms = 60000\n[config]\nmetric = \"observed\"\n");
    // It spins some seconds after it was started, each time.
    let answers = format!("{}\"reject 1\", \"refuse\", \"spin\"", "\"accept\", ".repeat(30));
    let settings = format!(
        "interval_ms = 100\ntimeout_ms = 1000\nexport_deadline_ms = 100\n[config]\nanswers = [{answers}]\n"
    );
    folder.put(&format!("{EXPORTER}.toml"), settings.as_bytes());
    let host = Host::start(Some(folder.path()), &[]);
    let flooding = b"observe_wait_ms = 60000\n[config]\nmetric = \"observed\"\nobserve = \"flood-log\"\n";
    folder.put(&format!("{OBSERVER}.toml"), flooding);
    until(&host, "the other settings", |page| page.sum("wasmeter_plugin_generation", &[]) == 2.0);
    host
}

fn until(host: &Host, what: &str, is_so: impl Fn(&Page) -> bool) -> Page {
    eventually(what, || Some(host.page()).filter(&is_so))
}

/// A delta of visits with this attribute.
fn send(host: &Host, key: &str) {
    host.post_json(&format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"shop.visits","sum":{{"aggregationTemporality":1,
        "isMonotonic":true,"dataPoints":[{{"asInt":"1","startTimeUnixNano":"1","timeUnixNano":"2",
        "attributes":[{{"key":"{key}","value":{{"boolValue":true}}}}]}}]}}}}]}}]}}]}}"#
    ));
}

fn failures(page: &Page, plugin: &str, reason: &str) -> f64 {
    page.sum("wasmeter_plugin_failures_total", &[("plugin", plugin), ("reason", reason)])
}

fn exported(page: &Page, outcome: &str) -> f64 {
    page.sum("wasmeter_export_points_total", &[("exporter", EXPORTER), ("outcome", outcome)])
}

#[test]
fn every_plugin_is_on_the_page_with_what_it_costs_and_how_it_fails() {
    let folder =
        PluginFolder::with(&["hostile", "hostile-observer", "hostile-processor", "hostile-exporter"]);
    let host = settled(&folder);
    send(&host, "plain");
    send(&host, "marker");
    let page = until(&host, "a timeout", |page| failures(page, EXPORTER, "deadline") >= 1.0);
    for (plugin, world) in
        [(VIEW, "view"), (OBSERVER, "observer"), (PROCESSOR, "processor"), (EXPORTER, "exporter")]
    {
        let of = |metric: &str| page.sum(metric, &[("plugin", plugin)]);
        assert_eq!(
            page.sum("wasmeter_plugin_info", &[("plugin", plugin), ("world", world)]),
            1.0,
            "{plugin}"
        );
        assert!(of("wasmeter_plugin_calls_total") > 0.0, "{plugin}");
        let durations = of("wasmeter_plugin_call_duration_seconds_count");
        assert!(durations > 0.0 && durations <= of("wasmeter_plugin_calls_total"), "{plugin}");
        assert!(of("wasmeter_plugin_call_duration_seconds_sum") > 0.0, "{plugin}");
        assert!(of("wasmeter_plugin_busy_nanoseconds_total") > 0.0, "{plugin}");
        let lines = of("wasmeter_plugin_log_dropped_total");
        assert_eq!(lines > 0.0, plugin == OBSERVER, "{plugin}: {lines} lines");
    }
    // An instance that was lost has no memory, so not of those that lose theirs.
    for plugin in [OBSERVER, PROCESSOR] {
        let of = [("plugin", plugin), ("version", "0.1.0")];
        assert!(page.sum("wasmeter_plugin_memory_bytes", &of) >= 65536.0, "{plugin}");
        assert_eq!(
            page.sum("wasmeter_plugin_info", &[("plugin", plugin), ("state", "active")]),
            1.0,
            "{plugin}"
        );
    }
    assert!(failures(&page, VIEW, "trap") >= 1.0);
    assert_eq!(page.sum("wasmeter_plugin_failures_total", &[("plugin", OBSERVER)]), 0.0);
    assert_eq!(page.sum("wasmeter_plugin_swaps_total", &[("outcome", "done")]), 1.0);
    // What the files hold calls itself otherwise, and that is nobody's name here.
    let claimed = page.all().filter(|sample| {
        ["plugin", "exporter"]
            .iter()
            .any(|label| sample.label(label).is_some_and(|it| it.starts_with("hostile")))
    });
    assert_eq!(claimed.count(), 0);
    // The point whose attributes the View could not map counts all the same.
    assert_eq!(page.sum("shop_visits_total", &[]), 2.0);
}

#[test]
fn readers_and_exporters_are_on_the_page_and_what_is_dropped_with_its_reason() {
    let folder =
        PluginFolder::with(&["hostile", "hostile-observer", "hostile-processor", "hostile-exporter"]);
    let host = settled(&folder);
    send(&host, "plain");
    let address = host.http().trim_start_matches("http://");
    let head = "POST /v1/metrics HTTP/1.1\r\nhost: wasmeter\r\nconnection: close\r\n";
    let nonsense =
        exchange(address, &format!("{head}content-type: application/json\r\ncontent-length: 2\r\n\r\n[["));
    assert!(nonsense.starts_with("HTTP/1.1 400 "), "{nonsense}");
    until(&host, "a refusal", |page| exported(page, "refused") > 0.0 && exported(page, "rejected") > 0.0);
    let page = host.page();
    assert!(exported(&page, "exported") > 0.0);
    let of_type = |exporter: &'static str| ("otel_component_type", exporter);
    let points =
        |labels: &[(&str, &str)]| page.sum("otel_sdk_exporter_metric_data_point_exported_total", labels);
    for error in ["rejected", "permanent"] {
        assert!(points(&[of_type(EXPORTER), ("error_type", error)]) > 0.0, "{error}");
    }
    let all = points(&[of_type(EXPORTER)]);
    assert!(all > points(&[of_type(EXPORTER), ("error_type", "permanent")]));
    assert!(points(&[of_type("prometheus_http_text_metric_exporter")]) > 0.0);
    let operations = "otel_sdk_exporter_operation_duration_seconds_count";
    assert!(page.sum(operations, &[of_type(EXPORTER)]) >= 31.0);
    let inflight = page.of("otel_sdk_exporter_metric_data_point_inflight");
    assert!(inflight.filter(|sample| sample.label("otel_component_type") == Some(EXPORTER)).count() == 1);
    let collections = "otel_sdk_metric_reader_collection_duration_seconds_count";
    for reader in ["periodic_metric_reader", "prometheus_http_text_metric_exporter"] {
        assert!(page.sum(collections, &[of_type(reader)]) > 0.0, "{reader}");
    }
    assert_eq!(page.of("wasmeter_receiver_requests_decoded_total").count(), 2, "of each transport");
    let failed = [("transport", "http"), ("reason", "malformed")];
    assert_eq!(page.sum("wasmeter_receiver_requests_failed_total", &failed), 1.0);
}
