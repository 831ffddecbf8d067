//! The example file that comes with the project.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use wasmeter_config::{Exporter, Reader, load_file};
use wasmeter_model::limits::Limits;
use wasmeter_model::{TemporalityPreference, ValueRef};

use crate::{env, lines};

const EXAMPLE: &str = include_str!("../../../../examples/wasmeter.yaml");

#[test]
fn the_example_file_loads_without_a_warning() {
    let config =
        load_file("wasmeter.yaml", EXAMPLE, &env([])).unwrap_or_else(|found| panic!("{}", lines(&found)));
    assert_eq!(lines(&config.warnings), "");
    assert_eq!(config.resource.attributes.get("service.name"), Some(ValueRef::String("wasmeter")));
    let [Reader::Pull(pull), Reader::Periodic(periodic)] = config.readers.as_slice() else {
        panic!("{:?}", config.readers)
    };
    assert_eq!(pull.exporter.address, SocketAddr::from((Ipv4Addr::LOCALHOST, 9464)));
    assert_eq!(periodic.interval, Duration::from_secs(10));
    let Exporter::Otlp(otlp) = &periodic.exporter else { panic!("{periodic:?}") };
    assert_eq!(otlp.endpoint.as_str(), "http://localhost:14318/v1/metrics");
    assert_eq!(otlp.temporality, TemporalityPreference::Delta);
    let views: Vec<&str> = config.views.iter().map(|view| view.name.as_str()).collect();
    let line = |text: &str| EXAMPLE.lines().position(|line| line.contains(text)).unwrap();
    assert_eq!(views[0], format!("wasmeter.yaml:{} views[0]", line("instrument_name: http.server.*")));
    assert_eq!(config.plugins.directory.as_deref(), Some("plugins.d".as_ref()));
    assert_eq!(config.limits, Limits::default(), "the example shows the defaults");
}

#[test]
fn the_variables_of_the_example_file_are_used() {
    let variables = [
        ("OTEL_SERVICE_NAME", "gateway"),
        ("NEXT_ENDPOINT", "https://metrics.example.com"),
        ("NEXT_HEADERS", "k=v"),
    ];
    let config = load_file("wasmeter.yaml", EXAMPLE, &env(variables)).unwrap();
    assert_eq!(config.resource.attributes.get("service.name"), Some(ValueRef::String("gateway")));
    let Reader::Periodic(periodic) = &config.readers[1] else { panic!("{:?}", config.readers) };
    let Exporter::Otlp(otlp) = &periodic.exporter else { panic!("{periodic:?}") };
    assert_eq!(otlp.endpoint.as_str(), "https://metrics.example.com/v1/metrics");
    assert!(otlp.endpoint.is_https());
    assert_eq!(otlp.headers.iter().collect::<Vec<_>>(), [("k", "v")]);
}
