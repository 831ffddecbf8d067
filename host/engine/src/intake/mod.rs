//! The ways in: received frames, measurements of this process, observations of callbacks.

mod callback;
mod enabled;
mod observed;
mod points;
mod received;
mod recorded;

pub(crate) use callback::Callbacks;
pub use callback::{CallbackRun, Observations, Observer};
pub use enabled::StreamLabels;
pub(crate) use received::ingest;
pub use recorded::Recorder;
