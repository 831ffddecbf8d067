//! Exporters: OTLP, the console and the Prometheus page.

use std::net::SocketAddr;
use std::time::Duration;

use wasmeter_model::limits::{EXPONENTIAL_SCALE_MAX, EXPONENTIAL_SIZE_DEFAULT};
use wasmeter_model::{Aggregation, TemporalityPreference};

use super::pipeline::loopback;
use super::{Endpoint, Headers, KeyFilter};

/// The specified default of the time one export may take.
const EXPORT_TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);
/// The schema's default of `max_request_size`.
const REQUEST_SIZE_DEFAULT: usize = 64 * 1024 * 1024;
/// The schema's default of `max_response_size`.
const RESPONSE_SIZE_DEFAULT: usize = 4 * 1024 * 1024;

/// What a periodic reader pushes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Exporter {
    /// OTLP, over gRPC or HTTP.
    Otlp(OtlpExporter),
    /// The standard output.
    Console(ConsoleExporter),
}

/// How OTLP travels (`OTEL_EXPORTER_OTLP_PROTOCOL`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtlpTransport {
    /// `grpc`.
    Grpc,
    /// `http/protobuf`.
    HttpProtobuf,
    /// `http/json`.
    HttpJson,
}

/// How requests are compressed. The specification has `gzip` and `none`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// `none`.
    #[default]
    None,
    /// `gzip`.
    Gzip,
    /// `zstd`, which the Collector takes, too.
    Zstd,
}

impl Compression {
    /// By the names they have in files and variables.
    pub(crate) const NAMES: [(&str, Self); 3] =
        [("gzip", Self::Gzip), ("zstd", Self::Zstd), ("none", Self::None)];
}

/// An OTLP exporter (OTLP exporter specification).
#[derive(Clone, Debug, PartialEq)]
pub struct OtlpExporter {
    /// The transport and encoding.
    pub transport: OtlpTransport,
    /// Where to; for HTTP the whole URL with its path, to be used as it is.
    pub endpoint: Endpoint,
    /// Sent along with each request.
    pub headers: Headers,
    /// How requests are compressed; by default they are not.
    pub compression: Compression,
    /// The most time one export may take, retries included; 10 s by default, `None` means no limit.
    pub timeout: Option<Duration>,
    /// The largest request, in bytes before compression; 64 MiB by default, `None` means no limit.
    pub request_bytes_max: Option<usize>,
    /// The largest response, in bytes after decompression; at least 1, 4 MiB by default.
    pub response_bytes_max: usize,
    /// The temporality it asks for per instrument kind.
    pub temporality: TemporalityPreference,
    /// The default aggregation of histograms.
    pub histogram: Aggregation,
}

impl OtlpExporter {
    /// An exporter with the specified defaults.
    pub(crate) fn new(transport: OtlpTransport, endpoint: Endpoint) -> Self {
        Self {
            transport,
            endpoint,
            headers: Headers::default(),
            compression: Compression::None,
            timeout: Some(EXPORT_TIMEOUT_DEFAULT),
            request_bytes_max: Some(REQUEST_SIZE_DEFAULT),
            response_bytes_max: RESPONSE_SIZE_DEFAULT,
            temporality: TemporalityPreference::default(),
            histogram: explicit_histogram(),
        }
    }
}

/// The console exporter.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsoleExporter {
    /// The temporality it asks for per instrument kind.
    pub temporality: TemporalityPreference,
    /// The default aggregation of histograms.
    pub histogram: Aggregation,
}

impl Default for ConsoleExporter {
    fn default() -> Self {
        Self { temporality: TemporalityPreference::default(), histogram: explicit_histogram() }
    }
}

/// The Prometheus page (Prometheus exporter specification). The path is `/metrics`.
#[derive(Clone, Debug, PartialEq)]
pub struct PrometheusExporter {
    /// The address to serve on; 127.0.0.1:9464 by default, port 0 asks for any free port.
    pub address: SocketAddr,
    /// Whether series carry the scope's labels; true by default.
    pub scope_info: bool,
    /// Whether there is a `target_info` metric per resource; true by default.
    pub target_info: bool,
    /// Which resource attributes become labels of every series; `None`, the default, means none.
    pub resource_labels: Option<KeyFilter>,
    /// How metric names are translated.
    pub translation: TranslationStrategy,
}

impl Default for PrometheusExporter {
    fn default() -> Self {
        Self {
            address: loopback(9464),
            scope_info: true,
            target_info: true,
            resource_labels: None,
            translation: TranslationStrategy::default(),
        }
    }
}

/// How metric names become Prometheus names (Prometheus exporter specification, "Translation Strategy").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TranslationStrategy {
    /// Special characters become `_`; units and types become suffixes. The default.
    #[default]
    UnderscoreEscapingWithSuffixes,
    /// Special characters become `_`; no suffixes.
    UnderscoreEscapingWithoutSuffixes,
    /// Special characters stay; units and types become suffixes.
    NoUtf8EscapingWithSuffixes,
    /// Names stay as they are.
    NoTranslation,
}

/// `explicit_bucket_histogram` without parameters.
pub(crate) const fn explicit_histogram() -> Aggregation {
    Aggregation::ExplicitBucketHistogram { boundaries: None, record_min_max: true }
}

/// `base2_exponential_bucket_histogram` without parameters.
pub(crate) const fn exponential_histogram() -> Aggregation {
    Aggregation::Base2ExponentialBucketHistogram {
        max_size: EXPONENTIAL_SIZE_DEFAULT,
        max_scale: EXPONENTIAL_SCALE_MAX,
        record_min_max: true,
    }
}
