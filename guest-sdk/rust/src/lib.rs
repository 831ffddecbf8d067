//! Write wasmeter plugins in Rust. A View is a struct, one trait and one macro:
//!
//! ```
//! use serde::Deserialize;
//! use wasmeter_guest::{Instrument, Stream, Streams, View};
//!
//! /// Removes the attributes the operator names from every HTTP instrument.
//! #[derive(Default, Deserialize)]
//! #[serde(default, deny_unknown_fields)]
//! pub struct DropKeys {
//!     keys: Vec<String>,
//! }
//!
//! impl View for DropKeys {
//!     fn streams(&self, instrument: &Instrument) -> Streams {
//!         if !instrument.name.starts_with("http.") {
//!             return Streams::none();
//!         }
//!         Stream::keep().exclude(self.keys.clone()).into()
//!     }
//! }
//!
//! wasmeter_guest::register_view!(DropKeys);
//!
//! // In a unit test, natively:
//! use wasmeter_guest::testing::{Harness, instrument};
//! let view = Harness::<DropKeys>::new(r#"{"keys": ["user.*"]}"#);
//! let requests = instrument::counter("http.requests").build();
//! let series = view.series(&requests, [("user.id", "7"), ("method", "GET")]);
//! assert_eq!(series[0].attributes, [("method", "GET")].into());
//! ```
//!
//! An [`Observer`] is made the same way, of [`Observer::observe`] and [`register_observer!`]; so are a [`Processor`], of
//! [`Processor::process`] and [`register_processor!`], and an [`Exporter`], of [`Exporter::export`] and [`register_exporter!`].
//!
//! The struct is the plugin's configuration: the `[config]` table of the `NAME.toml` beside the component, read by serde.
//! What is wrong with a configuration is reported with its place, all of it at once where it can be. The plugin's name,
//! version and description are those of its `Cargo.toml`.
//!
//! The types here are plain Rust and know nothing of WebAssembly; the `component` module, compiled for wasm only, carries
//! them across the plugin contract.
//!
//! What this crate does not do: run a plugin. The host does, and it checks every answer; [`testing`] checks by the same
//! rules, all but the limits of size, so that a unit test fails where the host would refuse.

mod attributes;
#[cfg(feature = "clock")]
pub mod clock;
#[cfg(target_family = "wasm")]
mod component;
mod config;
#[cfg(feature = "environment")]
pub mod environment;
mod exporter;
#[cfg(feature = "files")]
pub mod files;
pub mod frame;
#[cfg(feature = "http")]
pub mod http;
mod info;
mod instrument;
mod log;
mod observation;
mod observer;
mod pattern;
mod processor;
#[cfg(feature = "random")]
pub mod random;
mod register;
mod stream;
mod streams;
pub mod testing;
mod value;
mod view;

pub use attributes::Attributes;
pub use config::{Problem, parse_config};
pub use exporter::{Accepted, ExportError, Exporter, Preference, Temporalities, TemporalityPreference};
pub use info::PluginInfo;
pub use instrument::{Instrument, InstrumentKind, NumberKind, Origin, Scope};
pub use log::Level;
pub use observation::{Observation, ObservedMetric};
pub use observer::Observer;
pub use pattern::Pattern;
pub use processor::{Fault, Outcome, Processor};
pub use register::Registered;
pub use stream::{Aggregation, AttributeRule, Combine, Stream};
pub use streams::Streams;
pub use value::Value;
pub use view::View;

/// What the macros of this crate expand to; not for use by hand.
#[doc(hidden)]
pub mod __private {
    #[cfg(target_family = "wasm")]
    pub use crate::component::{
        ExporterComponent, LifecycleComponent, ObserverComponent, ProcessorComponent, ViewComponent,
        bindings, export_exporter, export_lifecycle, export_observer, export_processor, export_view,
    };
    pub use crate::log::write;
}
