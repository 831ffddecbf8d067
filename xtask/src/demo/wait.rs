//! Waiting for what other programs do: look again until it is so, with an end.

use std::time::{Duration, Instant};

use anyhow::bail;

/// How long anything may take. Generous: a loaded machine is no failure.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Looks until something is there.
///
/// # Errors
///
/// That of the look, or that it did not happen in time.
pub(super) fn until<T>(what: &str, mut look: impl FnMut() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if Instant::now() >= deadline {
            bail!("{what} did not happen within {} s", PATIENCE.as_secs());
        }
        rest(PAUSE);
    }
}

/// Does nothing for so long.
pub(super) fn rest(duration: Duration) {
    let end = Instant::now() + duration;
    while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}
