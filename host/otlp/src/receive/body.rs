//! A request body that is measured while it arrives.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::time::{Instant, Sleep};

use super::budget::Reservation;
use super::failure::{Failure, FailureKind};
use super::limits::ReceiveLimits;
use super::places::{PATIENCE, Reading};

/// A body that fails once it is too large, too slow, or over the budget of all bodies.
pub(super) struct Measured<B> {
    body: B,
    seen: usize,
    seen_max: usize,
    limits: ReceiveLimits,
    deadline: Pin<Box<Sleep>>,
    /// What it counts for among all bodies; `None` if it is not kept.
    reservation: Option<Arc<Reservation>>,
    place: Option<Place>,
}

/// The place of a body that has others wait.
struct Place {
    reading: Reading,
    begun: Instant,
    /// Looks whether that is too long ago; not set anew for each piece.
    look: Option<Pin<Box<Sleep>>>,
}

impl Place {
    /// Whether the client takes too long for so many bytes. Asked when nothing is there.
    ///
    /// Not when it is silent: who sends a byte now and then would have others wait as long as it likes.
    fn is_lost(&mut self, seen: usize, context: &mut Context<'_>) -> bool {
        // A megabyte a second.
        let until = self.begun + PATIENCE + Duration::from_micros(seen as u64);
        loop {
            let look = self.look.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
            if look.as_mut().poll(context).is_pending() {
                return false;
            }
            if until <= Instant::now() {
                return true;
            }
            look.as_mut().reset(until);
        }
    }
}

impl<B> Measured<B> {
    /// A body that is kept. It gives its place to others once its client has them wait.
    pub(super) fn new(
        body: B,
        limits: &ReceiveLimits,
        reservation: Arc<Reservation>,
        reading: Reading,
    ) -> Self {
        let place = Place { reading, begun: Instant::now(), look: None };
        Self { reservation: Some(reservation), place: Some(place), ..Self::unkept(body, limits) }
    }

    /// A body of which nothing is kept.
    pub(super) fn unkept(body: B, limits: &ReceiveLimits) -> Self {
        let deadline = Box::pin(tokio::time::sleep_until(Instant::now() + limits.body_timeout));
        let seen_max = limits.body_bytes_max;
        Self { body, seen: 0, seen_max, limits: limits.clone(), deadline, reservation: None, place: None }
    }

    /// The same with so many bytes around it that are not its own.
    pub(super) fn framed(mut self, bytes: usize) -> Self {
        self.seen_max = self.seen_max.saturating_add(bytes);
        self
    }

    /// The place of a body that has been read, unless it was given away.
    pub(super) fn into_reading(self) -> Option<Reading> {
        self.place.map(|place| place.reading)
    }

    /// Reads what is still to come and keeps nothing of it, so that a client that is refused reads why; up to where something is wrong
    /// with it, too.
    pub(super) async fn discard(mut self)
    where
        B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
    {
        (self.reservation, self.place) = (None, None);
        while let Some(Ok(_)) = self.frame().await {}
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
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let seen = self.seen;
        if polled.is_pending() && self.place.as_mut().is_some_and(|place| place.is_lost(seen, context)) {
            self.place = None;
        }
        let frame = match ready!(polled) {
            None => return Poll::Ready(None),
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                let message = format!("the body ended early: {error}");
                return Poll::Ready(Some(Err(Failure::new(FailureKind::Disconnected, message))));
            }
        };
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        self.seen = self.seen.saturating_add(bytes);
        if self.seen > self.seen_max {
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::super::budget::Budget;
    use super::super::places::Places;
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    /// A body of pieces of so many bytes, each so long after the one before.
    struct Slow {
        pieces: Vec<(Duration, usize)>,
        next: Option<Pin<Box<Sleep>>>,
    }

    impl Body for Slow {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            let Some((after, bytes)) = self.pieces.first().copied() else { return Poll::Ready(None) };
            ready!(
                self.next.get_or_insert_with(|| Box::pin(tokio::time::sleep(after))).as_mut().poll(context)
            );
            self.next = None;
            self.pieces.remove(0);
            Poll::Ready(Some(Ok(Frame::data(vec![b'a'; bytes].into()))))
        }
    }

    /// After how long, to two milliseconds, another one may be read beside a body that has the only place.
    async fn place_is_free_after(pieces: Vec<(Duration, usize)>) -> Duration {
        let limits = ReceiveLimits { in_flight_max: 1, waiting_max: 0, ..ReceiveLimits::default() };
        let (places, reservation) = (Places::new(&limits), Reservation::new(&Budget::new(1 << 20)));
        let body = Slow { pieces, next: None };
        let body = Measured::new(body, &limits, reservation, places.enter().await.unwrap());
        let begun = Instant::now();
        let reading = tokio::spawn(collect(body));
        while places.enter().await.is_err() {
            tokio::time::sleep(2 * MILLISECOND).await;
        }
        let free_after = begun.elapsed();
        drop(reading.await.unwrap().expect("it is read nevertheless"));
        free_after
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_keeps_its_place_as_long_as_it_is_fast() {
        let pieces = vec![(41 * MILLISECOND, 40_000); 5];
        assert_eq!(place_is_free_after(pieces).await, 206 * MILLISECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_of_which_little_comes_leaves_its_place_to_others_and_is_read_nevertheless() {
        let lost = PATIENCE + 2 * MILLISECOND;
        assert_eq!(place_is_free_after(vec![(500 * MILLISECOND, 1)]).await, lost);
        assert_eq!(place_is_free_after(vec![(20 * MILLISECOND, 1); 30]).await, lost);
        let first = (30 * MILLISECOND, 20_000);
        let rest = (500 * MILLISECOND, 20_000);
        assert_eq!(place_is_free_after(vec![first, rest]).await, lost + 20 * MILLISECOND);
    }

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
