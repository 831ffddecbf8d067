//! `remote-write`, against Prometheus.

use crate::support::{Host, PluginFolder, Receiver, eventually};

/// A counter, a gauge and a histogram of a service.
const METRICS: &str = r#"{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},
{"key":"host.name","value":{"stringValue":"a"}}]},"scopeMetrics":[{"metrics":[
{"name":"shop.revenue","unit":"EUR","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{"asDouble":2.5,
"startTimeUnixNano":"1","timeUnixNano":"2","attributes":[{"key":"http.method","value":{"stringValue":"GET"}}]}]}},
{"name":"shop.load","unit":"1","gauge":{"dataPoints":[{"asDouble":0.25,"timeUnixNano":"2"}]}},
{"name":"shop.duration","unit":"s","histogram":{"aggregationTemporality":1,"dataPoints":[{"startTimeUnixNano":"1",
"timeUnixNano":"2","count":"6","sum":7.5,"explicitBounds":[0.5,1],"bucketCounts":["1","2","3"]}]}}]}]}]}"#;

#[test]
fn prometheus_has_what_is_on_the_page() {
    let Some(prometheus) = Receiver::prometheus() else { return };
    let folder = PluginFolder::with(&["remote-write"]);
    let origin = prometheus.origin();
    let settings = format!(
        "interval_ms = 200\n[grants]\nhttp = [\"{origin}\"]\n[config]\nurl = \"{origin}/api/v1/write\"\nseries_max = 7\n"
    );
    folder.put("00-remote-write.toml", settings.as_bytes());
    let host = Host::start(Some(folder.path()), &[]);
    host.post_json(METRICS);
    let page = host.page();
    let mut compared = 0;
    for series in page.all().filter(|series| series.name.starts_with("shop_") || series.name == "target_info")
    {
        let labels: Vec<String> =
            series.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        let selector = format!("{}{{{}}}", series.name, labels.join(","));
        eventually(&selector, || prometheus.value(&selector).filter(|value| *value == series.value));
        compared += 1;
    }
    // Two numbers, three buckets with count and sum, the target; and the program's own target.
    assert_eq!(compared, 2 + 5 + 2);
    assert_eq!(prometheus.value("shop_duration_seconds_bucket{le=\"1\",job=\"shop\"}"), Some(3.0));
    let exported = [("exporter", "remote-write"), ("outcome", "exported")];
    assert!(host.page().sum("wasmeter_export_points_total", &exported) > 0.0);
    let (status, _, log) = host.stop();
    assert!(status.success() && !log.contains("export failed"), "{log}");
}

#[test]
fn a_receiver_that_is_away_is_tried_again_and_one_that_refuses_is_counted() {
    let Some(prometheus) = Receiver::prometheus() else { return };
    let folder = PluginFolder::with(&["remote-write"]);
    let origin = prometheus.origin();
    let settings = |path: &str| {
        format!(
            "interval_ms = 200\ntimeout_ms = 200\n[grants]\nhttp = [\"{origin}\"]\n[config]\nurl = \"{origin}{path}\"\n"
        )
    };
    folder.put("00-remote-write.toml", settings("/elsewhere").as_bytes());
    let host = Host::start(Some(folder.path()), &[]);
    let points = |outcome| {
        let labels = [("exporter", "remote-write"), ("outcome", outcome)];
        host.page().sum("wasmeter_export_points_total", &labels)
    };
    eventually("a refusal", || (points("refused") > 0.0).then_some(()));
    drop(prometheus);
    eventually("a receiver that is away", || (points("undelivered") > 0.0).then_some(()));
    let (_, _, log) = host.stop();
    assert!(log.contains("status 404") && log.contains("did not answer"), "{log}");
}
