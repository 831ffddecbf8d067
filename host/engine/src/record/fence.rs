//! A pair of fences of which one costs nothing.
//!
//! Whoever measures stores "I am writing" and then loads where to; whoever fetches stores "go elsewhere" and then loads whether
//! somebody is writing. For at least one of them to see the other, both need a full fence between store and load. Measuring
//! happens a million times as often as fetching: so the fetching side has the operating system run the fence on every core that runs a
//! thread of this process (`membarrier`), and the measuring side needs none. Where that is not to be had, both run one.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering, compiler_fence};
use std::time::Duration;

use crate::sync::atomic::fence;
use crate::sync::hint;

/// True once fetching can run the fence for everyone.
static IS_LIGHT: AtomicBool = AtomicBool::new(false);

/// Registers the process with the operating system, once.
static REGISTERED: LazyLock<bool> = LazyLock::new(|| {
    let is_registered = register();
    IS_LIGHT.store(is_registered, Ordering::SeqCst);
    is_registered
});

/// To be called before the first cell is made. The first time it may take some milliseconds, so better not while measuring.
pub(crate) fn prepare() {
    LazyLock::force(&REGISTERED);
}

/// The measuring side's fence.
#[inline]
pub(super) fn light() {
    if IS_LIGHT.load(Ordering::Relaxed) {
        compiler_fence(Ordering::SeqCst);
    } else {
        fence(Ordering::SeqCst);
    }
}

/// The fetching side's fence: some microseconds.
pub(super) fn heavy() {
    fence(Ordering::SeqCst);
    if *REGISTERED && !run_everywhere() {
        // Forbidden since it was registered. From now on both sides run a fence; by the end of this pause every core has been
        // interrupted, which is one too.
        IS_LIGHT.store(false, Ordering::SeqCst);
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// Waits for a thread that is in the middle of a measurement: nanoseconds, unless it was stopped there.
#[derive(Debug, Default)]
pub(super) struct Patience {
    turns: u32,
}

impl Patience {
    pub(super) fn wait(&mut self) {
        self.turns = self.turns.saturating_add(1);
        match self.turns {
            0..100 => hint::spin_loop(),
            100..1000 => std::thread::yield_now(),
            // So that it gets to run even if it is of lower priority.
            _ => std::thread::park_timeout(Duration::from_micros(100)),
        }
    }
}

#[cfg(all(target_os = "linux", not(all(loom, test))))]
fn register() -> bool {
    use rustix::thread::{MembarrierCommand, membarrier, membarrier_query};
    membarrier_query().contains_command(MembarrierCommand::PrivateExpedited)
        && membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok()
        // It may be filtered although it is there.
        && run_everywhere()
}

#[cfg(all(target_os = "linux", not(all(loom, test))))]
fn run_everywhere() -> bool {
    rustix::thread::membarrier(rustix::thread::MembarrierCommand::PrivateExpedited).is_ok()
}

/// The model checker knows no `membarrier`: under it both sides run a fence, which is what `membarrier` amounts to.
#[cfg(any(not(target_os = "linux"), all(loom, test)))]
fn register() -> bool {
    false
}

#[cfg(any(not(target_os = "linux"), all(loom, test)))]
fn run_everywhere() -> bool {
    false
}
