//! Received frames and observations of callbacks on their way in; for measurements see [`crate::record`].

mod callback;
mod observed;
mod points;
mod received;
mod sources;

pub(crate) use callback::Callbacks;
pub use callback::{CallbackRun, Observations, Observer};
pub(crate) use received::ingest;
