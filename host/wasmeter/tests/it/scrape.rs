//! The page as scrapers of every kind get it.

use std::io::Write;
use std::process::{Command, Stdio};

use wasmeter_prometheus::{Sample, parse_openmetrics, parse_page};

use crate::support::{Host, Worker, exchange, required};

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores";
/// What Prometheus 3 sends, wrapped as some proxies do it.
const PROMETHEUS: [&str; 2] = [
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4",
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
];

/// A counter and a histogram with an exemplar each, of a trace.
const REQUEST: &str = r#"{"resourceMetrics": [{
  "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
  "scopeMetrics": [{"scope": {"name": "shop.http"}, "metrics": [
    {"name": "shop.orders", "sum": {"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [{
      "startTimeUnixNano": "1520430000123000000", "timeUnixNano": "1520430060000000000", "asInt": "7",
      "exemplars": [{"timeUnixNano": "1520430050000000001", "asInt": "2", "spanId": "00f067aa0ba902b7",
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
        "filteredAttributes": [{"key": "user.id", "value": {"stringValue": "u-1"}}]}]
    }]}},
    {"name": "shop.latency", "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": [{
      "startTimeUnixNano": "1520430000123000000", "timeUnixNano": "1520430060000000000",
      "count": "3", "sum": 3.5, "explicitBounds": [1], "bucketCounts": ["1", "2"],
      "exemplars": [{"timeUnixNano": "1520430050000000000", "asDouble": 2.5,
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736"}]
    }]}}
  ]}]
}]}"#;

/// The content type of a response, and its body.
fn split(response: &str) -> (&str, &str) {
    let (head, body) = response.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.0 200 "), "{head}");
    assert!(head.contains("\r\nvary: accept"), "{head}");
    let header = head.lines().find_map(|line| line.strip_prefix("content-type: "));
    (header.expect("a content type"), body)
}

fn find<'a>(samples: &'a [Sample], name: &str, le: Option<&str>) -> &'a Sample {
    let found = samples.iter().find(|sample| sample.name == name && sample.label("le") == le);
    found.unwrap_or_else(|| panic!("no `{name}` with le {le:?}"))
}

/// A page whose parts are told apart, as HTTP/1.1 does where the length of an answer is not known.
fn put_together(response: &str) -> String {
    let (head, mut rest) = response.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("\r\ntransfer-encoding: chunked"), "{head}");
    let mut page = String::new();
    loop {
        let (length, after) = rest.split_once("\r\n").expect("a part begins with its length");
        let length = usize::from_str_radix(length, 16).expect("a length");
        let (part, after) = after.split_at(length);
        page.push_str(part);
        rest = after.strip_prefix("\r\n").expect("a part ends with a line");
        if length == 0 {
            return page;
        }
    }
}

#[test]
fn a_page_of_many_parts_is_whole_by_either_version_of_http() {
    let host = Host::start(None, &[]);
    // Long enough that the page is several parts, whatever else is on it.
    let filler = "x".repeat(200);
    let point = |series: i32| {
        let attributes = format!(
            r#"[{{"key": "series", "value": {{"intValue": "{series}"}}}},
                {{"key": "filler", "value": {{"stringValue": "{filler}"}}}}]"#
        );
        format!(
            r#"{{"startTimeUnixNano": "1", "timeUnixNano": "2", "asInt": "{series}", "attributes": {attributes}}}"#
        )
    };
    let points: Vec<String> = (0..1900).map(point).collect();
    let sum = format!(
        r#"{{"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [{}]}}"#,
        points.join(",")
    );
    host.post_json(&format!(
        r#"{{"resourceMetrics": [{{"scopeMetrics": [{{"metrics": [{{"name": "many", "sum": {sum}}}]}}]}}]}}"#
    ));
    let request =
        |version: &str| format!("GET /metrics HTTP/{version}\r\nhost: wasmeter\r\nconnection: close\r\n\r\n");
    let [earlier, later] = ["1.0", "1.1"].map(|version| exchange(host.prometheus(), &request(version)));
    for page in [put_together(&later), split(&earlier).1.to_owned()] {
        let samples = parse_page(&page).unwrap_or_else(|error| panic!("{error} in:\n{page}"));
        let many: Vec<&Sample> = samples.iter().filter(|sample| sample.name == "many_total").collect();
        assert_eq!(many.len(), 1900);
        assert!(many.iter().all(|sample| sample.label("series") == Some(&sample.text)));
    }
}

#[test]
fn q1_r1_the_page_comes_in_the_format_that_is_asked_for() {
    let host = Host::start(None, &[]);
    host.post_json(REQUEST);
    for accept in [&[][..], &["*/*"], &["text/plain;version=0.0.4"], &["application/json"]] {
        let response = host.scrape(accept);
        let (content_type, body) = split(&response);
        assert_eq!(content_type, TEXT, "for {accept:?}");
        let samples = parse_page(body).unwrap_or_else(|error| panic!("{error} in:\n{body}"));
        assert_eq!(find(&samples, "shop_orders_total", None).text, "7");
    }
    for accept in [&PROMETHEUS[..], &["application/openmetrics-text"]] {
        let response = host.scrape(accept);
        let (content_type, body) = split(&response);
        assert_eq!(content_type, OPENMETRICS, "for {accept:?}");
        parse_openmetrics(body).unwrap_or_else(|error| panic!("{error} in:\n{body}"));
    }
    let exporter = [("otel_component_type", "prometheus_http_text_metric_exporter")];
    let page = host.page();
    let exported = page.sum("otel_sdk_exporter_metric_data_point_exported_total", &exporter);
    assert!(exported > 0.0, "the pages before are counted");
    let collections = page.sum("otel_sdk_metric_reader_collection_duration_seconds_count", &exporter);
    assert_eq!(collections, 6.0, "each page before took a collection");
}

#[test]
fn q8_q9_received_exemplars_and_start_times_are_on_the_openmetrics_page() {
    let host = Host::start(None, &[]);
    host.post_json(REQUEST);
    let response = host.scrape(&PROMETHEUS);
    let samples = parse_openmetrics(split(&response).1).expect("a page");
    let orders = find(&samples, "shop_orders_total", None);
    let exemplar = orders.exemplar.as_ref().expect("an exemplar");
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        exemplar.labels,
        [
            label("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
            label("span_id", "00f067aa0ba902b7"),
            label("user_id", "u-1"),
        ]
    );
    assert_eq!((exemplar.value, exemplar.time.as_deref()), (2.0, Some("1520430050.000000001")));
    assert_eq!(find(&samples, "shop_orders_created", None).text, "1520430000.123");
    assert_eq!(find(&samples, "shop_latency_seconds_bucket", Some("1.0")).exemplar, None);
    let slow = find(&samples, "shop_latency_seconds_bucket", Some("+Inf")).exemplar.as_ref();
    assert_eq!(slow.map(|exemplar| exemplar.value), Some(2.5));
    assert_eq!(find(&samples, "target_info", None).label("job"), Some("shop"));
}

/// The page of a real application beside the host's own metrics, judged by the parser of Prometheus' Python client.
#[test]
fn q1_the_python_client_takes_the_openmetrics_page() {
    let host = Host::start(None, &[]);
    let mut worker = Worker::python("grpc", host.grpc(), "judged", 5);
    worker.record(50);
    worker.flush();
    host.post_json(REQUEST);
    let response = host.scrape(&PROMETHEUS);
    let (_, body) = split(&response);
    assert!(body.contains("# TYPE shop_revenue_EUR counter\n") && body.contains(" # {trace_id="), "{body}");
    let mut judge = Command::new(required("WASMETER_PYTHON"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../prometheus/tests/openmetrics.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the Python of the test clients starts");
    let pages = serde_json::to_vec(&[body]).expect("text is JSON");
    judge.stdin.take().expect("it is piped").write_all(&pages).expect("the judge listens");
    let output = judge.wait_with_output().expect("the judge ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "[null]", "of the page\n{body}");
}
