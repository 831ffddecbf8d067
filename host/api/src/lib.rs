//! The `opentelemetry` crate's metrics API on the wasmeter engine.
//!
//! A program that measures through `opentelemetry` changes the lines that set its provider up, and nothing else:
//! [`MeterProvider`] is what it installs, a [`ManualReader`] or a [`PeriodicReader`] with a [`PushExporter`] is how its
//! metrics leave. Views can be exchanged while the program runs ([`MeterProvider::swap_views`]); series whose identity and
//! aggregation do not change keep their values.
//!
//! ```text
//! Meter (scope) -> instruments -> engine -> collect -> processors -> Frame -> ManualReader::collect or PushExporter::export
//! ```
//!
//! Features, none of them on by default:
//!
//! - `plugins`: Views, observers, processors and exporters from a directory of wasm components, which is watched
//!   (`MeterProviderBuilder::with_plugin_directory`).
//! - `otlp`: an exporter over OTLP (`OtlpExporter`).
//!
//! Invariants:
//!
//! - Nothing that goes wrong here reaches the code that measures: an instrument that cannot be had is silent, what a callback,
//!   a View or an exporter panics with is caught, and each is counted ([`Counts`]) and told ([`Diagnostic`]).
//! - The clock is read in `clock.rs` only, and any other can be given ([`MeterProviderBuilder::with_clock`]).
//! - The exports of a reader never overlap: each periodic reader has one thread, which does all of them.

mod attributes;
mod busy;
mod callbacks;
mod clock;
mod configurator;
mod counts;
mod diagnostics;
mod enabled;
mod environment;
mod error;
mod exemplars;
mod instrument;
mod meter;
mod meters;
mod observables;
#[cfg(feature = "otlp")]
mod otlp;
mod plugins;
mod provider;
mod reader;
mod resource;

pub use configurator::{MeterConfig, MeterConfigurator};
pub use counts::Counts;
pub use diagnostics::{Diagnostic, DiagnosticKind};
pub use enabled::Enabled;
pub use error::{BuildError, Error, ExportError, RegisterError, SwapError};
pub use instrument::Measured;
pub use observables::{ObservableInstrument, ObservableInstruments, Observer, Registration};
#[cfg(feature = "otlp")]
pub use otlp::{Compression as OtlpCompression, OtlpError, OtlpExporter, OtlpExporterBuilder, OtlpProtocol};
pub use provider::{MeterProvider, MeterProviderBuilder};
pub use reader::{
    CollectFailure, CollectStatus, Collected, ManualReader, MetricProducer, PeriodicReader, ProduceError,
    ProduceRequest, Produced, PushExporter, Reader,
};
pub use wasmeter_engine::{
    AlignedHistogramBucket, AttributesFilterResult, Measurement, MetricFilter, MetricFilterResult,
    MetricStream, Mode, NativeView, ReaderConfig, Reservoir, ReservoirSeries, SimpleFixedSize, SwapReport,
    View, ViewFault, Views,
};
pub use wasmeter_model as model;
#[cfg(feature = "plugins")]
pub use wasmeter_runtime::{
    KeyError, LogLevel, LogSink, PluginInfo, PluginLimits, PluginState, PluginStats, RestartPolicy,
    RuntimeConfig, TrustedKey,
};

/// Runs the examples of the crate's README as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Locks a mutex. A poisoned one is taken as it is: nothing here panics between related changes, and a program must not
/// lose its metrics because one thread of it panicked.
fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
