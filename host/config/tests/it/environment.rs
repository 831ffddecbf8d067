//! The variables of the specification, and what their absence and their nonsense mean.

use std::time::Duration;

use wasmeter_config::{
    Compression, Config, ExemplarFilter, Exporter, LogLevel, OtlpExporter, OtlpTransport, Reader, Receivers,
    config_file, from_environment,
};
use wasmeter_model::{Aggregation, TemporalityPreference, Value};

use crate::{env, lines};

#[track_caller]
fn config<const N: usize>(variables: [(&'static str, &'static str); N]) -> Config {
    from_environment(&env(variables)).unwrap_or_else(|problems| panic!("{}", lines(&problems)))
}

/// The kinds of the readers, in order.
fn kinds(config: &Config) -> Vec<&'static str> {
    let kind = |reader: &Reader| match reader {
        Reader::Pull(_) => "prometheus",
        Reader::Periodic(periodic) => match periodic.exporter {
            Exporter::Otlp(_) => "otlp",
            Exporter::Console(_) => "console",
        },
    };
    config.readers.iter().map(kind).collect()
}

fn otlp(config: &Config) -> &OtlpExporter {
    let otlp = config.readers.iter().find_map(|reader| match reader {
        Reader::Periodic(periodic) => match &periodic.exporter {
            Exporter::Otlp(otlp) => Some(otlp),
            Exporter::Console(_) => None,
        },
        Reader::Pull(_) => None,
    });
    otlp.expect("there should be an OTLP exporter")
}

#[test]
fn without_variables_metrics_come_in_and_only_the_prometheus_page_shows_them() {
    let config = config([]);
    assert_eq!(config.receivers, Receivers::default());
    let [Reader::Pull(pull)] = config.readers.as_slice() else { panic!("{:?}", config.readers) };
    assert_eq!(pull.exporter.address, "127.0.0.1:9464".parse().unwrap());
    assert!(!config.disabled && config.warnings.is_empty() && config.views.is_empty());
}

#[test]
fn p2_an_endpoint_or_an_explicit_choice_turns_otlp_export_on() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
    assert_eq!(kinds(&config([endpoint])), ["otlp", "prometheus"]);
    assert_eq!(kinds(&config([endpoint, ("OTEL_METRICS_EXPORTER", "otlp")])), ["otlp"]);
    assert_eq!(kinds(&config([endpoint, ("OTEL_METRICS_EXPORTER", "none")])), [""; 0]);
    assert_eq!(
        kinds(&config([("OTEL_METRICS_EXPORTER", "console, prometheus,console")])),
        ["console", "prometheus"]
    );
    assert_eq!(
        kinds(&config([endpoint, ("OTEL_METRICS_EXPORTER", "")])),
        ["otlp", "prometheus"],
        "empty is unset"
    );
    let unknown = config([("OTEL_METRICS_EXPORTER", "zipkin,console")]);
    assert_eq!(kinds(&unknown), ["console"]);
    assert!(
        lines(&unknown.warnings).contains("OTEL_METRICS_EXPORTER: found `zipkin`"),
        "{}",
        lines(&unknown.warnings)
    );
    assert_eq!(
        kinds(&config([("OTEL_METRICS_EXPORTER", "zipkin")])),
        ["prometheus"],
        "not understood is unset"
    );
    let no_endpoint = from_environment(&env([("OTEL_METRICS_EXPORTER", "otlp")])).unwrap_err();
    assert!(lines(&no_endpoint).contains("leads back to the receiver"), "{}", lines(&no_endpoint));
}

#[test]
fn p3_endpoints_become_urls_as_the_exporter_specification_says() {
    let url =
        |variables: [(&'static str, &'static str); 2]| otlp(&config(variables)).endpoint.as_str().to_owned();
    const ALL: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    const METRICS: &str = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
    const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
    const INSECURE: &str = "OTEL_EXPORTER_OTLP_INSECURE";
    let none = ("", "");
    assert_eq!(url([(ALL, "http://collector:4318"), none]), "http://collector:4318/v1/metrics");
    assert_eq!(
        url([(ALL, "http://collector:4318/mycollector/"), none]),
        "http://collector:4318/mycollector/v1/metrics"
    );
    assert_eq!(url([(ALL, "http://a:1"), (METRICS, "https://b/v1/metrics/")]), "https://b/v1/metrics/");
    assert_eq!(url([(METRICS, "http://collector:4318"), none]), "http://collector:4318", "used as it is");
    assert_eq!(url([(ALL, "http://collector:4317"), (PROTOCOL, "grpc")]), "http://collector:4317");
    let schemeless = [(ALL, "collector:4317"), (PROTOCOL, "grpc"), (INSECURE, "True")];
    assert_eq!(otlp(&config(schemeless)).endpoint.as_str(), "http://collector:4317");
    assert_eq!(url([(ALL, "collector:4317"), (PROTOCOL, "grpc")]), "https://collector:4317");
}

#[test]
fn p2_the_variables_of_metrics_come_before_those_of_all_signals() {
    let config = config([
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:1"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "all=1"),
        ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "Api-Key=a%20b,other=2"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
        ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "2500"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "GZIP"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "LowMemory"),
        ("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "base2_exponential_bucket_histogram"),
    ]);
    let exporter = otlp(&config);
    assert_eq!(exporter.headers.iter().collect::<Vec<_>>(), [("api-key", "a b"), ("other", "2")]);
    assert_eq!(exporter.timeout, Some(Duration::from_millis(2500)));
    assert_eq!(exporter.compression, Compression::Gzip);
    assert_eq!(exporter.transport, OtlpTransport::HttpJson);
    assert_eq!(exporter.temporality, TemporalityPreference::LowMemory);
    assert!(matches!(exporter.histogram, Aggregation::Base2ExponentialBucketHistogram { .. }));
    assert_eq!(lines(&config.warnings), "");
}

#[test]
fn n3_p2_q2_the_variables_of_the_provider() {
    let config = config([
        ("OTEL_SDK_DISABLED", "TRUE"),
        ("OTEL_LOG_LEVEL", "Warn"),
        ("OTEL_METRICS_EXEMPLAR_FILTER", "ALWAYS_ON"),
        ("OTEL_SERVICE_NAME", "shop"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,k%2Cey=v%3D1"),
        ("OTEL_METRICS_EXPORTER", "console,prometheus"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "5000"),
        ("OTEL_METRIC_EXPORT_TIMEOUT", "0"),
        ("OTEL_EXPORTER_PROMETHEUS_HOST", "0.0.0.0"),
        ("OTEL_EXPORTER_PROMETHEUS_PORT", "0"),
    ]);
    assert!(config.disabled);
    assert_eq!((config.log_level, config.exemplar_filter), (LogLevel::Warn, ExemplarFilter::AlwaysOn));
    let expected = [("service.name", Value::from("shop")), ("k,ey", "v=1".into())];
    assert_eq!(config.resource.attributes, expected.into_iter().collect());
    let [Reader::Periodic(console), Reader::Pull(pull)] = config.readers.as_slice() else { panic!() };
    assert_eq!((console.interval, console.timeout), (Duration::from_secs(5), None));
    assert_eq!(pull.exporter.address, "0.0.0.0:0".parse().unwrap());
}

#[test]
fn numbers_and_names_that_are_not_understood_are_ignored_with_a_warning() {
    let config = config([
        ("OTEL_SDK_DISABLED", "1"),
        ("OTEL_LOG_LEVEL", "wran"),
        ("OTEL_METRICS_EXEMPLAR_FILTER", "never"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=1,b"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http"),
        ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "20"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "br"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "low_memory"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "-1"),
        ("OTEL_METRIC_EXPORT_TIMEOUT", "99999999999999999999"),
        ("OTEL_EXPORTER_PROMETHEUS_PORT", "65536"),
    ]);
    assert!(!config.disabled);
    assert_eq!(config.log_level, LogLevel::Info);
    assert!(config.resource.attributes.is_empty(), "the whole list is discarded");
    assert_eq!(
        otlp(&config).timeout,
        Some(Duration::from_millis(20)),
        "the variable of all signals still counts"
    );
    let Reader::Periodic(periodic) = &config.readers[0] else { panic!() };
    assert_eq!(
        (periodic.interval, periodic.timeout),
        (Duration::from_secs(60), Some(Duration::from_secs(30)))
    );
    insta::assert_snapshot!(lines(&config.warnings));
}

#[test]
fn what_would_lose_metrics_or_weaken_their_protection_is_a_problem() {
    let problems = |variables| lines(&from_environment(&env::<5>(variables)).unwrap_err());
    let found = problems([
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://user:hunter2@collector"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"),
        ("OTEL_EXPORTER_PROMETHEUS_HOST", "metrics.example.com"),
        ("OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY", "/key.pem"),
    ]);
    assert!(!found.contains("hunter2"), "{found}");
    insta::assert_snapshot!(found);
}

#[test]
fn the_configuration_file_is_named_by_a_variable() {
    assert_eq!(config_file(&env([])), None);
    assert_eq!(config_file(&env([("OTEL_CONFIG_FILE", "")])), None);
    let old = ("OTEL_EXPERIMENTAL_CONFIG_FILE", "old.yaml");
    assert_eq!(config_file(&env([old])).as_deref(), Some("old.yaml"));
    assert_eq!(config_file(&env([old, ("OTEL_CONFIG_FILE", "a b.yaml")])).as_deref(), Some("a b.yaml"));
}
