//! `remote-write`, against Prometheus.

use std::net::TcpListener;

use serde_json::json;

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
    folder.put("00-remote-write.toml", settings(&prometheus, "series_max = 7").as_bytes());
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
    let exported = [("exporter", "00-remote-write"), ("outcome", "exported")];
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
        let labels = [("exporter", "00-remote-write"), ("outcome", outcome)];
        host.page().sum("wasmeter_export_points_total", &labels)
    };
    eventually("a refusal", || (points("refused") > 0.0).then_some(()));
    drop(prometheus);
    eventually("a receiver that is away", || (points("undelivered") > 0.0).then_some(()));
    let (_, _, log) = host.stop();
    assert!(log.contains("status 404") && log.contains("did not answer"), "{log}");
}

/// A counter, a histogram and an exponential histogram of a service, with an exemplar each.
const EXEMPLIFIED: &str = r#"{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
"scopeMetrics":[{"metrics":[
{"name":"shop.orders","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{"asInt":"7",
"startTimeUnixNano":"1","timeUnixNano":"2","exemplars":[{"timeUnixNano":"1520430050125000000","asInt":"2",
"spanId":"00f067aa0ba902b7","traceId":"4bf92f3577b34da6a3ce929d0e0e4736",
"filteredAttributes":[{"key":"user.id","value":{"stringValue":"u-1"}}]}]}]}},
{"name":"shop.duration","unit":"s","histogram":{"aggregationTemporality":1,"dataPoints":[{"startTimeUnixNano":"1",
"timeUnixNano":"2","count":"6","sum":7.5,"explicitBounds":[0.5,1],"bucketCounts":["1","2","3"],
"exemplars":[{"timeUnixNano":"1520430050000000000","asDouble":0.75,"spanId":"00f067aa0ba902b7",
"traceId":"4bf92f3577b34da6a3ce929d0e0e4736"}]}]}},
{"name":"shop.size","unit":"By","exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[{"startTimeUnixNano":"1",
"timeUnixNano":"2","count":"10","sum":71.5,"scale":0,"zeroCount":"2","zeroThreshold":0.25,
"positive":{"offset":1,"bucketCounts":["3","0","0","0","1"]},"negative":{"offset":-1,"bucketCounts":["4"]},
"exemplars":[{"timeUnixNano":"1520430050000000000","asDouble":3,"spanId":"00f067aa0ba902b7",
"traceId":"4bf92f3577b34da6a3ce929d0e0e4736"}]}]}}]}]}]}"#;

/// The same again, of the time after it; exemplars ten seconds later.
fn later() -> String {
    let later = EXEMPLIFIED.replace(r#""startTimeUnixNano":"1""#, r#""startTimeUnixNano":"2""#);
    later.replace(r#""timeUnixNano":"2""#, r#""timeUnixNano":"3""#).replace("1520430050", "1520430060")
}

/// Settings to send to Prometheus.
fn settings(prometheus: &Receiver, further: &str) -> String {
    let origin = prometheus.origin();
    format!(
        "interval_ms = 200\n[grants]\nhttp = [\"{origin}\"]\n[config]\nurl = \"{origin}/api/v1/write\"\n{further}\n"
    )
}

#[test]
fn prometheus_has_the_exemplars_of_counters_buckets_and_native_histograms() {
    let Some(prometheus) = Receiver::prometheus() else { return };
    let folder = PluginFolder::with(&["remote-write"]);
    let settings = settings(&prometheus, "native_histograms = true");
    folder.put("00-remote-write.toml", settings.as_bytes());
    let host = Host::start(Some(folder.path()), &[]);
    host.post_json(EXEMPLIFIED);
    let one = |selector: &str| {
        let mut found = eventually(selector, || {
            Some(prometheus.exemplars(selector)).filter(|exemplars| !exemplars.is_empty())
        });
        assert_eq!(found.len(), 1, "{selector}: {found:?}");
        found.remove(0)
    };
    let trace = json!({"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7"});
    let mut of_user = trace.clone();
    of_user["user_id"] = "u-1".into();
    assert_eq!(one("shop_orders_total"), (of_user, 2.0, 1_520_430_050.125));
    assert_eq!(one("shop_duration_seconds_bucket{le=\"1\"}"), (trace.clone(), 0.75, 1_520_430_050.0));
    // Prometheus looks at exemplars before it makes the series of a native histogram, so it takes those of a series it knows.
    eventually("the series", || prometheus.histogram("shop_size_bytes"));
    host.post_json(&later());
    assert_eq!(one("shop_size_bytes"), (trace, 3.0, 1_520_430_060.0));
    for other in ["shop_duration_seconds_bucket{le!=\"1\"}", "shop_duration_seconds_count"] {
        assert_eq!(prometheus.exemplars(other), [], "{other}");
    }
    let (_, _, log) = host.stop();
    assert!(!log.contains("export failed"), "{log}");
}

#[test]
fn prometheus_has_exponential_histograms_as_native_ones_bucket_by_bucket() {
    let Some(prometheus) = Receiver::prometheus() else { return };
    let folder = PluginFolder::with(&["remote-write"]);
    let native = settings(&prometheus, "native_histograms = true");
    folder.put("00-remote-write.toml", native.as_bytes());
    let host = Host::start(Some(folder.path()), &[]);
    host.post_json(EXEMPLIFIED);
    let selector = "shop_size_bytes{job=\"shop\"}";
    let found = eventually(selector, || prometheus.histogram(selector));
    assert_eq!((&found["count"], &found["sum"]), (&json!("10"), &json!("71.5")), "{found}");
    // The first number says which bounds belong to the bucket: the upper one, the lower one, both.
    let buckets =
        json!([[1, "-1", "-0.5", "4"], [3, "-0.25", "0.25", "2"], [0, "2", "4", "3"], [0, "32", "64", "1"]]);
    assert_eq!(found["buckets"], buckets, "{found}");
    assert_eq!(prometheus.value(&format!("histogram_fraction(2, 4, {selector})")), Some(0.3));
    host.post_json(&later());
    let count = format!("histogram_count({selector})");
    eventually(&count, || prometheus.value(&count).filter(|count| *count == 20.0));
    // Switched off, they are left out, counted, and the log says how to have them sent.
    folder.put("00-remote-write.toml", settings(&prometheus, "").as_bytes());
    let rejected = [("exporter", "00-remote-write"), ("outcome", "rejected")];
    eventually("a rejected point", || {
        (host.page().sum("wasmeter_export_points_total", &rejected) > 0.0).then_some(())
    });
    let (_, _, log) = host.stop();
    assert!(log.contains("exponential histograms, which `native_histograms = true` sends"), "{log}");
    assert!(!log.contains("export failed"), "{log}");
}

#[test]
fn a_receiver_that_never_answers_delays_no_other_exporter() {
    // Connections are made and wait in its queue; nobody takes them out.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let origin = format!("http://{}", silent.local_addr().expect("it is bound"));
    let folder = PluginFolder::with(&["remote-write", "hostile-exporter"]);
    let waiting = format!(
        "interval_ms = 100\ntimeout_ms = 100\nexport_deadline_ms = 2000\n[grants]\nhttp = [\"{origin}\"]\n[config]\n\
         url = \"{origin}/api/v1/write\"\n"
    );
    folder.put("00-remote-write.toml", waiting.as_bytes());
    folder.put("10-hostile-exporter.toml", b"interval_ms = 100\n");
    let host = Host::start(Some(folder.path()), &[]);
    let points = |exporter, outcome| {
        host.page().sum("wasmeter_export_points_total", &[("exporter", exporter), ("outcome", outcome)])
    };
    let before = eventually("an export", || {
        Some(points("10-hostile-exporter", "exported")).filter(|points| *points > 0.0)
    });
    eventually("further exports", || {
        (points("10-hostile-exporter", "exported") > 3.0 * before).then_some(())
    });
    eventually("its end", || (points("00-remote-write", "undelivered") > 0.0).then_some(()));
    assert_eq!(points("00-remote-write", "exported"), 0.0);
    let (_, _, log) = host.stop();
    assert!(log.contains("export failed"), "{log}");
}
