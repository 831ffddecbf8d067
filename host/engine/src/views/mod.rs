//! Views: what is asked, and how the answers of several become the streams of one instrument.

mod composition;
mod native;
mod resolved;
mod validity;
mod view;

pub(crate) use composition::Composition;
pub use composition::{Mode, Views};
pub use native::NativeView;
pub(crate) use resolved::{Aggregator, OnFault, Resolved, ResolvedStream};
pub(crate) use validity::are_bounds;
pub use view::{View, ViewFault};
