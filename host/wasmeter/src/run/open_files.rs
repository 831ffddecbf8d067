//! How many files the program may have open: each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What all connections of the receivers and the page may be, with room for files, plugins and exporters.
const WANTED: u64 = 4096;

/// Raises the limit as far as the system lets the program: what programs are started with is meant for those that can do no more than
/// 1024, and is what this one takes connections for.
pub(super) fn raise() {
    let before = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: before.maximum, maximum: before.maximum };
    let raised = setrlimit(Resource::Nofile, wanted);
    if let Err(error) = &raised {
        tracing::warn!(%error, "cannot raise how many files may be open");
    }
    // `None` is no limit.
    let now = if raised.is_ok() { before.maximum } else { before.current };
    if let Some(most) = now.filter(|most| *most < WANTED) {
        tracing::warn!(
            most,
            "so few files may be open, and each connection is one; where there are many clients, start wasmeter with `ulimit -n {WANTED}` \
             or, as a service, with `LimitNOFILE={WANTED}`"
        );
    }
}
