//! As little gRPC as a sender on one connection needs, which frames and compresses in advance what it sends, and the frames of whoever
//! receives.

use std::io::Read;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http::header::{CONTENT_TYPE, HeaderValue, TE};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tonic::Status;
use wasmeter_otlp::{Compression, METRICS_METHOD};

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// What the messages of a request or answer are compressed with.
pub(crate) const ENCODING: &str = "grpc-encoding";
/// More than any program here sends at once.
const BODY_BYTES_MAX: u64 = 256 << 20;
/// Before a message: whether it is compressed, and its length.
pub(crate) const HEAD_BYTES: usize = 5;

/// A message with its head, compressed.
pub(crate) fn compressed(compression: Compression, message: &[u8]) -> anyhow::Result<Bytes> {
    framed(compression, &compression.compress(Bytes::copy_from_slice(message))?)
}

/// A message with its head.
pub(crate) fn framed(compression: Compression, message: &[u8]) -> anyhow::Result<Bytes> {
    let mut framed = BytesMut::with_capacity(HEAD_BYTES + message.len());
    framed.put_u8(u8::from(compression != Compression::None));
    framed.put_u32(u32::try_from(message.len()).context("a message is too long")?);
    framed.put_slice(message);
    Ok(framed.freeze())
}

/// A message without its head, and as it was before it was compressed with `coding`.
pub(crate) fn unframed(mut framed: Bytes, coding: Option<&str>) -> anyhow::Result<Bytes> {
    ensure!(framed.len() >= HEAD_BYTES, "a message of {} bytes with its head", framed.len());
    let (is_compressed, length) = (framed.get_u8() == 1, framed.get_u32() as usize);
    ensure!(framed.len() == length, "{} bytes of a message of {length}", framed.len());
    inflated(framed, coding.filter(|_| is_compressed))
}

/// A body as it was before it was compressed.
pub(crate) fn inflated(body: Bytes, coding: Option<&str>) -> anyhow::Result<Bytes> {
    let Some(coding) = coding else { return Ok(body) };
    ensure!(coding == "gzip", "a body is compressed with `{coding}`, expected is gzip");
    let mut bytes = Vec::new();
    MultiGzDecoder::new(&body[..]).take(BODY_BYTES_MAX).read_to_end(&mut bytes).context("a body in gzip")?;
    Ok(bytes.into())
}

/// A connection that is kept.
pub(crate) struct Connection {
    runtime: Runtime,
    sender: http2::SendRequest<Full<Bytes>>,
    uri: String,
    coding: Option<&'static str>,
}

impl Connection {
    pub(crate) fn to(host: SocketAddr, compression: Compression) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let sender = runtime.block_on(async {
            let stream = TcpStream::connect(host).await?;
            stream.set_nodelay(true)?;
            let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
            // Its end shows in the request that is under way.
            tokio::spawn(connection);
            anyhow::Ok(sender)
        })?;
        Ok(Self {
            runtime,
            sender,
            uri: format!("http://{host}{METRICS_METHOD}"),
            coding: compression.coding(),
        })
    }

    /// Sends one request; the answer's message, or the status if it is none of success.
    pub(crate) fn send(&mut self, framed: Bytes) -> anyhow::Result<Result<Bytes, Status>> {
        let Self { runtime, sender, uri, coding } = self;
        let mut request = http::Request::post(&*uri)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/grpc"))
            .header(TE, HeaderValue::from_static("trailers"));
        if let Some(coding) = coding {
            request = request.header(ENCODING, *coding);
        }
        let request = request.body(Full::new(framed))?;
        let answer = async {
            sender.ready().await?;
            let (head, body) = sender.send_request(request).await?.into_parts();
            ensure!(head.status == 200, "the answer has status {}", head.status);
            // Where there is no message, the status is in the head.
            if let Some(status) = Status::from_header_map(&head.headers) {
                return Ok(Err(status));
            }
            let body = body.collect().await?;
            let status =
                body.trailers().and_then(Status::from_header_map).context("an answer without a status")?;
            if status.code() != tonic::Code::Ok {
                return Ok(Err(status));
            }
            // Some answer as they are asked.
            let coding = head.headers.get(ENCODING).and_then(|coding| coding.to_str().ok());
            Ok(Ok(unframed(body.to_bytes(), coding)?))
        };
        runtime.block_on(async { tokio::time::timeout(TIMEOUT, answer).await.context("no answer in time")? })
    }
}
