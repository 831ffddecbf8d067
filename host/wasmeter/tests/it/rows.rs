//! Requirements of the specification that only the whole program can show.

use std::fs;

use crate::support::Host;

/// A configuration file with the readers given as YAML, and where it is.
fn configured(folder: &tempfile::TempDir, name: &str, meter_provider: &str) -> String {
    let file = folder.path().join(name);
    let receivers = "distribution:\n  wasmeter:\n    receivers: {otlp_http: {endpoint: 127.0.0.1:0}}\n";
    let text = format!("file_format: \"1.1\"\n{receivers}meter_provider: {meter_provider}\n");
    fs::write(&file, text).expect("the directory is writable");
    file.to_str().expect("a plain path").to_owned()
}

/// A request with a counter of one in each of some scopes.
fn counters(scopes: &[&str]) -> String {
    let scope = |name: &&str| {
        format!(
            r#"{{"scope":{{"name":"{name}"}},"metrics":[{{"name":"{name}","sum":{{"isMonotonic":true,"aggregationTemporality":2,
            "dataPoints":[{{"asInt":"1","startTimeUnixNano":"1","timeUnixNano":"2"}}]}}}}]}}"#
        )
    };
    let scopes: Vec<String> = scopes.iter().map(scope).collect();
    format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{}]}}]}}"#, scopes.join(","))
}

const PAGE: &str = "pull: {exporter: {prometheus/development: {host: 127.0.0.1, port: 0}}}";

#[test]
fn a8_a9_a_disabled_scope_is_not_exported() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let provider = format!(
        "{{readers: [{{{PAGE}}}], meter_configurator/development: {{meters: [{{name: 'internals.*', config: {{enabled: false}}}}]}}}}"
    );
    let file = configured(&folder, "wasmeter.yaml", &provider);
    let host = Host::start(None, &["--config", &file]);
    host.post_json(&counters(&["shop", "internals.cache"]));
    let page = host.page();
    assert_eq!((page.of("shop_total").count(), page.of("internals_cache_total").count()), (1, 0));
}

#[test]
fn n5_what_a_reader_collects_is_exported_in_batches() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let next = Host::start(
        None,
        &["--config", &configured(&folder, "next.yaml", &format!("{{readers: [{{{PAGE}}}]}}"))],
    );
    let exporter = format!("{{otlp_http: {{endpoint: '{}/v1/metrics'}}}}", next.http());
    // The interval is longer than any test, and its own metrics are not counted: what is exported is the last collection.
    let reader = format!(
        "periodic: {{interval: 3600000, max_export_batch_size/development: 2, exporter: {exporter}}}"
    );
    let meters = "{default_config: {enabled: false}, meters: [{name: 'm?', config: {enabled: true}}]}";
    let provider = format!("{{readers: [{{{reader}}}], meter_configurator/development: {meters}}}");
    let host = Host::start(None, &["--config", &configured(&folder, "wasmeter.yaml", &provider)]);
    host.post_json(&counters(&["m1", "m2", "m3", "m4", "m5"]));
    let (status, _, log) = host.stop();
    assert!(status.success(), "{log}");
    let page = next.page();
    assert_eq!(["m1_total", "m3_total", "m5_total"].map(|name| page.sum(name, &[])), [1.0, 1.0, 1.0]);
    assert_eq!(page.sum("wasmeter_receiver_requests_total", &[("transport", "http")]), 3.0);
}
