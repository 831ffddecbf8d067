//! The threads that drive what a plugin waits for: sockets, timers, and calls into the operating system that block.

use std::io;

use tokio::runtime::{Builder, EnterGuard, Runtime};

/// Calls into the operating system at a time; more wait for their turn. One that hangs, for example in a file system that is gone,
/// keeps its thread.
const BLOCKING_THREADS_MAX: usize = 8;

/// A runtime for one build of a plugin: what hangs there holds up no other plugin. That of an embedding program would not do either:
/// it may have one thread, which is the one that asks.
#[derive(Debug)]
pub(crate) struct Reactor(Option<Runtime>);

impl Reactor {
    /// # Errors
    ///
    /// The operating system gives no thread.
    pub(crate) fn new() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(BLOCKING_THREADS_MAX)
            .thread_name("plugin-io")
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Has what is begun on this thread driven there, for as long as the guard lives.
    pub(crate) fn enter(&self) -> Option<EnterGuard<'_>> {
        self.0.as_ref().map(Runtime::enter)
    }
}

impl Drop for Reactor {
    /// Waits for nothing: a runtime that is dropped where blocking is not allowed would panic.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
