//! The body of a response: so large, so slow, and no more.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};
use wasmtime_wasi_http::Error;

/// A body that fails where it is larger than it may be, or does not come.
pub(super) struct BoundedBody {
    incoming: Incoming,
    bytes_max: u64,
    bytes_left: u64,
    between_bytes: Duration,
    /// When the next part, and all of it, must have come.
    until: Pin<Box<Sleep>>,
    all: Instant,
}

impl BoundedBody {
    pub(super) fn new(incoming: Incoming, bytes_max: u64, between_bytes: Duration, all: Instant) -> Self {
        let mut body = Self {
            incoming,
            bytes_max,
            bytes_left: bytes_max,
            between_bytes,
            until: Box::pin(sleep_until(all)),
            all,
        };
        body.wait_again();
        body
    }

    fn wait_again(&mut self) {
        let next = Instant::now().checked_add(self.between_bytes).unwrap_or(self.all);
        self.until.as_mut().reset(next.min(self.all));
    }
}

impl Body for BoundedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match Pin::new(&mut self.incoming).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                let len = frame.data_ref().map_or(0, |data| data.len() as u64);
                match self.bytes_left.checked_sub(len) {
                    Some(left) => self.bytes_left = left,
                    None => return Poll::Ready(Some(Err(Error::HttpResponseBodySize(Some(self.bytes_max))))),
                }
                self.wait_again();
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                self.until.as_mut().poll(context).map(|()| Some(Err(Error::ConnectionReadTimeout)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
