//! Natively, without WebAssembly: ask a View what the host would ask it, in a plugin's unit tests.
//!
//! [`Harness`] configures a View, asks it, and checks each answer by the host's rules; [`instrument`] builds what it is
//! asked about; [`take_logs`] returns what it logged.

mod check;
mod harness;
pub mod instrument;
pub(crate) mod logs;

mod processor;

pub use harness::{Harness, Series};
pub use logs::take_logs;
pub use processor::{ProcessorHarness, sum_of};
