//! What an OTLP exporter is made from: what the program says, then the environment, then the specified defaults.

use std::time::Duration;

use wasmeter_config::{OtlpTransport, Problem, otlp_from_environment};
use wasmeter_model::{Aggregation, TemporalityPreference};
use wasmeter_otlp::Compression;
use wasmeter_otlp::export::{ExportConfig, Exporter};

use super::OtlpExporter;
use super::network::Network;

/// How OTLP travels (`OTEL_EXPORTER_OTLP_PROTOCOL`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtlpProtocol {
    /// OTLP/gRPC, `grpc`; to `http://localhost:4317` by default.
    Grpc,
    /// OTLP/HTTP with protobuf, `http/protobuf`; to `http://localhost:4318/v1/metrics` by default.
    HttpProtobuf,
    /// OTLP/HTTP with JSON, `http/json`; to the same.
    HttpJson,
}

impl OtlpProtocol {
    /// The name in `OTEL_EXPORTER_OTLP_PROTOCOL`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::HttpProtobuf => "http/protobuf",
            Self::HttpJson => "http/json",
        }
    }
}

/// Why an OTLP exporter cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OtlpError {
    /// Variables of the environment that would send metrics to the wrong place or nowhere: a line for each.
    #[error("{0}")]
    Environment(String),
    /// An endpoint or a header that cannot be used.
    #[error("{0}")]
    Setting(String),
    /// The thread that keeps the connections could not be started.
    #[error("the thread of an OTLP exporter could not be started: {0}")]
    Thread(#[source] std::io::Error),
}

type Variables = Box<dyn Fn(&str) -> Option<String>>;

/// Makes an [`OtlpExporter`]. What is not set here is read from `OTEL_EXPORTER_OTLP_METRICS_*`, then `OTEL_EXPORTER_OTLP_*`
/// (OTLP exporter specification, "Configuration Options"), then has its specified default.
#[must_use = "call `build`"]
pub struct OtlpExporterBuilder {
    protocol: Option<OtlpProtocol>,
    endpoint: Option<String>,
    headers: Vec<(String, String)>,
    compression: Option<Compression>,
    timeout: Option<Duration>,
    temporality: Option<TemporalityPreference>,
    histograms: Option<Aggregation>,
    variables: Variables,
}

impl Default for OtlpExporterBuilder {
    fn default() -> Self {
        Self {
            protocol: None,
            endpoint: None,
            headers: Vec::new(),
            compression: None,
            timeout: None,
            temporality: None,
            histograms: None,
            variables: Box::new(|name| std::env::var(name).ok()),
        }
    }
}

impl OtlpExporterBuilder {
    /// Sets how OTLP travels; HTTP with protobuf by default (`..._PROTOCOL`).
    pub fn with_protocol(mut self, protocol: OtlpProtocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// Sets where to send (`..._ENDPOINT`). For gRPC `http://host:port`; for HTTP the whole URL with its path, which is used
    /// as it is: `http://host:4318/v1/metrics`. TLS (`https`) is not supported yet.
    pub fn with_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// Adds a header to each request. With the first one those of the environment (`..._HEADERS`) do not count any more.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets how requests are compressed; they are not by default (`..._COMPRESSION`).
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = Some(compression);
        self
    }

    /// Sets the longest an export takes, retries included: 10 s by default (`..._TIMEOUT`). Zero is no limit but that of the
    /// reader, which holds in any case.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the temporality to ask for, by kind of instrument: cumulative by default (`..._TEMPORALITY_PREFERENCE`).
    pub fn with_temporality(mut self, temporality: TemporalityPreference) -> Self {
        self.temporality = Some(temporality);
        self
    }

    /// Sets the aggregation of histograms where no View does: explicit buckets by default (`..._DEFAULT_HISTOGRAM_AGGREGATION`).
    pub fn with_histogram_aggregation(mut self, aggregation: Aggregation) -> Self {
        self.histograms = Some(aggregation);
        self
    }

    /// Sets where variables are looked up, in place of the process's environment: for tests, and for programs that have their
    /// configuration elsewhere. `|_| None` is an empty environment.
    pub fn with_variables(mut self, variables: impl Fn(&str) -> Option<String> + 'static) -> Self {
        self.variables = Box::new(variables);
        self
    }

    /// Makes the exporter and starts the thread that keeps its connections. Connects only when it exports. What was ignored of
    /// the environment is logged.
    ///
    /// # Errors
    ///
    /// [`OtlpError`]; nothing that only shows when connecting is one.
    pub fn build(self) -> Result<OtlpExporter, OtlpError> {
        let found = otlp_from_environment(&|name| self.variable(name));
        let (environment, warnings) = found.map_err(|problems| OtlpError::Environment(lines(&problems)))?;
        for warning in &warnings {
            tracing::warn!(target: "wasmeter", "{warning}");
        }
        let endpoint = self.endpoint.unwrap_or_else(|| environment.endpoint.as_str().to_owned());
        let of_environment =
            environment.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = ExportConfig {
            headers: if self.headers.is_empty() { of_environment.collect() } else { self.headers },
            compression: self.compression.unwrap_or(match environment.compression {
                wasmeter_config::Compression::None => Compression::None,
                wasmeter_config::Compression::Gzip => Compression::Gzip,
                wasmeter_config::Compression::Zstd => Compression::Zstd,
            }),
            timeout: self.timeout.or(environment.timeout).unwrap_or_default(),
            json: environment.transport == OtlpTransport::HttpJson,
            ..ExportConfig::new(endpoint)
        };
        let network = Network::start().map_err(OtlpError::Thread)?;
        let exporter = network.enter(|| match environment.transport {
            OtlpTransport::Grpc => Exporter::grpc(config),
            OtlpTransport::HttpProtobuf | OtlpTransport::HttpJson => Exporter::http(config),
        });
        let exporter = exporter.map_err(|error| OtlpError::Setting(format!("OTLP exporter: {error}")))?;
        let temporality = self.temporality.unwrap_or(environment.temporality);
        let histograms = self.histograms.unwrap_or(match environment.histogram {
            exponential @ Aggregation::Base2ExponentialBucketHistogram { .. } => exponential,
            // What instruments have by themselves, with the boundaries they advise.
            _ => Aggregation::Default,
        });
        Ok(OtlpExporter::new(exporter, network, temporality, histograms))
    }

    /// A variable as the program has left it to the environment: a wrong one that does not count is no problem.
    fn variable(&self, name: &str) -> Option<String> {
        let option = name.strip_prefix("OTEL_EXPORTER_OTLP_")?;
        match (option.strip_prefix("METRICS_"), option) {
            (Some("PROTOCOL"), _) if self.protocol.is_some() => {
                return self.protocol.map(|protocol| protocol.name().to_owned());
            }
            (Some("ENDPOINT"), _) | (None, "ENDPOINT") if self.endpoint.is_some() => return None,
            (Some("HEADERS"), _) | (None, "HEADERS") if !self.headers.is_empty() => return None,
            _ => {}
        }
        (self.variables)(name)
    }
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

impl std::fmt::Debug for OtlpExporterBuilder {
    /// Header values and whatever else may be secret are left out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OtlpExporterBuilder")
            .field("protocol", &self.protocol)
            .field("compression", &self.compression)
            .field("timeout", &self.timeout)
            .field("temporality", &self.temporality)
            .finish_non_exhaustive()
    }
}
