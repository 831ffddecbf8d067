//! The OpenTelemetry declarative configuration file and the `OTEL_*` environment variables, as checked values.
//!
//! Text and an environment lookup come in, a [`Config`] or every [`Problem`] found comes out. No I/O, no clock, no name
//! resolution: reading files, binding addresses and asking the real environment are the binary's.
//!
//! **Invariant:** a [`Config`] needs no further checks. A key that is not understood, a value out of range or of another type,
//! never passes silently: it is a problem, or, where the specification asks to carry on, an entry of [`Config::warnings`].

mod environment;
mod file;
mod report;
mod section;
mod settings;
mod text;
mod yaml;

pub use environment::{config_file, from_environment, otlp_from_environment};
pub use file::load_file;
pub use report::{PROBLEMS_MAX, Problem};
pub use settings::{
    CardinalityLimits, ClientLimits, Compression, Config, ConsoleExporter, Endpoint, ExemplarFilter,
    Exporter, Headers, KeyFilter, LogLevel, Meters, OtlpExporter, OtlpTransport, PeriodicReader, Plugins,
    PrometheusExporter, PullReader, Reader, Receivers, Selector, TranslationStrategy, ViewConfig, ViewMode,
};
pub use yaml::{DEPTH_MAX, EXPANDED_BYTES_MAX, FILE_BYTES_MAX};

/// Looks up an environment variable. A value that is not Unicode is for the caller to refuse or to leave out.
pub type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;
