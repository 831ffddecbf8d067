//! Which requests a connection has had, and which of its answers are still to be read.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body, Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::ConnectionLimits;

/// What happens on a connection.
#[derive(Clone, Default)]
pub(super) struct Activity(Arc<Requests>);

#[derive(Default)]
struct Requests {
    begun: AtomicUsize,
    ended: AtomicUsize,
    begins: Notify,
    /// Until when each answer is to be read that is not yet, and the number of its request.
    unread: Mutex<BTreeSet<(Instant, usize)>>,
    answered: Notify,
}

impl Requests {
    fn unread(&self) -> MutexGuard<'_, BTreeSet<(Instant, usize)>> {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that has begun; ends with the value.
pub(super) struct Begun {
    requests: Arc<Requests>,
    number: usize,
    /// Until when its answer is to be read, once there is one.
    deadline: Option<Instant>,
}

impl Begun {
    /// The answer to the request, which ends with it: when all of it is read or it is let go of.
    pub(super) fn answered<B>(mut self, body: B, timeout: Duration) -> Answered<B> {
        let deadline = Instant::now() + timeout;
        self.deadline = Some(deadline);
        self.requests.unread().insert((deadline, self.number));
        self.requests.answered.notify_one();
        Answered { body, _begun: self }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if let Some(deadline) = self.deadline {
            self.requests.unread().remove(&(deadline, self.number));
        }
        self.requests.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// The body of an answer.
pub(super) struct Answered<B> {
    body: B,
    _begun: Begun,
}

impl<B: Body + Unpin> Body for Answered<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Activity {
    pub(super) fn begin(&self) -> Begun {
        let number = self.0.begun.fetch_add(1, Ordering::Relaxed);
        self.0.begins.notify_one();
        Begun { requests: Arc::clone(&self.0), number, deadline: None }
    }

    /// Completes when the connection had no request for too long.
    pub(super) async fn idle(&self, limits: &ConnectionLimits) {
        loop {
            let before = self.0.begun.load(Ordering::Relaxed);
            let patience = if before == 0 { limits.header_timeout } else { limits.idle_timeout };
            tokio::select! {
                () = tokio::time::sleep(patience) => {}
                () = self.0.begins.notified() => continue,
            }
            let (begun, ended) = (self.0.begun.load(Ordering::Relaxed), self.0.ended.load(Ordering::Relaxed));
            if begun == before && begun == ended {
                return;
            }
        }
    }

    /// Completes when an answer is not read in time.
    pub(super) async fn overdue(&self) {
        loop {
            let first = self.0.unread().first().copied();
            match first {
                None => self.0.answered.notified().await,
                Some((deadline, _)) if deadline <= Instant::now() => return,
                Some((deadline, _)) => tokio::time::sleep_until(deadline).await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// How long it takes until an answer is overdue; `None` if that is not within an hour.
    async fn overdue_after(activity: &Activity) -> Option<Duration> {
        let begun = Instant::now();
        let overdue = tokio::time::timeout(Duration::from_secs(3600), activity.overdue()).await;
        overdue.is_ok().then(|| begun.elapsed().max(SECOND))
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_overdue_as_long_as_it_is_not_read() {
        let activity = Activity::default();
        let working = activity.begin();
        assert_eq!(overdue_after(&activity).await, None, "there is no answer yet");
        let (slow, fast) = (activity.begin(), activity.begin());
        let first = fast.answered((), 2 * SECOND);
        let second = slow.answered((), 5 * SECOND);
        drop(first);
        assert_eq!(
            overdue_after(&activity).await,
            Some(5 * SECOND),
            "the one that is read is not waited for"
        );
        drop(second);
        assert_eq!(overdue_after(&activity).await, None);
        drop(working);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_comes_while_nothing_is_waited_for_is_waited_for() {
        let activity = Activity::default();
        let (waiting, answer) = (activity.clone(), activity.begin());
        let waiting = tokio::spawn(async move { overdue_after(&waiting).await });
        tokio::time::sleep(10 * SECOND).await;
        let _answer = answer.answered((), 3 * SECOND);
        assert_eq!(waiting.await.unwrap(), Some(13 * SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_not_idle_while_an_answer_is_read() {
        let limits = ConnectionLimits {
            connections_max: 1,
            header_timeout: SECOND,
            idle_timeout: 4 * SECOND,
            answer_timeout: 100 * SECOND,
            drain_timeout: SECOND,
        };
        let activity = Activity::default();
        let answer = activity.begin().answered((), limits.answer_timeout);
        let idle = |seconds: u64| tokio::time::timeout(Duration::from_secs(seconds), activity.idle(&limits));
        assert!(idle(50).await.is_err());
        drop(answer);
        assert!(idle(5).await.is_ok());
    }
}
