//! The metrics engine: measurements and received points in, frames out.
//!
//! Synchronous and deterministic: time is an argument, there is no I/O, no thread is spawned, no clock is read.

mod views;

pub use views::{View, ViewFault};
