//! Threads that take most of the processor from the program under test and do nothing but count. Of a whole processor it takes nearly as
//! much as one sender can send, so that there is no such thing as too much for it.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::compare::process::pin_thread;
use crate::wait;

/// How long the program has its processor to itself, and how long it does not, in turn. By the clock and not by fair shares: a program
/// has the more of these the more threads it has, and it has one for each request that is under way.
pub(super) const ALONE: Duration = Duration::from_millis(1);
pub(super) const IN_COMPANY: Duration = Duration::from_millis(3);
/// How many threads count at the same time. The program has the lowest priority, so that they have all but a tenth then.
pub(super) const THREADS: usize = 3;

/// They count again and again until this is dropped.
pub(super) struct Company {
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Company {
    /// Returns when all of them count.
    pub(super) fn on(processor: usize) -> anyhow::Result<Self> {
        let is_over = Arc::new(AtomicBool::new(false));
        let (tell, told) = channel();
        let begun = Instant::now();
        let count = || {
            let (is_over, tell) = (Arc::clone(&is_over), tell.clone());
            std::thread::spawn(move || {
                let pinned = pin_thread(processor);
                let is_pinned = pinned.is_ok();
                // Whoever started it may have given up on another one.
                let _ok = tell.send(pinned);
                while is_pinned && !is_over.load(Ordering::Relaxed) {
                    count_once(begun);
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

/// Waits until the program is no longer to be alone, and counts until it is; all threads at the same time.
fn count_once(begun: Instant) {
    let period = ALONE + IN_COMPANY;
    let periods = begun.elapsed().as_nanos() / period.as_nanos();
    let from = begun + period.mul_f64(periods as f64) + ALONE;
    wait::until(from);
    let mut counted = 0_u64;
    while from.elapsed() < IN_COMPANY {
        counted = black_box(counted.wrapping_add(1));
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
