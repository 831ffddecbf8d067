//! The threads that drive what plugins wait for: sockets, timers, and calls into the operating system that block.

use std::io;
use std::sync::{Mutex, PoisonError};

use tokio::runtime::{Builder, Handle, Runtime};

/// Calls into the operating system at a time, of all plugins together; more wait for their turn. One that hangs, for example in
/// a file system that is gone, keeps its thread, and no plugin can hang more of them than its restarts allow.
const BLOCKING_THREADS_MAX: usize = 64;

/// A runtime of its own, made when the first plugin needs it. That of an embedding program may have one thread, which is the one
/// that asks.
#[derive(Debug, Default)]
pub(crate) struct Reactor(Mutex<Option<Runtime>>);

impl Reactor {
    /// The handle under which plugins do what takes time.
    pub(crate) fn handle(&self) -> io::Result<Handle> {
        let mut runtime = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = &*runtime {
            return Ok(runtime.handle().clone());
        }
        let made = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(BLOCKING_THREADS_MAX)
            .thread_name("plugin-io")
            .enable_all()
            .build()?;
        let handle = made.handle().clone();
        *runtime = Some(made);
        Ok(handle)
    }
}

impl Drop for Reactor {
    /// Waits for nothing: a runtime that is dropped where blocking is not allowed would panic.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            runtime.shutdown_background();
        }
    }
}
