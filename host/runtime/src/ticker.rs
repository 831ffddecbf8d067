//! The epoch clock: an operating system thread that makes deadlines pass.
//!
//! Not a task of an async runtime: that starves exactly when a guest hogs its threads, and then no deadline ever passes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;

use crate::config::TICK;

/// Ticks until it is dropped.
#[derive(Debug)]
pub(crate) struct Ticker {
    ticks: Arc<AtomicU64>,
    // Dropping the sender is the signal to stop.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// Starts the thread; `on_tick` runs on it every [`TICK`].
    ///
    /// # Errors
    ///
    /// The operating system gives no thread.
    pub(crate) fn start(on_tick: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let ticks = Arc::new(AtomicU64::new(0));
        let (stop, stopped) = channel::<()>();
        let counter = ticks.clone();
        let thread = std::thread::Builder::new().name("plugin-epochs".into()).spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(TICK) {
                counter.fetch_add(1, Ordering::Relaxed);
                on_tick();
            }
        })?;
        Ok(Self { ticks, stop: Some(stop), thread: Some(thread) })
    }

    /// Ticks so far.
    pub(crate) fn ticks(&self) -> &Arc<AtomicU64> {
        &self.ticks
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The thread only fails if `on_tick` panics, and then there is nothing left to stop.
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    fn it_ticks_and_stops_when_dropped() {
        let (ticked, ticks) = mpsc::channel();
        let ticker = Ticker::start(move || ticked.send(()).unwrap_or_default()).unwrap();
        for _ in 0..3 {
            ticks.recv_timeout(Duration::from_secs(30)).expect("a tick");
        }
        assert!(ticker.ticks().load(Ordering::Relaxed) >= 3);
        drop(ticker);
        // The thread has ended, and with it the sender: what is left in the channel is finite.
        while ticks.try_recv().is_ok() {}
        assert_eq!(ticks.try_recv(), Err(mpsc::TryRecvError::Disconnected));
    }
}
