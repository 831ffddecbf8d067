//! The `OTEL_*` environment variables, for when there is no configuration file.
//!
//! The specification's rules for bad values: an empty variable counts as unset; a number or a name that is not understood is
//! ignored with a warning. What would send metrics to the wrong place, or nowhere, is a problem instead.

mod otlp;
mod variables;

use std::sync::Arc;

use wasmeter_model::{Attributes, Resource, Value};

use crate::Lookup;
use crate::file::{
    EXEMPLAR_FILTERS, INTERVAL_DEFAULT, LOG_LEVELS, Places, TIMEOUT_DEFAULT, coarse_severity,
    report_conflicts,
};
use crate::report::{Path, Problem, Report};
use crate::settings::{
    CardinalityLimits, Config, ConsoleExporter, Exporter, OtlpExporter, PeriodicReader, PrometheusExporter,
    PullReader, Reader, parse_ip,
};
use crate::text::key_value_list;
use crate::yaml::Position;
use variables::Variables;

/// What problems call the environment, in place of a file.
const ENVIRONMENT: &str = "environment";

/// The path of the configuration file that `OTEL_CONFIG_FILE` names; the older `OTEL_EXPERIMENTAL_CONFIG_FILE` counts where
/// it is unset. With a file, the specification has all other variables ignored but those the file refers to.
pub fn config_file(env: &Lookup<'_>) -> Option<String> {
    let set = |name| env(name).filter(|value| !value.is_empty());
    set("OTEL_CONFIG_FILE").or_else(|| set("OTEL_EXPERIMENTAL_CONFIG_FILE"))
}

/// The configuration the environment variables describe (specification, "Environment Variable Specification").
///
/// Without any: OTLP is received on the loopback ports 4317 and 4318, and the Prometheus page is on 127.0.0.1:9464. Metrics
/// are exported over OTLP only where an endpoint or `OTEL_METRICS_EXPORTER` asks for it.
///
/// # Errors
///
/// Every problem found, by variable.
pub fn from_environment(env: &Lookup<'_>) -> Result<Config, Vec<Problem>> {
    let report = Report::new(ENVIRONMENT);
    let variables = Variables { env, report: &report };
    let mut config = Config::without_readers();
    config.disabled = variables.boolean("OTEL_SDK_DISABLED");
    if let Some(level) = variables
        .text("OTEL_LOG_LEVEL")
        .and_then(|severity| variables.choice_of("OTEL_LOG_LEVEL", coarse_severity(&severity), &LOG_LEVELS))
    {
        config.log_level = level;
    }
    if let Some(filter) = variables.choice("OTEL_METRICS_EXEMPLAR_FILTER", &EXEMPLAR_FILTERS) {
        config.exemplar_filter = filter;
    }
    config.resource = resource(&variables);
    let mut places = Places::default();
    for choice in exporters(&variables) {
        let reader = match choice {
            Choice::Otlp => {
                otlp::read(&variables).map(|exporter| periodic(&variables, Exporter::Otlp(exporter)))
            }
            Choice::Console => Some(periodic(&variables, Exporter::Console(ConsoleExporter::default()))),
            Choice::Prometheus => prometheus(&variables),
        };
        if let Some(reader) = reader {
            config.readers.push(reader);
            places.readers.push((Position::default(), Path::default().key(choice.variable())));
        }
    }
    report_conflicts(&report, &config, &places);
    let (mut config, warnings) = report.finish(config)?;
    config.warnings = warnings;
    Ok(config)
}

/// The OTLP exporter that the `OTEL_EXPORTER_OTLP_*` variables describe, with its defaults where they say nothing, and what
/// of them was ignored. For programs that have their own reader; [`from_environment`] is the whole configuration.
///
/// # Errors
///
/// Every problem found, by variable.
pub fn otlp_from_environment(env: &Lookup<'_>) -> Result<(OtlpExporter, Vec<Problem>), Vec<Problem>> {
    let report = Report::new(ENVIRONMENT);
    let exporter = otlp::read(&Variables { env, report: &report });
    match report.finish(exporter)? {
        (Some(exporter), warnings) => Ok((exporter, warnings)),
        // Not without a problem, which has been returned.
        (None, warnings) => Err(warnings),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Choice {
    Otlp,
    Prometheus,
    Console,
}

impl Choice {
    /// The variable to name when the exporter as a whole is wrong.
    const fn variable(self) -> &'static str {
        match self {
            Self::Otlp => "OTEL_EXPORTER_OTLP_ENDPOINT",
            Self::Prometheus => "OTEL_EXPORTER_PROMETHEUS_PORT",
            Self::Console => "OTEL_METRICS_EXPORTER",
        }
    }
}

/// The exporters of `OTEL_METRICS_EXPORTER`, each once, or the default ones.
fn exporters(variables: &Variables<'_>) -> Vec<Choice> {
    const NAMES: [(&str, Option<Choice>); 4] = [
        ("otlp", Some(Choice::Otlp)),
        ("prometheus", Some(Choice::Prometheus)),
        ("console", Some(Choice::Console)),
        ("none", None),
    ];
    const VARIABLE: &str = "OTEL_METRICS_EXPORTER";
    let Some(list) = variables.text(VARIABLE) else { return default_exporters(variables) };
    let mut exporters = Vec::new();
    let mut understood = false;
    for name in list.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let Some(choice) = variables.choice_of(VARIABLE, name, &NAMES) else { continue };
        understood = true;
        exporters.extend(choice.filter(|choice| !exporters.contains(choice)));
    }
    // A variable with nothing that is understood counts as unset.
    if understood { exporters } else { default_exporters(variables) }
}

fn default_exporters(variables: &Variables<'_>) -> Vec<Choice> {
    if otlp::has_endpoint(variables) {
        vec![Choice::Otlp, Choice::Prometheus]
    } else {
        vec![Choice::Prometheus]
    }
}

fn periodic(variables: &Variables<'_>, exporter: Exporter) -> Reader {
    Reader::Periodic(PeriodicReader {
        interval: variables.millis("OTEL_METRIC_EXPORT_INTERVAL", 1).unwrap_or(INTERVAL_DEFAULT),
        timeout: variables.timeout("OTEL_METRIC_EXPORT_TIMEOUT").unwrap_or(Some(TIMEOUT_DEFAULT)),
        batch_points_max: None,
        exporter,
        cardinality_limits: CardinalityLimits::default(),
    })
}

fn prometheus(variables: &Variables<'_>) -> Option<Reader> {
    const HOST: &str = "OTEL_EXPORTER_PROMETHEUS_HOST";
    let mut exporter = PrometheusExporter::default();
    if let Some(port) = variables.integer("OTEL_EXPORTER_PROMETHEUS_PORT", "a port", 0..=u64::from(u16::MAX))
    {
        exporter.address.set_port(u16::try_from(port).unwrap_or_default());
    }
    if let Some(host) = variables.text(HOST) {
        match parse_ip(&host) {
            Some(ip) => exporter.address.set_ip(ip),
            None => {
                variables.problem(HOST, &host, "`localhost` or an IP address, as names are not resolved", "");
                return None;
            }
        }
    }
    Some(Reader::Pull(PullReader { exporter, cardinality_limits: CardinalityLimits::default() }))
}

fn resource(variables: &Variables<'_>) -> Resource {
    const VARIABLE: &str = "OTEL_RESOURCE_ATTRIBUTES";
    let mut attributes: Vec<(Arc<str>, Value)> = Vec::new();
    if let Some(list) = variables.text(VARIABLE) {
        match key_value_list(&list) {
            Ok(pairs) => attributes.extend(pairs.into_iter().map(|(key, text)| (key.into(), text.into()))),
            // The specification has the whole variable discarded.
            Err(expected) => variables.warning(VARIABLE, &list, expected, "the variable is ignored"),
        }
    }
    // Given last, it wins over `service.name` in the list.
    attributes.extend(
        variables.text("OTEL_SERVICE_NAME").map(|name| (Arc::from("service.name"), Value::from(name))),
    );
    Resource { attributes: Attributes::from_pairs(attributes).0, ..Resource::default() }
}
