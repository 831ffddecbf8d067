//! The ways in: received frames, measurements of this process, observations of callbacks.

mod observed;
mod points;
mod received;
mod recorded;

pub(crate) use observed::Callback;
pub use observed::Observer;
pub(crate) use received::ingest;
pub use recorded::Recorder;
