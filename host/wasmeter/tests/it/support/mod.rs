//! The programs of a test, and how they are waited for.

mod host;
mod page;
mod plugin_folder;
mod receiver;
mod site;
mod totals;
mod wire;
mod worker;

use std::path::PathBuf;
use std::time::{Duration, Instant};

pub(crate) use host::{Host, exchange, run_to_end};
pub(crate) use page::Page;
pub(crate) use plugin_folder::PluginFolder;
pub(crate) use receiver::Receiver;
pub(crate) use site::Site;
pub(crate) use totals::Totals;
pub(crate) use wire::Wire;
pub(crate) use worker::Worker;

/// How long anything may take before the test gives up on it. Generous: a loaded machine is no failure.
const PATIENCE: Duration = Duration::from_secs(90);

/// What `cargo xtask test` sets.
pub(crate) fn required(variable: &str) -> PathBuf {
    let value = std::env::var_os(variable);
    value.unwrap_or_else(|| panic!("{variable} is not set: run the tests with `cargo xtask test`")).into()
}

/// Looks again until something is so. The processes under test are watched from outside, so there is no event to wait for;
/// the pause keeps the watching from taking the processor away from them.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} did not happen within {} s", PATIENCE.as_secs());
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
