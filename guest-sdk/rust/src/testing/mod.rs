//! Natively, without WebAssembly: ask a View what the host would ask it, in a plugin's unit tests.
//!
//! [`Harness`] configures a View, asks it, and checks each answer by the host's rules; [`instrument`] builds what it is
//! asked about; [`take_logs`] returns what it logged.

mod check;
#[cfg(all(feature = "files", not(target_family = "wasm")))]
mod grants;
mod harness;
pub mod instrument;
pub(crate) mod logs;

mod processor;

#[cfg(all(feature = "files", not(target_family = "wasm")))]
pub use grants::grant_directory;
pub use harness::{Harness, Series};
pub use logs::take_logs;
pub use processor::{ProcessorHarness, sum_of};
