//! `unit-convert`, `top-k` and `derive` in the whole program: what is received, and what the page then says.

use crate::support::{Host, Page, PluginFolder};

/// A host with one of the plugins, so configured.
fn host(plugin: &str, config: &str) -> (Host, PluginFolder) {
    let folder = PluginFolder::with(&[plugin]);
    folder.put(&format!("00-{plugin}.toml"), config.as_bytes());
    let host = Host::start(Some(folder.path()), &[]);
    assert!(host.announced().iter().any(|line| line.contains(plugin)), "{:?}", host.announced());
    (host, folder)
}

/// Sends metrics of the shop, in OTLP/JSON.
fn send(host: &Host, metrics: &str) {
    host.post_json(&format!(
        r#"{{"resourceMetrics":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"shop"}}}}]}},
        "scopeMetrics":[{{"metrics":[{metrics}]}}]}}]}}"#
    ));
}

/// Delta counts of what users did, up to `time`.
fn counts(name: &str, users: &[(&str, u32)], time: u32) -> String {
    let point = |(user, count): &(&str, u32)| {
        format!(
            r#"{{"asInt":"{count}","startTimeUnixNano":"{}","timeUnixNano":"{time}",
            "attributes":[{{"key":"user","value":{{"stringValue":"{user}"}}}}]}}"#,
            time - 1
        )
    };
    let points: Vec<String> = users.iter().map(point).collect();
    let points = points.join(",");
    format!(
        r#"{{"name":"{name}","sum":{{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{points}]}}}}"#
    )
}

/// The values of a metric by the label `user`, sorted; `-` has none.
fn by_user(page: &Page, name: &str) -> Vec<(String, f64)> {
    let user = |label: Option<&str>| label.unwrap_or("-").to_owned();
    let mut found: Vec<_> = page.of(name).map(|sample| (user(sample.label("user")), sample.value)).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn users(rows: &[(&str, f64)]) -> Vec<(String, f64)> {
    rows.iter().map(|(user, value)| ((*user).to_owned(), *value)).collect()
}

#[test]
fn milliseconds_are_seconds_on_the_page_buckets_included() {
    let (host, _folder) = host("unit-convert", "[config]\nrules = [{ from = \"ms\", to = \"s\" }]\n");
    send(
        &host,
        r#"{"name":"shop.latency","unit":"ms","histogram":{"aggregationTemporality":1,"dataPoints":[
        {"startTimeUnixNano":"1","timeUnixNano":"2","count":"6","sum":3000,"min":2,"max":2000,
        "explicitBounds":[5,10,2500],"bucketCounts":["1","2","3","0"]}]}}"#,
    );
    let page = host.page();
    let bucket = |bound| page.sum("shop_latency_seconds_bucket", &[("le", bound)]);
    assert_eq!(["0.005", "0.01", "2.5", "+Inf"].map(bucket), [1.0, 3.0, 6.0, 6.0]);
    assert_eq!(page.sum("shop_latency_seconds_sum", &[]), 3.0);
    assert_eq!(page.of("shop_latency_milliseconds_sum").count(), 0);
}

#[test]
fn the_largest_series_stay_and_the_rest_is_one_that_never_falls() {
    let (host, _folder) = host("top-k", "[config]\nrules = [{ metrics = [\"shop.*\"], k = 1 }]\n");
    send(&host, &counts("shop.visits", &[("ada", 5), ("bob", 3), ("eve", 1)], 2));
    let page = host.page();
    assert_eq!(by_user(&page, "shop_visits_total"), users(&[("-", 4.0), ("ada", 5.0)]));
    assert_eq!(page.sum("shop_visits_total", &[("other", "true")]), 4.0);
    send(&host, &counts("shop.visits", &[("eve", 10), ("ida", 7)], 4));
    assert_eq!(by_user(&host.page(), "shop_visits_total"), users(&[("-", 21.0), ("ada", 5.0)]));
    // The host's own metrics have no rule and all their series.
    assert!(page.of("wasmeter_plugin_calls_total").all(|sample| sample.label("other").is_none()));
}

#[test]
fn a_ratio_of_two_metrics_is_a_third() {
    let config = "[[config.metrics]]\nname = \"shop.failed\"\noperation = \"ratio\"\n\
                  first = { metric = \"shop.errors\" }\nsecond = { metric = \"shop.visits\" }\n";
    let (host, _folder) = host("derive", config);
    let (errors, visits) = (
        counts("shop.errors", &[("ada", 1), ("bob", 3)], 2),
        counts("shop.visits", &[("ada", 2), ("bob", 4), ("eve", 1)], 2),
    );
    send(&host, &format!("{errors},{visits}"));
    let page = host.page();
    assert_eq!(by_user(&page, "shop_failed_ratio"), users(&[("ada", 0.5), ("bob", 0.75)]));
    assert_eq!(page.sum("shop_visits_total", &[]), 7.0);
}
