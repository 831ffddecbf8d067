//! What a configuration says once checked: plain values, one file per part of the schema.

mod clients;
mod endpoint;
mod exporters;
mod headers;
mod meters;
mod pipeline;
mod readers;
mod views;

use std::sync::Arc;

use wasmeter_model::Resource;
use wasmeter_model::limits::Limits;

pub use clients::ClientLimits;
pub use endpoint::Endpoint;
pub(crate) use endpoint::{parse_ip, redacted};
pub use exporters::{
    Compression, ConsoleExporter, Exporter, OtlpExporter, OtlpTransport, PrometheusExporter,
    TranslationStrategy,
};
pub(crate) use exporters::{explicit_histogram, exponential_histogram};
pub use headers::Headers;
pub use meters::Meters;
pub use pipeline::{Plugins, Receivers};
pub use readers::{CardinalityLimits, PeriodicReader, PullReader, Reader};
pub use views::{KeyFilter, Selector, ViewConfig};
pub use wasmeter_model::ExemplarFilter;

use crate::Problem;

/// A whole configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// True if nothing is to be received, aggregated or exported (`disabled`, `OTEL_SDK_DISABLED`).
    pub disabled: bool,
    /// What the program's own log keeps.
    pub log_level: LogLevel,
    /// The resource of what this process itself records: as configured, without the defaults of the specification
    /// (`service.name`, `telemetry.sdk.*`), which the program adds where absent.
    pub resource: Resource,
    /// Where metrics go. May be empty: then everything is aggregated for nobody.
    pub readers: Vec<Reader>,
    /// Which Meters are enabled: of what is received too.
    pub meters: Meters,
    /// The Views, in the order given, which is the order they apply in.
    pub views: Vec<ViewConfig>,
    /// How several Views that match one instrument act together.
    pub view_mode: ViewMode,
    /// Which measurements may become exemplars.
    pub exemplar_filter: ExemplarFilter,
    /// Where metrics come in.
    pub receivers: Receivers,
    /// Where plugins are and what they may use.
    pub plugins: Plugins,
    /// The engine's bounds.
    pub limits: Limits,
    /// The bounds of what clients of the receivers may cost.
    pub client_limits: ClientLimits,
    /// What was understood but has no effect or was ignored as the specification asks; for the log.
    pub warnings: Vec<Problem>,
}

impl Config {
    /// A configuration that receives on the default addresses and sends nothing anywhere.
    pub(crate) fn without_readers() -> Self {
        Self {
            disabled: false,
            log_level: LogLevel::default(),
            resource: Resource { schema_url: Arc::from(""), ..Resource::default() },
            readers: Vec::new(),
            meters: Meters::default(),
            views: Vec::new(),
            view_mode: ViewMode::default(),
            exemplar_filter: ExemplarFilter::default(),
            receivers: Receivers::default(),
            plugins: Plugins::default(),
            limits: Limits::default(),
            client_limits: ClientLimits::default(),
            warnings: Vec::new(),
        }
    }
}

/// The least severe entry the program's own log keeps. The schema's 24 severities fall into these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// `trace` to `trace4`.
    Trace,
    /// `debug` to `debug4`.
    Debug,
    /// `info` to `info4`; the default.
    #[default]
    Info,
    /// `warn` to `warn4`.
    Warn,
    /// `error` to `error4` and `fatal` to `fatal4`: the program logs nothing above an error.
    Error,
}

impl LogLevel {
    /// The name in lower case, as log filters spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// How several matching Views act together (metrics SDK, "Measurement processing").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ViewMode {
    /// Each matching View yields its own stream; the default.
    #[default]
    Independent,
    /// Views that name the same stream, or none, are merged into one.
    Composable,
}
