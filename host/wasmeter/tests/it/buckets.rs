//! Received histograms whose buckets are not those that are wanted.

use std::fs;

use crate::support::{Host, PluginFolder};

/// Durations of requests in buckets that nobody asked for.
const REQUEST: &str = r#"{"resourceMetrics": [{
  "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
  "scopeMetrics": [{"scope": {"name": "shop.http"}, "metrics": [
    {"name": "http.server.request.duration", "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": [{
      "startTimeUnixNano": "1520430000123000000", "timeUnixNano": "1520430060000000000",
      "count": "12", "sum": 30.5, "min": 0.25, "max": 20, "explicitBounds": [0.25, 1, 4], "bucketCounts": ["1", "2", "4", "5"]
    }]}}
  ]}]
}]}"#;

const BUCKET: &str = "http_server_request_duration_seconds_bucket";

/// How many values are up to each bound on the page of a host that has received the request. Count and sum are exact, whatever the buckets.
fn on_the_page(host: &Host) -> Vec<(String, f64)> {
    host.post_json(REQUEST);
    let page = host.page();
    let [count, sum] =
        ["count", "sum"].map(|of| page.sum(&format!("http_server_request_duration_seconds_{of}"), &[]));
    assert_eq!((count.to_string(), sum.to_string()), ("12".to_owned(), "30.5".to_owned()));
    let samples = page.of(BUCKET);
    samples.filter_map(|sample| Some((sample.label("le")?.to_owned(), sample.value))).collect()
}

/// Those of `on_the_page` that have values the bound before has not.
fn steps(buckets: &[(String, f64)]) -> Vec<(&str, f64)> {
    let mut before = 0.0;
    let mut steps = Vec::new();
    for (bound, count) in buckets {
        if *count > before {
            steps.push((bound.as_str(), *count - before));
            before = *count;
        }
    }
    steps
}

#[test]
fn a_plugin_is_given_the_buckets_it_asks_for_where_its_settings_allow_it() {
    for (settings, expected) in [
        ("[config]\nrebucket = true", vec![("0.25", 1.0), ("1", 2.0), ("4", 4.0), ("+Inf", 5.0)]),
        (
            "approximate_buckets = true\n[config]\nrebucket = true",
            // In the middle of their own buckets the values are 0.125, 0.5 and 2; the others are just above 4.
            vec![("0.25", 1.0), ("0.5", 2.0), ("2.5", 4.0), ("5", 5.0)],
        ),
    ] {
        let folder = PluginFolder::with(&["http-semconv"]);
        folder.put("00-http-semconv.toml", settings.as_bytes());
        let host = Host::start(Some(folder.path()), &[]);
        let buckets = on_the_page(&host);
        assert_eq!(steps(&buckets), expected, "{settings}");
        let (status, _, log) = host.stop();
        assert!(status.success(), "{status}\n{log}");
        let is_told = log.contains(
            "not a subset of the received ones, so the received ones stay: set `approximate_buckets`",
        );
        assert_eq!(is_told, !settings.starts_with("approximate"), "{log}");
    }
}

#[test]
fn a_view_of_the_configuration_makes_explicit_buckets_exponential() {
    let folder = PluginFolder::with(&[]);
    let config = folder.path().join("exponential.yaml");
    let yaml = "file_format: \"1.1\"\nmeter_provider:\n  readers: [{pull: {exporter: {prometheus/development: {port: 0}}}}]\n  views:\n    - \
                selector: {instrument_type: histogram}\n      stream:\n        aggregation: {base2_exponential_bucket_histogram: {max_scale: \
                0}}\n        approximate_buckets/development: true\n";
    fs::write(&config, yaml).expect("the directory is writable");
    let host = Host::start(None, &["--config", config.to_str().expect("a plain path")]);
    // Of powers of two: 0.125 and 0.5 and 2 are bounds, just above 4 is below 8.
    assert_eq!(steps(&on_the_page(&host)), [("0.125", 1.0), ("0.5", 2.0), ("2", 4.0), ("8", 5.0)]);
}
