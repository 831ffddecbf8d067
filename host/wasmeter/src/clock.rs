//! The only wall clock: everything else is told what time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use wasmeter_model::Timestamp;

/// The time now.
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::UNKNOWN.after(since_epoch)
}
