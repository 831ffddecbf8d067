//! Natively, without WebAssembly: ask a View what the host would ask it, in a plugin's unit tests.
//!
//! [`Harness`] configures a View, asks it, and checks each answer by the host's rules; [`instrument`] builds what it is
//! asked about; [`take_logs`] returns what it logged. [`ProcessorHarness`] does the same for processors. [`keep_schema`] keeps the
//! file with the schema of a configuration in step with its type.

mod check;
mod exporter;
#[cfg(not(target_family = "wasm"))]
mod grants;
mod harness;
pub mod instrument;
pub(crate) mod logs;
mod observer;
mod processor;
mod rows;
mod schema;

pub use exporter::ExporterHarness;
#[cfg(all(feature = "files", not(target_family = "wasm")))]
pub use grants::grant_directory;
#[cfg(all(feature = "environment", not(target_family = "wasm")))]
pub use grants::grant_variable;
#[cfg(all(feature = "http", not(target_family = "wasm")))]
pub use grants::serve_http;
#[cfg(all(feature = "clock", not(target_family = "wasm")))]
pub use grants::set_clock;
pub use harness::{Harness, Series};
pub use logs::take_logs;
pub use observer::ObserverHarness;
pub use processor::{ProcessorHarness, sum_of};
pub use rows::rows;
pub use schema::keep_schema;
