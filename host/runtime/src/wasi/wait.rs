//! Waiting for what the operating system does for a plugin, no longer than the plugin's call may take.
//!
//! The epoch clock interrupts a plugin's own code, not the host's. So whatever a plugin can make the host wait for is waited for
//! here.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Instant;

/// The call ended while the host waited for something on its behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overdue;

impl fmt::Display for Overdue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the call's time was over while the host waited on its behalf")
    }
}

impl std::error::Error for Overdue {}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Blocks this thread until the future is done, but not beyond `until`. Tokio's own way of blocking would panic on a thread of a
/// runtime, which is where a program that embeds the host may ask its plugins from; this one works everywhere. The future's
/// timers and sockets are driven by the reactor's threads.
pub(super) fn wait<F: Future>(until: Instant, future: F) -> Result<F::Output, Overdue> {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Ok(output);
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Overdue);
        }
        // Wakes up early now and then, which costs one more look.
        std::thread::park_timeout(left);
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn};
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_another_thread_finishes_is_waited_for() {
        let mut thread = None;
        let mut looks = 0;
        let future = poll_fn(|context| {
            looks += 1;
            if thread.is_some() {
                return Poll::Ready("done");
            }
            let waker = context.waker().clone();
            thread = Some(std::thread::spawn(move || waker.wake()));
            Poll::Pending
        });
        assert_eq!(wait(Instant::now() + Duration::from_secs(60), future), Ok("done"));
        assert!(looks >= 2);
        thread.unwrap().join().unwrap();
    }

    #[test]
    fn what_never_happens_is_not_waited_for() {
        let until = Instant::now() + Duration::from_millis(20);
        assert_eq!(wait(until, pending::<()>()), Err(Overdue));
        assert!(Instant::now() >= until);
    }
}
