//! Processors between collection and export: what they hide appears nowhere, and what they cannot process is kept back.

use std::fs;

use crate::support::{Host, Page, PluginFolder, eventually, run_to_end};

const FILE: &str = "00-redact.wasm";
const SETTINGS: &str = "00-redact.toml";

/// The settings of `redact` with one rule for users, and what else there is to set.
fn settings(action: &str, further: &str) -> String {
    format!(
        "{further}\n[config]\nsecret = \"0123456789abcdef\"\n[[config.rules]]\nkeys = [\"user.id\"]\naction = \"{action}\"\n"
    )
}

fn folder(settings: &str) -> PluginFolder {
    let folder = PluginFolder::with(&["redact"]);
    folder.put(SETTINGS, settings.as_bytes());
    folder
}

/// Delta counts of visits, each with an exemplar that names the user once more.
fn send(host: &Host, visits: &[(&str, u32)], time: u32) {
    let points: Vec<String> = visits
        .iter()
        .map(|(user, count)| {
            format!(
                r#"{{"asInt":"{count}","startTimeUnixNano":"{}","timeUnixNano":"{time}",
                "attributes":[{{"key":"user.id","value":{{"stringValue":"{user}"}}}}],
                "exemplars":[{{"timeUnixNano":"{time}","asInt":"1","filteredAttributes":[
                {{"key":"user.id","value":{{"stringValue":"{user}"}}}}],
                "traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174"}}]}}"#,
                time - 1
            )
        })
        .collect();
    host.post_json(&format!(
        r#"{{"resourceMetrics":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"shop"}}}}]}},
        "scopeMetrics":[{{"metrics":[{{"name":"shop.visits","sum":{{"aggregationTemporality":1,"isMonotonic":true,
        "dataPoints":[{}]}}}}]}}]}}]}}"#,
        points.join(",")
    ));
}

fn visits(page: &Page) -> f64 {
    page.sum("shop_visits_total", &[])
}

/// The users of the series of visits on a page, sorted.
fn users(page: &Page) -> Vec<String> {
    let users = page.of("shop_visits_total").map(|series| series.label("user_id").unwrap_or("-").to_owned());
    let mut users: Vec<_> = users.collect();
    users.sort();
    users
}

#[test]
fn what_is_hidden_is_on_no_page_and_in_no_exemplar() {
    let folder = folder(&settings("hash", ""));
    let host = Host::start(Some(folder.path()), &[]);
    assert!(host.announced().iter().any(|line| line.contains("redact 0.1.0")), "{:?}", host.announced());
    send(&host, &[("ada-lovelace", 2), ("bob-kahn", 3)], 2);
    // First, as an exemplar is shown once.
    let page = host.scrape(&["application/openmetrics-text; version=1.0.0"]);
    assert!(page.contains("trace_id") && !page.contains("lovelace") && !page.contains("kahn"), "{page}");
    let page = host.page();
    let hashed = users(&page);
    assert!(hashed.len() == 2 && hashed.iter().all(|user| user.len() == 16), "{hashed:?}");
    assert_eq!(visits(&page), 5.0);
}

#[test]
fn other_settings_take_effect_while_the_program_runs_and_no_count_is_lost() {
    let folder = folder(&settings("hash", ""));
    let host = Host::start(Some(folder.path()), &[]);
    send(&host, &[("ada", 2), ("bob", 3)], 2);
    assert_eq!(users(&host.page()).len(), 2);
    folder.put(SETTINGS, settings("mask", "").as_bytes());
    let page = eventually("the mask", || Some(host.page()).filter(|page| users(page) == ["***"]));
    assert_eq!(visits(&page), 5.0);
    // Another build of the same code is a swap, too, and changes nothing.
    let mut folder = folder;
    folder.rebuild(FILE, "redact");
    let swaps = |page: &Page| page.sum("wasmeter_plugin_swaps_total", &[("outcome", "done")]);
    eventually("the other build", || (swaps(&host.page()) >= 2.0).then_some(()));
    send(&host, &[("eve", 1)], 4);
    let page = host.page();
    assert_eq!((users(&page), visits(&page)), (vec!["***".to_owned()], 6.0));
    fs::remove_file(folder.path().join(FILE)).expect("it is there");
    let page =
        eventually("the users", || Some(host.page()).filter(|page| users(page) == ["ada", "bob", "eve"]));
    assert_eq!(visits(&page), 6.0);
}

/// A text for which a plugin of two megabytes has no room.
fn long_name() -> String {
    "x".repeat(2 << 20)
}

#[test]
fn what_cannot_be_processed_is_kept_back_and_comes_when_it_can() {
    let last = Host::start(None, &[]);
    let folder = folder(&settings("mask", "memory_limit_bytes = 2097152"));
    let config = folder.path().join("first.yaml");
    let yaml = format!(
        "file_format: \"1.0\"\nmeter_provider:\n  readers:\n    - periodic:\n        interval: 200\n        exporter:\n          \
         otlp_grpc:\n            endpoint: {}\n            temporality_preference: delta\n",
        last.grpc()
    );
    fs::write(&config, yaml).expect("the directory is writable");
    let first = Host::start(Some(folder.path()), &["--config", config.to_str().expect("a plain path")]);
    send(&first, &[("ada", 2)], 2);
    eventually("the first visits", || (visits(&last.page()) == 2.0).then_some(()));
    // What does not fit goes nowhere, not even unprocessed.
    send(&first, &[(&long_name(), 3)], 4);
    send(&first, &[("bob", 4)], 6);
    // Longer than several intervals: each of these looks is an event that took its time.
    let mut failed = 0;
    eventually("many failures", || {
        failed += u32::from(first.scrape(&[]).starts_with("HTTP/1.0 503 "));
        (failed > 60).then_some(())
    });
    assert_eq!(users(&last.page()), ["***"]);
    folder.put(SETTINGS, settings("mask", "").as_bytes());
    let page = eventually("the rest", || Some(last.page()).filter(|page| visits(page) == 9.0));
    assert_eq!(users(&page), ["***"]);
    // What became of the first points is said by a later frame than theirs.
    let undelivered = [("exporter", "otlp_grpc"), ("outcome", "undelivered")];
    eventually("word of it", || {
        (last.page().sum("wasmeter_export_points_total", &undelivered) > 0.0).then_some(())
    });
    let (status, _, log) = first.stop();
    assert!(status.success() && log.contains("the metrics are kept back"), "{log}");
}

#[test]
fn a_page_that_cannot_be_processed_is_an_error_and_no_page() {
    let folder = folder(&settings("mask", "memory_limit_bytes = 2097152"));
    let host = Host::start(Some(folder.path()), &[]);
    send(&host, &[(&long_name(), 3)], 2);
    let response = host.scrape(&[]);
    assert!(response.starts_with("HTTP/1.0 503 ") && response.contains("the log says why"), "{response}");
    let dropping = settings("mask", "memory_limit_bytes = 2097152\non_failure = \"drop\"");
    folder.put(SETTINGS, dropping.as_bytes());
    let response = eventually("an empty page", || {
        Some(host.scrape(&[])).filter(|response| response.starts_with("HTTP/1.0 200 "))
    });
    assert!(!response.contains("shop_visits"), "{response}");
}

#[test]
fn check_says_what_is_wrong_with_a_processor() {
    let folder = folder(&settings("shred", ""));
    let plugins = folder.path().to_str().expect("a plain path");
    let (status, _, errors) = run_to_end(&["check", "--plugins", plugins]);
    assert!(status == 2 && errors.contains("shred"), "{status} {errors}");
}
