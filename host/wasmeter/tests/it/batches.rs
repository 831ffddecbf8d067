//! What a reader collects goes out in requests of a bounded size, and nothing is lost or doubled between them.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::support::{Host, Site, eventually};

/// A configuration with one reader, which exports to there as JSON, and whose host takes requests over HTTP.
fn configured(folder: &tempfile::TempDir, origin: &str, reader: &str, exporter: &str) -> String {
    let file = folder.path().join("wasmeter.yaml");
    let exporter = format!("{{otlp_http: {{endpoint: '{origin}/v1/metrics', encoding: json{exporter}}}}}");
    let text = format!(
        "file_format: \"1.1\"\ndistribution:\n  wasmeter:\n    receivers: {{otlp_http: {{endpoint: 127.0.0.1:0}}}}\n\
         meter_provider:\n  readers: [{{periodic: {{{reader}, exporter: {exporter}}}}}]\n  \
         meter_configurator/development: {{default_config: {{enabled: false}}, meters: [{{name: shop, config: {{enabled: true}}}}]}}\n"
    );
    fs::write(&file, text).expect("the directory is writable");
    file.to_str().expect("a plain path").to_owned()
}

/// A request with metrics of so many series each, all of which grew by one.
fn request(metrics: usize, series: usize) -> String {
    let points: Vec<String> = (0..series)
        .map(|series| {
            format!(
                r#"{{"asInt":"1","startTimeUnixNano":"1","timeUnixNano":"2","attributes":[{{"key":"i","value":{{"intValue":"{series}"}}}}]}}"#
            )
        })
        .collect();
    let points = points.join(",");
    let metric = |number| {
        format!(
            r#"{{"name":"m{number}","sum":{{"isMonotonic":true,"aggregationTemporality":1,"dataPoints":[{points}]}}}}"#
        )
    };
    let metrics: Vec<String> = (0..metrics).map(metric).collect();
    format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"scope":{{"name":"shop"}},"metrics":[{}]}}]}}]}}"#,
        metrics.join(",")
    )
}

/// Metric, series and value of the points of an exported request, in their order.
fn points(body: &str) -> Vec<(String, String, String)> {
    let request: Value = serde_json::from_str(body).expect("a request in JSON");
    let metrics = request["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().cloned();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = |metric: Value| {
        let points = metric["sum"]["dataPoints"].as_array().cloned().unwrap_or_default();
        points.into_iter().map(move |point| {
            let series = text(&point["attributes"][0]["value"]["intValue"]);
            (text(&metric["name"]), series, text(&point["asInt"]))
        })
    };
    metrics.unwrap_or_default().into_iter().flat_map(of).collect()
}

const TAKEN: &str = "200 OK\r\ncontent-type: application/json\r\n";

#[test]
fn requests_have_a_bounded_number_of_points_unless_the_configuration_says_otherwise() {
    for (reader, expected) in [
        ("interval: 3600000", vec![8192, 1808]),
        ("interval: 3600000, max_export_batch_size/development: 20000", vec![10_000]),
    ] {
        let site = Site::answering(|_| (TAKEN.to_owned(), "{}".to_owned()));
        let folder = tempfile::tempdir().expect("a temporary directory");
        let config = configured(&folder, &site.origin(), reader, "");
        let host = Host::start(None, &["--config", &config]);
        host.post_json(&request(5, 2000));
        let (status, _, log) = host.stop();
        assert!(status.success(), "{log}");
        let requests: Vec<_> = site.asked().iter().map(|asked| points(&asked.body)).collect();
        assert_eq!(requests.iter().map(Vec::len).collect::<Vec<_>>(), expected);
        let mut all = requests.concat();
        assert!(all.iter().all(|(.., value)| value == "1"));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 10_000, "every series, none twice");
    }
}

#[test]
fn what_is_left_when_a_batch_fails_comes_later_and_nothing_twice() {
    // The second request is refused for now, and so is the first attempt at the rest.
    let asked = AtomicUsize::new(0);
    let site = Site::answering(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        1 | 2 => ("503 Service Unavailable\r\nretry-after: 3600\r\n".to_owned(), String::new()),
        _ => (TAKEN.to_owned(), "{}".to_owned()),
    });
    let folder = tempfile::tempdir().expect("a temporary directory");
    let reader = "interval: 200, max_export_batch_size/development: 2";
    let config = configured(&folder, &site.origin(), reader, ", temporality_preference: delta");
    let host = Host::start(None, &["--config", &config]);
    host.post_json(&request(1, 5));
    let requests = eventually("the rest", || {
        let asked = site.asked();
        (asked.len() >= 5).then(|| asked.iter().map(|asked| points(&asked.body)).collect::<Vec<_>>())
    });
    let (status, _, log) = host.stop();
    assert!(status.success(), "{log}");
    assert_eq!(site.asked().len(), 5, "nothing else comes");
    let [first, refused, again, rest, last] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!([first.len(), rest.len(), last.len()], [2, 2, 1]);
    assert_eq!((refused, again), (rest, rest), "the same batch");
    let mut all = [first.clone(), rest.clone(), last.clone()].concat();
    all.sort();
    let expected = (0..5).map(|series| ("m0".to_owned(), series.to_string(), "1".to_owned()));
    assert_eq!(all, expected.collect::<Vec<_>>());
}
