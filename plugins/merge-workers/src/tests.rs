//! What is left of the resources of several processes.

use wasmeter_guest::testing::{Harness, instrument};
use wasmeter_guest::{Attributes, Instrument, Registered, Streams};

use super::MergeWorkers;

fn worker(pid: i64) -> Instrument {
    let text = [
        ("service.name", "shop"),
        ("service.instance.id", if pid == 1 { "a" } else { "b" }),
        ("process.runtime.version", "3.13.1"),
        ("telemetry.sdk.language", "python"),
        ("host.name", "web-1"),
    ];
    instrument::counter("http.server.requests").resource(text).resource([("process.pid", pid)]).build()
}

fn resource(config: &str, instrument: &Instrument) -> Attributes {
    let mut series = Harness::<MergeWorkers>::new(config).series(instrument, [("http.route", "/")]);
    assert_eq!(series.len(), 1);
    let series = series.remove(0);
    assert_eq!(series.attributes, [("http.route", "/")].into(), "points are left alone");
    series.resource_attributes
}

fn keys(attributes: &Attributes) -> Vec<&str> {
    attributes.iter().map(|(key, _)| key).collect()
}

#[test]
fn two_workers_of_one_service_get_one_resource() {
    let merged = resource("{}", &worker(1));
    assert_eq!(keys(&merged), ["host.name", "service.name", "telemetry.sdk.language"]);
    assert_eq!(merged, resource("{}", &worker(2)));
}

#[test]
fn a_resource_without_process_is_none_of_its_business() {
    let plain = instrument::counter("jobs").resource([("service.name", "shop")]).build();
    assert_eq!(Harness::<MergeWorkers>::new("{}").streams(&plain), Streams::none());
}

#[test]
fn more_is_removed_when_asked() {
    let merged = resource(r#"{"remove": ["host.*"]}"#, &worker(1));
    assert_eq!(keys(&merged), ["service.name", "telemetry.sdk.language"]);
}

#[test]
fn keep_wins_over_what_is_removed() {
    let config = r#"{"remove": ["host.*"], "keep": ["process.runtime.*", "host.name"]}"#;
    let merged = resource(config, &worker(1));
    assert_eq!(
        keys(&merged),
        ["host.name", "process.runtime.version", "service.name", "telemetry.sdk.language"]
    );
}

#[test]
fn a_misspelt_key_is_refused_with_its_place() {
    let problems = Harness::<MergeWorkers>::configure(r#"{"removes": []}"#).unwrap_err();
    assert_eq!(problems[0].path, "/removes");
    assert_eq!(problems[0].message, "unknown field `removes`, expected `remove` or `keep`");
}

#[test]
fn a_pattern_no_key_can_fit_is_refused_with_its_place() {
    let problems = Harness::<MergeWorkers>::configure(r#"{"remove": ["a", ""]}"#).unwrap_err();
    assert_eq!(problems[0].path, "/remove/1");
    assert_eq!(problems[0].message, "found an empty pattern, expected one that some key can fit");
}

#[test]
fn the_schema_is_served() {
    assert!(MergeWorkers::INFO.config_schema.contains("\"remove\""));
    assert_eq!(MergeWorkers::INFO.name, "merge-workers");
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
    wasmeter_guest::testing::keep_schema(&schemars::schema_for!(super::MergeWorkers), file);
}
