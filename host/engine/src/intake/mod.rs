//! The ways in: received frames, measurements of this process, observations of callbacks.

mod enabled;
mod observed;
mod points;
mod received;
mod recorded;

pub use enabled::StreamLabels;
pub(crate) use observed::Callback;
pub use observed::Observer;
pub(crate) use received::ingest;
pub use recorded::Recorder;
