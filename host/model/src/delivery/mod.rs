//! What could not be delivered: how long to wait before trying again, and what is kept until then.

mod backlog;
mod retry;

pub use backlog::Backlog;
pub use retry::{Jitter, RetryPolicy};
