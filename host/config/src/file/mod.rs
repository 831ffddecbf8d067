//! The declarative configuration file: schema 1.1 of `opentelemetry-configuration`.
//!
//! Each function reads one type of the schema and reports what does not fit. The schema's own bounds are enforced, and those
//! its descriptions state in words (configuration SDK, "Create").

mod conflicts;
mod distribution;
mod exporters;
mod meters;
mod patterns;
mod prometheus;
mod readers;
mod resource;
mod views;

use crate::Lookup;
use crate::report::{Path, Problem, Report};
use crate::section::{Located, Section};
use crate::settings::{Config, ExemplarFilter, LogLevel};
use crate::yaml::{self, Content, Position};

pub(crate) use conflicts::{Places, report_conflicts};
pub(crate) use exporters::{HISTOGRAMS, endpoint_default, parse_endpoint};
pub(crate) use readers::{INTERVAL_DEFAULT, TIMEOUT_DEFAULT};

/// The newest minor version of the schema's major version 1 that is understood.
const MINOR_MAX: u32 = 1;

/// Reads and checks a declarative configuration file.
///
/// `name` is what problems call the file, `text` its content. Variables of `env` are used only where the text refers to them
/// (configuration data model, "Environment variable substitution").
///
/// # Errors
///
/// Every problem found, in the order of the file. Of text that is not YAML only the first fault is known.
pub fn load_file(name: &str, text: &str, env: &Lookup<'_>) -> Result<Config, Vec<Problem>> {
    let report = Report::new(name);
    let mut config = Config::without_readers();
    // A byte order mark is not content.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match yaml::parse(text, env, &report) {
        Some(node) => read_root(&Located::root(&node, &report), &mut config),
        None => report_empty(&report),
    }
    let (mut config, warnings) = report.finish(config)?;
    config.warnings = warnings;
    Ok(config)
}

/// Without a tree and without a problem the file has nothing in it.
fn report_empty(report: &Report) {
    if report.is_clean() {
        let at = Position { line: 1, column: 1 };
        report.problem(
            at,
            &Path::default(),
            "the file is empty",
            "a mapping",
            "begin with `file_format: \"1.1\"`",
        );
    }
}

fn read_root(root: &Located<'_>, config: &mut Config) {
    let Some(mut section) = root.section() else { return };
    if let Some(value) = section.required("file_format") {
        read_file_format(&value);
    }
    if let Some(disabled) = section.optional("disabled").and_then(|value| value.boolean()) {
        config.disabled = disabled;
    }
    if let Some(value) = section.optional("log_level")
        && let Some(level) = value.choice_by(coarse_severity, &LOG_LEVELS)
    {
        config.log_level = level;
    }
    if let Some(value) = section.get("resource") {
        config.resource = resource::read(&value);
    }
    let mut places = Places::default();
    if let Some(value) = section.get("meter_provider") {
        read_meter_provider(&value, config, &mut places);
    }
    if let Some(value) = section.get("distribution") {
        distribution::read(&value, config, &mut places);
    }
    section.without_effect(&[
        "attribute_limits",
        "logger_provider",
        "propagator",
        "tracer_provider",
        "instrumentation/development",
    ]);
    report_conflicts(section.report(), config, &places);
    finish_root(section);
}

/// The schema allows further keys at the top. `x-` ones, which by custom hold what aliases refer to, are warned about; any
/// other is a setting that would silently do nothing.
fn finish_root(mut section: Section<'_>) {
    for (key, key_at, _) in section.others() {
        if key.starts_with("x-") {
            let path = section.path().key(key);
            section.report().warning(key_at, &path, "has no effect in wasmeter", "", "");
        } else {
            section.report_unknown(key, key_at);
        }
    }
}

/// The versions follow the schema's policy (opentelemetry-configuration, VERSIONING.md, "File format"): a newer minor version
/// may have keys unknown here, which are reported one by one.
fn read_file_format(value: &Located<'_>) {
    const SUPPORTED: &str = "`\"1.0\"` or `\"1.1\"`";
    let Content::String(text) = value.content() else {
        let help = match value.content() {
            Content::Float(_) | Content::Int(_) => "put the version in quotes",
            _ => "",
        };
        return value.reject_with_help(SUPPORTED, help);
    };
    match text.strip_prefix("1.").and_then(|minor| minor.parse::<u32>().ok()) {
        Some(minor) if minor <= MINOR_MAX => {}
        Some(_) => {
            let found = format!("the file's format `{text}` is newer than `1.{MINOR_MAX}`");
            value.warn(found, "what it adds is unknown here");
        }
        None => value.reject(SUPPORTED),
    }
}

fn read_meter_provider(value: &Located<'_>, config: &mut Config, places: &mut Places) {
    let Some(mut section) = value.section() else { return };
    if let Some(value) = section.required("readers") {
        for entry in value.entries() {
            if let Some(reader) = readers::read(&entry) {
                places.readers.push((entry.at(), entry.path().clone()));
                config.readers.push(reader);
            }
        }
    }
    if let Some(value) = section.get("views") {
        config.views =
            value.entries().iter().enumerate().filter_map(|(index, view)| views::read(index, view)).collect();
    }
    if let Some(filter) =
        section.optional("exemplar_filter").and_then(|value| value.choice(&EXEMPLAR_FILTERS))
    {
        config.exemplar_filter = filter;
    }
    if let Some(meters) = section.get("meter_configurator/development").and_then(|value| meters::read(&value))
    {
        config.meters = meters;
    }
    section.finish();
}

/// The schema's names of the exemplar filters, also those of `OTEL_METRICS_EXEMPLAR_FILTER`.
pub(crate) const EXEMPLAR_FILTERS: [(&str, ExemplarFilter); 3] = [
    ("always_on", ExemplarFilter::AlwaysOn),
    ("always_off", ExemplarFilter::AlwaysOff),
    ("trace_based", ExemplarFilter::TraceBased),
];

/// The schema's severities, each of which may be followed by 2, 3 or 4: finer than a log here is.
pub(crate) const LOG_LEVELS: [(&str, LogLevel); 6] = [
    ("trace", LogLevel::Trace),
    ("debug", LogLevel::Debug),
    ("info", LogLevel::Info),
    ("warn", LogLevel::Warn),
    ("error", LogLevel::Error),
    ("fatal", LogLevel::Error),
];

/// A severity without its number.
pub(crate) fn coarse_severity(severity: &str) -> &str {
    severity.strip_suffix(['2', '3', '4']).unwrap_or(severity)
}
