//! Waiting, which only what sends by the clock may do, and what has nothing else to wait for.

use std::time::{Duration, Instant};

/// Load by the clock needs the clock.
#[expect(clippy::disallowed_methods, reason = "there is nothing to wait for but time")]
pub(crate) fn until(time: Instant) {
    std::thread::sleep(time.saturating_duration_since(Instant::now()));
}

/// Another program says in no way that it listens, or has sent all, but by doing so.
#[expect(clippy::disallowed_methods, reason = "there is nothing to wait for but time")]
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}
