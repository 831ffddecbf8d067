//! The engine and a generation of plugins, in service together: what a collection goes through on its way to an exporter.
//!
//! ```text
//! observers -> engine -> frame -> processors -> readers, those of exporters among them
//! ```
//!
//! Both outermost crates build on it, the binary and the provider in process, so that a plugin means the same to both. It
//! starts no reader, reads no clock and logs nothing: how readers run, what time it is and who hears of a fault are theirs to say.

mod exporters;
mod gate;
mod observing;
mod pipeline;
mod unprocessed;

pub use exporters::{ExportReader, Exporters, Plan};
pub use observing::ObserverNews;
pub use pipeline::{Attached, Collected, Pipeline};
pub use unprocessed::{Ready, Unprocessed};

/// Locks a mutex. A poisoned one is taken as it is: nothing here panics between related changes.
fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
