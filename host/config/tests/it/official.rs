//! Files as the OpenTelemetry project publishes them (opentelemetry-configuration, `examples/` and `snippets/`, Apache-2.0),
//! written out as far as they concern metrics.

use wasmeter_config::{Exporter, Reader, load_file};

use crate::{env, lines};

const GETTING_STARTED: &str = include_str!("../official/otel-getting-started.yaml");
const SDK_CONFIG: &str = include_str!("../official/otel-sdk-config.yaml");
const MIGRATION: &str = include_str!("../official/otel-sdk-migration-config.yaml");

#[test]
fn the_examples_load_once_they_export_elsewhere() {
    let elsewhere = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")];
    for (name, text) in [("getting-started", GETTING_STARTED), ("migration", MIGRATION)] {
        let config =
            load_file(name, text, &env(elsewhere)).unwrap_or_else(|found| panic!("{}", lines(&found)));
        let [Reader::Periodic(reader)] = config.readers.as_slice() else { panic!("{:?}", config.readers) };
        let Exporter::Otlp(otlp) = &reader.exporter else { panic!("{reader:?}") };
        assert_eq!(otlp.endpoint.as_str(), "http://collector:4318/v1/metrics");
        insta::assert_snapshot!(format!("{name}_warnings"), lines(&config.warnings));
    }
}

#[test]
fn the_default_endpoint_of_the_examples_is_wasmeter_itself() {
    // It is meant for the Collector that listens there; here, wasmeter does.
    for text in [GETTING_STARTED, SDK_CONFIG, MIGRATION] {
        let found = load_file("example", text, &env([])).unwrap_err();
        assert_eq!(found.len(), 1, "{}", lines(&found));
        assert!(found[0].found.contains("leads back to the receiver `otlp_http`"), "{}", found[0]);
    }
}

#[test]
fn the_snippets_about_metrics_load() {
    let snippets = include_str!("../official/snippets.yaml");
    for snippet in snippets.split("\n---\n") {
        let config = load_file("snippet", snippet, &env([]))
            .unwrap_or_else(|found| panic!("{snippet}\n{}", lines(&found)));
        assert_eq!(lines(&config.warnings), "", "{snippet}");
        assert!(!config.readers.is_empty());
    }
}
