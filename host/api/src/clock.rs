//! The clock of a provider that was not given another one.

use std::time::{SystemTime, UNIX_EPOCH};

use wasmeter_model::Timestamp;

/// Where a provider's time comes from.
pub(crate) type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;

/// The system's time.
pub(crate) fn system() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "a program's own provider has no other source of time")]
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::UNKNOWN.after(since_epoch)
}
