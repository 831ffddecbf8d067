//! The asynchronous side of an exporter: one thread that keeps its connections, whatever the application runs on.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime of one thread. `None` only while it is dropped.
pub(super) struct Network(Option<Runtime>);

impl Network {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("wasmeter-otlp")
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Calls what needs to know of the runtime and does not wait.
    pub(super) fn enter<T>(&self, call: impl FnOnce() -> T) -> T {
        let _inside = self.0.as_ref().map(Runtime::enter);
        call()
    }

    /// Waits for `work` on this thread, or on another one if this belongs to a runtime, which forbids waiting.
    pub(super) fn wait<T: Send>(&self, work: impl Future<Output = T> + Send) -> io::Result<T> {
        let Some(runtime) = &self.0 else { return Err(io::ErrorKind::NotConnected.into()) };
        if Handle::try_current().is_err() {
            return Ok(runtime.block_on(work));
        }
        std::thread::scope(|scope| {
            let waiting = std::thread::Builder::new().spawn_scoped(scope, || runtime.block_on(work))?;
            waiting.join().map_err(|_| io::Error::other("the export panicked"))
        })
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // Waiting for its end is forbidden on a thread of a runtime, which this may be.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
