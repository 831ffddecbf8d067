//! Push exporters of the schema: OTLP over HTTP and gRPC, the console.

use wasmeter_model::{Aggregation, TemporalityPreference};

use crate::section::{Located, Section};
use crate::settings::{
    Compression, ConsoleExporter, Endpoint, Exporter, Headers, OtlpExporter, OtlpTransport,
    explicit_histogram, exponential_histogram, redacted,
};
use crate::text::key_value_list;

/// The names of the temporality preferences.
const TEMPORALITIES: [(&str, TemporalityPreference); 3] = [
    ("cumulative", TemporalityPreference::Cumulative),
    ("delta", TemporalityPreference::Delta),
    ("low_memory", TemporalityPreference::LowMemory),
];

/// The names of the default aggregations of histograms.
pub(crate) const HISTOGRAMS: [(&str, Aggregation); 2] = [
    ("explicit_bucket_histogram", explicit_histogram()),
    ("base2_exponential_bucket_histogram", exponential_histogram()),
];

pub(super) fn read(value: &Located<'_>) -> Option<Exporter> {
    let mut section = value.section()?;
    let chosen = section.exactly_one(&["otlp_http", "otlp_grpc", "console", "otlp_file/development"]);
    section.finish();
    match chosen? {
        ("otlp_http", value) => otlp(&value, OtlpTransport::HttpProtobuf),
        ("otlp_grpc", value) => otlp(&value, OtlpTransport::Grpc),
        ("console", value) => console(&value),
        (_, value) => {
            let found = "writing OTLP to a file is not supported yet";
            value.reject_found(found, "one of `otlp_http`, `otlp_grpc`, `console`", "");
            None
        }
    }
}

fn console(value: &Located<'_>) -> Option<Exporter> {
    let mut section = value.section_or_empty()?;
    let mut exporter = ConsoleExporter::default();
    read_preferences(&mut section, &mut exporter.temporality, &mut exporter.histogram);
    section.finish();
    Some(Exporter::Console(exporter))
}

fn read_preferences(
    section: &mut Section<'_>,
    temporality: &mut TemporalityPreference,
    histogram: &mut Aggregation,
) {
    if let Some(found) =
        section.optional("temporality_preference").and_then(|value| value.choice(&TEMPORALITIES))
    {
        *temporality = found;
    }
    if let Some(found) =
        section.optional("default_histogram_aggregation").and_then(|value| value.choice(&HISTOGRAMS))
    {
        *histogram = found;
    }
}

fn otlp(value: &Located<'_>, mut transport: OtlpTransport) -> Option<Exporter> {
    let mut section = value.section_or_empty()?;
    let is_grpc = transport == OtlpTransport::Grpc;
    let insecure = read_tls(&mut section, is_grpc);
    let endpoint = match section.optional("endpoint") {
        Some(value) => read_endpoint(&value, is_grpc, insecure),
        None => Endpoint::parse(endpoint_default(transport)).ok(),
    };
    if !is_grpc && let Some(value) = section.optional("encoding") {
        let encodings = [("protobuf", OtlpTransport::HttpProtobuf), ("json", OtlpTransport::HttpJson)];
        transport = value.choice(&encodings).unwrap_or(transport);
    }
    // What else is wrong is to be found even without an endpoint.
    let placeholder = || Endpoint::parse(endpoint_default(transport)).ok();
    let mut exporter = OtlpExporter::new(transport, endpoint.clone().or_else(placeholder)?);
    exporter.headers = read_headers(&mut section);
    if let Some(value) = section.optional("compression") {
        exporter.compression = value.choice(&Compression::NAMES).unwrap_or_default();
    }
    if let Some(timeout) = section.optional("timeout").and_then(|value| value.timeout()) {
        exporter.timeout = timeout;
    }
    if let Some(bytes) =
        section.optional("max_request_size").and_then(|value| value.size("a number of bytes", 0))
    {
        exporter.request_bytes_max = Some(bytes).filter(|bytes| *bytes > 0);
    }
    if let Some(bytes) =
        section.optional("max_response_size").and_then(|value| value.size("a number of bytes", 1))
    {
        exporter.response_bytes_max = bytes;
    }
    read_preferences(&mut section, &mut exporter.temporality, &mut exporter.histogram);
    section.finish();
    endpoint.map(|_| Exporter::Otlp(exporter))
}

/// The schema's default endpoint.
pub(crate) const fn endpoint_default(transport: OtlpTransport) -> &'static str {
    match transport {
        OtlpTransport::Grpc => "http://localhost:4317",
        OtlpTransport::HttpProtobuf | OtlpTransport::HttpJson => "http://localhost:4318/v1/metrics",
    }
}

fn read_endpoint(value: &Located<'_>, is_grpc: bool, insecure: bool) -> Option<Endpoint> {
    let text = value.text()?;
    match parse_endpoint(text, is_grpc, insecure) {
        Ok(endpoint) => Some(endpoint),
        Err(expected) => {
            value.reject_found(format!("found {}", crate::report::quoted(&redacted(text))), expected, "");
            None
        }
    }
}

/// An endpoint as an exporter accepts it: for gRPC the scheme may be left out, and `insecure` then chooses it.
pub(crate) fn parse_endpoint(text: &str, is_grpc: bool, insecure: bool) -> Result<Endpoint, &'static str> {
    if is_grpc && !text.contains("://") {
        let scheme = if insecure { "http" } else { "https" };
        return Endpoint::parse(&format!("{scheme}://{text}"));
    }
    Endpoint::parse(text)
}

/// TLS settings are accepted as long as they are empty, as the official examples have them. The result is `insecure`.
fn read_tls(exporter: &mut Section<'_>, is_grpc: bool) -> bool {
    let Some(mut section) = exporter.optional("tls").and_then(|value| value.section()) else { return false };
    for key in ["ca_file", "key_file", "cert_file"] {
        if let Some(value) = section.optional(key) {
            value.reject_found("TLS files are not supported yet", "", "remove the key");
        }
    }
    let insecure =
        is_grpc && section.optional("insecure").and_then(|value| value.boolean()).unwrap_or_default();
    section.finish();
    insecure
}

fn read_headers(exporter: &mut Section<'_>) -> Headers {
    let mut headers = Headers::default();
    if let Some(value) = exporter.optional("headers_list").map(Located::secret)
        && let Some(text) = value.text()
    {
        match key_value_list(text) {
            Ok(pairs) => {
                for (name, text) in pairs {
                    set(&mut headers, &name, &text, &value);
                }
            }
            Err(expected) => value.reject(expected),
        }
    }
    // Later ones replace earlier ones, as the schema gives `headers` priority over `headers_list`.
    for entry in exporter.get("headers").map(Located::secret).map(|list| list.entries()).unwrap_or_default() {
        let Some(mut section) = entry.section() else { continue };
        let name = section.required("name").and_then(|name| name.text());
        let value = section.required("value").filter(|value| !value.is_null());
        section.finish();
        if let (Some(name), Some(value)) = (name, value)
            && let Some(text) = value.text()
        {
            set(&mut headers, name, text, &entry);
        }
    }
    headers
}

fn set(headers: &mut Headers, name: &str, text: &str, entry: &Located<'_>) {
    if let Err(expected) = headers.set(name, text) {
        entry.reject_found("found a header that cannot be sent", expected, "");
    }
}
