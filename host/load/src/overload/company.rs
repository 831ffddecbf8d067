//! Threads that share a processor with the program under test and do nothing but count. On a processor of its own it takes as much as one
//! sender can send, so that there is no such thing as too much for it.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread::JoinHandle;

use anyhow::Context;

use crate::compare::process::pin_thread;

/// How many there are: the program has about a quarter of its processor.
pub(super) const THREADS: usize = 3;

/// They count until this is dropped.
pub(super) struct Company {
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Company {
    /// Returns when all of them count.
    pub(super) fn on(processor: usize) -> anyhow::Result<Self> {
        let is_over = Arc::new(AtomicBool::new(false));
        let (tell, told) = channel();
        let count = || {
            let (is_over, tell) = (Arc::clone(&is_over), tell.clone());
            std::thread::spawn(move || {
                let pinned = pin_thread(processor);
                let is_pinned = pinned.is_ok();
                // Whoever started it may have given up on another one.
                let _ok = tell.send(pinned);
                let mut counted = 0_u64;
                while is_pinned && !is_over.load(Ordering::Relaxed) {
                    counted = black_box(counted.wrapping_add(1));
                }
            })
        };
        let threads = std::iter::repeat_with(count).take(THREADS).collect();
        let company = Self { is_over: Arc::clone(&is_over), threads };
        for _ in 0..THREADS {
            told.recv().context("a thread that counts is gone")??;
        }
        Ok(company)
    }
}

impl Drop for Company {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // One that panicked counts no more, either.
            let _ended = thread.join();
        }
    }
}
