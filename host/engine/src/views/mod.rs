//! Views: what is asked, and how the answers of several become the streams of one instrument.

mod view;

pub use view::{View, ViewFault};
