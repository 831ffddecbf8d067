//! Who may come in, whose body is read, and who is worked on.
//!
//! Under overload a body is left where it is, in the system's buffers of its connection, until it is its turn: there it takes nothing of
//! this process, and its client waits.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::failure::{Failure, FailureKind};
use super::limits::ReceiveLimits;

/// How many bodies are read ahead for each request that is worked on, so that there is always one that can be.
const READ_AHEAD: usize = 4;

/// How long a body may be read with others waiting for it, beside the time that its bytes may take at a megabyte a second.
pub(super) const PATIENCE: Duration = Duration::from_millis(50);

/// How long a request may wait to be read. Most clients wait ten seconds for an answer; of HTTP/1 it is not seen that one has left before
/// its request is read.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// The places of a receiver.
#[derive(Debug)]
pub(super) struct Places {
    entered: Arc<Semaphore>,
    reading: Arc<Semaphore>,
    at_work: Arc<Semaphore>,
    retry_after: Duration,
}

/// A place of a request whose body is read, until its work is done.
#[derive(Debug)]
pub(super) struct Reading {
    _entered: OwnedSemaphorePermit,
    _reading: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(limits: &ReceiveLimits) -> Self {
        let places = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        let at_work = limits.in_flight_max.max(1);
        let ahead = at_work.saturating_mul(READ_AHEAD).min(limits.waiting_max);
        Self {
            entered: places(at_work.saturating_add(limits.waiting_max)),
            reading: places(at_work.saturating_add(ahead)),
            at_work: places(at_work),
            retry_after: limits.retry_after,
        }
    }

    /// Waits until a body may be read; those who came first are first.
    ///
    /// # Errors
    ///
    /// Too many wait already, or it has waited for [`WAIT_MAX`].
    pub(super) async fn enter(&self) -> Result<Reading, Failure> {
        let entered = self.enter_now()?;
        let reading = match Arc::clone(&self.reading).try_acquire_owned() {
            Ok(reading) => reading,
            Err(_) => tokio::time::timeout(WAIT_MAX, next(&self.reading))
                .await
                .map_err(|_| Failure::overloaded(self.retry_after))??,
        };
        Ok(Reading { _entered: entered, _reading: reading })
    }

    /// A place among those that wait, for a body that was read without one, since its client was slow.
    ///
    /// # Errors
    ///
    /// Too many wait already.
    pub(super) fn enter_now(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let entered = Arc::clone(&self.entered).try_acquire_owned();
        entered.map_err(|_| Failure::overloaded(self.retry_after))
    }

    /// Waits until there is a place at work for what has been read.
    pub(super) async fn work(&self) -> Result<OwnedSemaphorePermit, Failure> {
        next(&self.at_work).await
    }
}

async fn next(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Failure> {
    let closed = |_| Failure::new(FailureKind::Internal, "the receiver has ended");
    Arc::clone(places).acquire_owned().await.map_err(closed)
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn places(in_flight_max: usize, waiting_max: usize) -> Places {
        Places::new(&ReceiveLimits { in_flight_max, waiting_max, ..ReceiveLimits::default() })
    }

    type Waiting<'a> = Pin<Box<dyn Future<Output = Result<Reading, Failure>> + 'a>>;

    fn poll(waiting: &mut Waiting<'_>) -> Poll<Result<Reading, Failure>> {
        waiting.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    /// What is said at once.
    fn enter(places: &Places) -> Result<Reading, FailureKind> {
        let mut waiting: Waiting<'_> = Box::pin(places.enter());
        match poll(&mut waiting) {
            Poll::Ready(outcome) => outcome.map_err(|failure| failure.kind),
            Poll::Pending => panic!("it has to wait"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_are_read_in_turn_and_who_finds_too_many_waiting_is_refused() {
        let places = places(1, READ_AHEAD + 2);
        let mut reading: Vec<_> = (0..1 + READ_AHEAD).map(|_| enter(&places).unwrap()).collect();
        let mut waiting: [Waiting<'_>; 2] = [Box::pin(places.enter()), Box::pin(places.enter())];
        assert!(waiting.iter_mut().all(|one| poll(one).is_pending()));
        assert_eq!(enter(&places).unwrap_err(), FailureKind::Overloaded);

        drop(reading.pop());
        assert!(poll(&mut waiting[1]).is_pending(), "the other came first");
        let Poll::Ready(first) = poll(&mut waiting[0]) else { panic!("there is a place") };
        drop((first, waiting));
        assert!(enter(&places).is_ok(), "who goes away leaves his place");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_longer_than_clients_do() {
        let places = places(1, READ_AHEAD + 1);
        let reading: Vec<_> = (0..1 + READ_AHEAD).map(|_| enter(&places).unwrap()).collect();
        let begun = tokio::time::Instant::now();
        assert_eq!(places.enter().await.unwrap_err().kind, FailureKind::Overloaded);
        assert_eq!(begun.elapsed(), WAIT_MAX);
        drop(reading);
        assert!(enter(&places).is_ok(), "it has left its place");
    }

    #[test]
    fn without_waiting_only_what_is_worked_on_is_read() {
        let places = places(2, 0);
        let both = [enter(&places).unwrap(), enter(&places).unwrap()];
        assert_eq!(enter(&places).unwrap_err(), FailureKind::Overloaded);
        drop(both);
        assert!(enter(&places).is_ok());
    }

    #[test]
    fn no_number_is_too_large_or_too_small() {
        assert!(enter(&places(usize::MAX, usize::MAX)).is_ok());
        let places = places(0, 0);
        assert!(enter(&places).is_ok());
    }
}
