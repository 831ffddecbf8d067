//! The plugin runtime: loads components, sandboxed, and swaps them while the host runs.
//!
//! The only crate that knows wasmtime. A [`Directory`] turns a folder of components into [`Generation`]s of [`Plugin`]s,
//! which are the engine's [`wasmeter_engine::View`]s, [`Observers`] of what there is to collect, [`Processors`] of what was
//! collected or [`Exporter`]s of that; a [`Watcher`] says when to look again, and a [`Keeper`] looks and puts
//! into service what it finds. Everything a guest says is checked in `answer` and `frame` before the host sees it, every call has a
//! deadline, every store has limits, and nothing a guest or a file does panics the host.

mod answer;
mod bindings;
#[cfg(unix)]
mod cache;
#[cfg(not(unix))]
#[path = "cache/absent.rs"]
mod cache;
mod config;
mod directory;
mod engines;
mod exporters;
mod failure;
mod frame;
mod grants;
mod inspect;
mod instance;
mod keeper;
mod load;
mod log;
mod observers;
mod plugin;
mod processors;
mod quarantine;
mod registry;
mod runtime;
mod ticker;
mod totals;
mod trust;
mod wasi;
mod watch;
mod world;

pub use config::{AnswerLimits, RuntimeConfig, TICK};
pub use directory::{Directory, Generation, Rejection, Scan, Swap};
pub use exporters::{Accepted, ExportError, ExportPreference, ExportSchedule, Exporter};
pub use failure::{Counts, Failure, FailureCount, FailureKind};
pub use grants::{Capability, DirectoryGrant, Grants, HttpOrigin, SecretGrant, SecretSource};
pub use inspect::{Content, Inspection, Introduction, Shape, Terms};
pub use keeper::{Keeper, Service};
pub use log::{LogLevel, LogSink, TracingSink};
pub use observers::{ObservedSeries, ObserverFault, Observers, Taken};
pub use plugin::{Plugin, PluginInfo, PluginState, PluginStats, RestartPolicy};
pub use processors::{OnFailure, Processed, ProcessorFault, Processors};
pub use registry::Loading;
pub use runtime::{Runtime, StartError};
pub use totals::{CALL_SECS_BOUNDARIES, PluginTotals};
pub use trust::{KeyError, SignatureState, TrustedKey};
pub use wasmeter_model::limits::PluginLimits;
pub use watch::Watcher;
pub use world::World;
