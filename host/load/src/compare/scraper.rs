//! Whoever looks at a program's page while it is measured, as a Prometheus does, only more often.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::anyhow;

use super::EVERY;
use crate::http::Connection;

/// A thread that fetches a page again and again and throws it away.
pub(super) struct Scraper {
    fetched: Arc<AtomicU64>,
    // It ends when this is gone.
    going: Sender<()>,
    thread: JoinHandle<anyhow::Result<()>>,
}

impl Scraper {
    /// Begins half an interval from now.
    pub(super) fn start(page: SocketAddr) -> anyhow::Result<Self> {
        let mut page = Connection::to(page)?;
        let fetched = Arc::new(AtomicU64::new(0));
        let (going, gone) = channel();
        let counter = Arc::clone(&fetched);
        let mut due = Instant::now() + EVERY / 2;
        let thread = std::thread::spawn(move || {
            let left = |due: Instant| due.saturating_duration_since(Instant::now());
            while gone.recv_timeout(left(due)) == Err(RecvTimeoutError::Timeout) {
                page.skip("/metrics")?;
                counter.fetch_add(1, Ordering::Relaxed);
                // Those that were due while one was under way are left out.
                while left(due) == Duration::ZERO {
                    due += EVERY;
                }
            }
            Ok(())
        });
        Ok(Self { fetched, going, thread })
    }

    /// How many pages have come whole.
    pub(super) fn fetched(&self) -> u64 {
        self.fetched.load(Ordering::Relaxed)
    }

    /// Waits for the one that is under way, and ends.
    ///
    /// # Errors
    ///
    /// A page could not be fetched.
    pub(super) fn end(self) -> anyhow::Result<()> {
        drop(self.going);
        self.thread.join().map_err(|_| anyhow!("the scraper panicked"))?
    }
}
