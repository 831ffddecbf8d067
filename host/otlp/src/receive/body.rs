//! A request body that is measured while it arrives.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::time::{Instant, Sleep};

use super::budget::Reservation;
use super::failure::{Failure, FailureKind};
use super::limits::ReceiveLimits;

/// A body that fails once it is too large, too slow, or over the budget of all bodies.
pub(super) struct Measured<B> {
    body: B,
    seen: usize,
    limits: ReceiveLimits,
    deadline: Pin<Box<Sleep>>,
    /// What it counts for among all bodies; `None` if it is not kept.
    reservation: Option<Arc<Reservation>>,
}

impl<B> Measured<B> {
    /// A body that is kept.
    pub(super) fn new(body: B, limits: &ReceiveLimits, reservation: Arc<Reservation>) -> Self {
        Self::of(body, limits, Some(reservation))
    }

    /// A body of which nothing is kept.
    pub(super) fn unkept(body: B, limits: &ReceiveLimits) -> Self {
        Self::of(body, limits, None)
    }

    fn of(body: B, limits: &ReceiveLimits, reservation: Option<Arc<Reservation>>) -> Self {
        let deadline = Box::pin(tokio::time::sleep_until(Instant::now() + limits.body_timeout));
        Self { body, seen: 0, limits: limits.clone(), deadline, reservation }
    }
}

impl<B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin> Body for Measured<B> {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        if self.deadline.as_mut().poll(context).is_ready() {
            let message = format!("the body took longer than {} s", self.limits.body_timeout.as_secs_f64());
            return Poll::Ready(Some(Err(Failure::new(FailureKind::TooSlow, message))));
        }
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
            None => return Poll::Ready(None),
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                let message = format!("the body ended early: {error}");
                return Poll::Ready(Some(Err(Failure::new(FailureKind::Disconnected, message))));
            }
        };
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        self.seen = self.seen.saturating_add(bytes);
        if self.seen > self.limits.body_bytes_max {
            return Poll::Ready(Some(Err(Failure::too_large(self.limits.body_bytes_max))));
        }
        if let Some(reservation) = &self.reservation
            && !reservation.take(bytes)
        {
            return Poll::Ready(Some(Err(reservation.refusal(bytes, &self.limits))));
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Reads the whole body.
pub(super) async fn collect(
    mut body: impl Body<Data = Bytes, Error = Failure> + Unpin,
) -> Result<Bytes, Failure> {
    let mut content = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            if data.len() > content.capacity() - content.len() {
                content.reserve_exact(growth(content.len(), data.len(), body.size_hint().exact()));
            }
            content.extend_from_slice(&data);
        }
    }
    Ok(content.into())
}

/// By how much to grow for `data` behind `content`. If it is not known what is to come, to the double. Otherwise as far as that, but to
/// no more than eight times of what is there: so a body is seldom copied, takes no more than it has, and one that is only announced
/// takes nothing. What is not written to takes no memory yet.
pub(super) fn growth(content: usize, data: usize, to_come: Option<u64>) -> usize {
    match to_come {
        None => content.max(data),
        Some(bytes) => {
            let to_come = data.saturating_add(usize::try_from(bytes).unwrap_or(usize::MAX));
            content.saturating_mul(7).clamp(data, to_come)
        }
    }
}

/// Reads the whole body and keeps nothing, so that a client that is refused reads why.
pub(super) async fn discard(
    mut body: impl Body<Data = Bytes, Error = Failure> + Unpin,
) -> Result<(), Failure> {
    while let Some(frame) = body.frame().await {
        frame?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_grows_by_what_is_to_come_as_far_as_some_of_it_is_there() {
        let mib = 1 << 20;
        assert_eq!(growth(0, 10, Some(100)), 10, "what is only announced takes nothing");
        assert_eq!(growth(mib, 10, Some(u64::MAX)), 7 * mib);
        assert_eq!(growth(mib, 10, Some(90)), 100, "and nothing beyond its end");
        assert_eq!(growth(10, mib, Some(0)), mib);
        assert_eq!((growth(mib, 10, None), growth(10, mib, None)), (mib, mib));
    }
}
