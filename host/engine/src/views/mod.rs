//! Views: what is asked, and how the answers of several become the streams of one instrument.

mod answer;
mod composition;
mod native;
mod resolved;
mod validity;
mod view;

pub(crate) use answer::ALLOW;
pub(crate) use composition::Composition;
pub use composition::{IsEnabled, Mode, Views};
pub use native::NativeView;
pub(crate) use resolved::{Aggregator, Fault, OnFault, Resolved, ResolvedStream, has_empty_key};
pub(crate) use validity::{aggregation_problem, are_bounds, can_become};
pub use view::{View, ViewFault};
