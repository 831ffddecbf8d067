//! `OTEL_EXPORTER_OTLP_*` (OTLP exporter specification, "Configuration Options").
//!
//! Each option has a variable for metrics and one for all signals; that for metrics wins.

use wasmeter_model::TemporalityPreference;

use super::variables::Variables;
use crate::file::{HISTOGRAMS, endpoint_default, parse_endpoint};
use crate::settings::{Compression, Endpoint, Headers, OtlpExporter, OtlpTransport, redacted};
use crate::text::key_value_list;

const ENDPOINT_METRICS: &str = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
const ENDPOINT_ALL: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

pub(super) fn has_endpoint(variables: &Variables<'_>) -> bool {
    variables.first(&[ENDPOINT_METRICS, ENDPOINT_ALL]).is_some()
}

/// The exporter; `None` if a problem leaves none.
pub(super) fn read(variables: &Variables<'_>) -> Option<OtlpExporter> {
    const TRANSPORTS: [(&str, OtlpTransport); 3] = [
        ("grpc", OtlpTransport::Grpc),
        ("http/protobuf", OtlpTransport::HttpProtobuf),
        ("http/json", OtlpTransport::HttpJson),
    ];
    refuse_tls(variables);
    let transport = choice(
        variables,
        ["OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"],
        &TRANSPORTS,
    )
    .unwrap_or(OtlpTransport::HttpProtobuf);
    let headers = read_headers(variables);
    let mut exporter = OtlpExporter::new(transport, read_endpoint(variables, transport)?);
    exporter.headers = headers?;
    let compressions = ["OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"];
    exporter.compression = choice(variables, compressions, &Compression::NAMES).unwrap_or_default();
    let timeouts = ["OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
    if let Some(timeout) = timeouts.into_iter().find_map(|name| variables.timeout(name)) {
        exporter.timeout = timeout;
    }

    if let Some(found) = variables.choice("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", &TEMPORALITIES)
    {
        exporter.temporality = found;
    }
    if let Some(found) =
        variables.choice("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", &HISTOGRAMS)
    {
        exporter.histogram = found;
    }
    Some(exporter)
}

/// The specification writes `LowMemory` for the variable where the file has `low_memory`.
const TEMPORALITIES: [(&str, TemporalityPreference); 3] = [
    ("cumulative", TemporalityPreference::Cumulative),
    ("delta", TemporalityPreference::Delta),
    ("LowMemory", TemporalityPreference::LowMemory),
];

/// A choice that counts as unset where it is not understood, so that the variable for all signals may still say it.
fn choice<T: Clone>(variables: &Variables<'_>, names: [&str; 2], choices: &[(&str, T)]) -> Option<T> {
    names.into_iter().find_map(|name| variables.choice(name, choices))
}

fn read_endpoint(variables: &Variables<'_>, transport: OtlpTransport) -> Option<Endpoint> {
    let Some((name, text)) = variables.first(&[ENDPOINT_METRICS, ENDPOINT_ALL]) else {
        return Endpoint::parse(endpoint_default(transport)).ok();
    };
    let is_grpc = transport == OtlpTransport::Grpc;
    let insecure = is_grpc
        && variables
            .first(&["OTEL_EXPORTER_OTLP_METRICS_INSECURE", "OTEL_EXPORTER_OTLP_INSECURE"])
            .is_some_and(|(name, _)| variables.boolean(name));
    let parsed = match parse_endpoint(&text, is_grpc, insecure) {
        // The variable of all signals is a base URL; that of metrics is used as it is.
        Ok(base) if name == ENDPOINT_ALL && !is_grpc => {
            Endpoint::parse(&Endpoint::metrics_url(base.as_str()))
        }
        parsed => parsed,
    };
    parsed.map_err(|expected| variables.problem(name, &redacted(&text), expected, "")).ok()
}

fn read_headers(variables: &Variables<'_>) -> Option<Headers> {
    let names = ["OTEL_EXPORTER_OTLP_METRICS_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];
    let mut headers = Headers::default();
    let Some((name, text)) = variables.first(&names) else { return Some(headers) };
    let refused = |expected| variables.problem_found(name, "found headers that cannot be sent", expected, "");
    for (key, value) in key_value_list(&text).map_err(refused).ok()? {
        headers.set(&key, &value).map_err(refused).ok()?;
    }
    Some(headers)
}

/// Certificates that are asked for and then not used would be worse than refusing to start.
fn refuse_tls(variables: &Variables<'_>) {
    for name in [
        "OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY",
        "OTEL_EXPORTER_OTLP_CLIENT_KEY",
        "OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
    ] {
        if variables.text(name).is_some() {
            variables.problem_found(name, "TLS files are not supported yet", "", "unset the variable");
        }
    }
}
