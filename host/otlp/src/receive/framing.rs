//! The framing of the one message that a call of gRPC's has (gRPC over HTTP/2, "Requests").

use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;

use super::body::growth;
use super::failure::{Failure, FailureKind};

/// What stands in front of a message: whether it is compressed, and its length.
pub(super) const HEAD_BYTES: usize = 5;

/// A message as it was sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) is_compressed: bool,
    pub(super) bytes: Bytes,
}

/// Reads the whole body, which is to be one message of at most `bytes_max` bytes. It is decompressed by whoever has a place at work, so
/// that calls that wait hold no more than was sent.
pub(super) async fn message(
    mut body: impl Body<Data = Bytes, Error = Failure> + Unpin,
    bytes_max: usize,
) -> Result<Message, Failure> {
    let mut content = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        content.extend_from_slice(&data);
        if let Some(to_come) = Head::read(&content)?.map(|head| head.to_come(&content, bytes_max)) {
            let to_come = to_come?;
            if to_come > content.capacity() - content.len() {
                content.reserve_exact(growth(content.len(), 0, Some(to_come as u64)));
            }
        }
    }
    let head = Head::read(&content)?.ok_or_else(|| malformed("the call has no message"))?;
    match head.to_come(&content, bytes_max)? {
        0 => {
            Ok(Message { is_compressed: head.is_compressed, bytes: Bytes::from(content).slice(HEAD_BYTES..) })
        }
        missing => Err(malformed(format!(
            "the message ends {missing} bytes before the length it was announced with"
        ))),
    }
}

/// A message as it is answered with.
pub(super) fn framed(message: &impl prost::Message) -> Bytes {
    let message = message.encode_to_vec();
    // What the receiver has to say is short.
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [&[0], &length.to_be_bytes()[..], &message].concat().into()
}

struct Head {
    is_compressed: bool,
    length: usize,
}

impl Head {
    /// `None` while it is not whole.
    fn read(content: &[u8]) -> Result<Option<Self>, Failure> {
        let Some([flag, length @ ..]) = content.first_chunk::<HEAD_BYTES>() else { return Ok(None) };
        let is_compressed = match flag {
            0 => false,
            1 => true,
            found => return Err(malformed(format!("the message begins with {found}, expected 0 or 1"))),
        };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        Ok(Some(Self { is_compressed, length }))
    }

    /// How many bytes of the message are still on their way.
    fn to_come(&self, content: &[u8], bytes_max: usize) -> Result<usize, Failure> {
        if self.length > bytes_max {
            return Err(Failure::too_large(bytes_max));
        }
        let whole = HEAD_BYTES + self.length;
        whole.checked_sub(content.len()).ok_or_else(|| malformed("the call has more than one message"))
    }
}

fn malformed(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Malformed, message)
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::super::body::Measured;
    use super::super::limits::ReceiveLimits;
    use super::*;

    /// What is read of a body that comes in pieces of so many bytes.
    async fn read(body: &[u8], piece: usize) -> Result<Message, Failure> {
        let pieces: Vec<Bytes> = body.chunks(piece).map(Bytes::copy_from_slice).collect();
        let mut pieces = pieces.into_iter();
        let body = Pieces(std::iter::from_fn(move || pieces.next()));
        let limits = ReceiveLimits { body_bytes_max: 100, ..ReceiveLimits::default() };
        message(Measured::unkept(body, &limits), 50).await
    }

    struct Pieces<I>(I);

    impl<I: Iterator<Item = Bytes> + Unpin> Body for Pieces<I> {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _context: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
            std::task::Poll::Ready(self.0.next().map(|piece| Ok(http_body::Frame::data(piece))))
        }
    }

    #[tokio::test]
    async fn one_message_is_read_in_whatever_pieces_it_comes() {
        for piece in 1..10 {
            let read = read(b"\x01\0\0\0\x03abc", piece).await.unwrap();
            assert_eq!((read.is_compressed, &*read.bytes), (true, b"abc".as_slice()), "pieces of {piece}");
        }
        assert_eq!(read(&[0; 5], 5).await.unwrap().bytes.len(), 0);
    }

    #[tokio::test]
    async fn what_is_not_one_message_is_malformed() {
        let bodies: [(&[u8], &str); 5] = [
            (b"", "no message"),
            (b"\0\0\0\0", "no message"),
            (b"\x02\0\0\0\x01a", "begins with 2"),
            (b"\0\0\0\0\x03ab", "ends 1 bytes before"),
            (b"\0\0\0\0\x01a\0\0\0\0\x01a", "more than one"),
        ];
        for (body, said) in bodies {
            for piece in 1..12 {
                let failure = read(body, piece).await.unwrap_err();
                assert_eq!(failure.kind, FailureKind::Malformed, "{failure}");
                assert!(failure.message.contains(said), "{failure}");
            }
        }
    }

    #[tokio::test]
    async fn a_message_that_is_announced_too_large_is_not_waited_for() {
        let failure = read(b"\0\0\0\0\x33", 5).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::TooLarge);
    }

    #[tokio::test]
    async fn what_is_framed_is_read_back() {
        let response = crate::messages::ExportMetricsServiceResponse {
            partial_success: Some(crate::messages::ExportMetricsPartialSuccess {
                rejected_data_points: 3,
                error_message: "too many".to_owned(),
            }),
        };
        let body = Full::new(framed(&response)).map_err(|never| match never {});
        let read = message(body, 100).await.unwrap();
        assert!(!read.is_compressed);
        assert_eq!(prost::Message::decode(read.bytes), Ok(response));
    }
}
