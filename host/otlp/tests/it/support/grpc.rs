//! A gRPC client that sends any bytes.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BufMut, Bytes};
use http::header::CONTENT_TYPE;
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::net::TcpStream;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Endpoint;
use tonic::{Response, Status};
use wasmeter_otlp::METRICS_METHOD;
use wasmeter_otlp::messages::ExportMetricsServiceResponse;

#[derive(Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        target.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(source.copy_to_bytes(source.remaining())))
    }
}

/// Sends `bytes` to `method`, compressed if `encoding` says so.
pub(crate) async fn call(
    server: SocketAddr,
    method: &'static str,
    bytes: Vec<u8>,
    encoding: Option<CompressionEncoding>,
) -> Result<ExportMetricsServiceResponse, Status> {
    let channel = Endpoint::from_shared(format!("http://{server}")).unwrap().connect().await.unwrap();
    let mut client = tonic::client::Grpc::new(channel);
    if let Some(encoding) = encoding {
        client = client.send_compressed(encoding);
    }
    client.ready().await.unwrap();
    let request = tonic::Request::new(Bytes::from(bytes));
    let response: Response<Bytes> =
        client.unary(request, http::uri::PathAndQuery::from_static(method), Raw).await?;
    Ok(ExportMetricsServiceResponse::decode(response.into_inner()).unwrap())
}

/// A body of which nothing comes.
struct Stalled;

impl Body for Stalled {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

/// A message as gRPC frames it.
pub(crate) fn framed(is_compressed: bool, message: &[u8]) -> Vec<u8> {
    [&[u8::from(is_compressed)], &(message.len() as u32).to_be_bytes()[..], message].concat()
}

/// Begins an export and sends nothing of it: the status that it is answered with.
pub(crate) async fn stall(server: SocketAddr) -> Status {
    status_of(&send(server, None, Stalled).await.unwrap())
}

/// Sends this as the body of an export: the status that it is answered with.
pub(crate) async fn send_body(server: SocketAddr, encoding: Option<&str>, body: Vec<u8>) -> Status {
    let response = send(server, encoding, Full::new(Bytes::from(body))).await.unwrap();
    if response.headers().contains_key(Status::GRPC_STATUS) {
        return status_of(&response);
    }
    let body = response.into_body().collect().await.unwrap();
    Status::from_header_map(body.trailers().expect("trailers")).expect("a status")
}

fn status_of(response: &http::Response<Incoming>) -> Status {
    Status::from_header_map(response.headers()).expect("a status")
}

/// Sends some of an export and gives it up.
pub(crate) async fn give_up(server: SocketAddr) {
    struct Broken(bool);

    impl Body for Broken {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
            let is_first = !std::mem::replace(&mut self.0, true);
            let error = || Err(std::io::Error::other("gone"));
            Poll::Ready(Some(if is_first { Ok(Frame::data(Bytes::from_static(&[0; 3]))) } else { error() }))
        }
    }
    send(server, None, Broken(false)).await.unwrap_err();
}

type Error = Box<dyn std::error::Error + Send + Sync>;

async fn send<B>(
    server: SocketAddr,
    encoding: Option<&str>,
    body: B,
) -> Result<http::Response<Incoming>, hyper::Error>
where
    B: Body<Data = Bytes, Error: Into<Error>> + Unpin + Send + 'static,
{
    Shared::to(server).await.send(encoding, body).await
}

/// A connection for several calls at a time.
pub(crate) struct Shared<B> {
    server: SocketAddr,
    sender: hyper::client::conn::http2::SendRequest<B>,
}

impl<B> Clone for Shared<B> {
    fn clone(&self) -> Self {
        Self { server: self.server, sender: self.sender.clone() }
    }
}

impl<B> Shared<B>
where
    B: Body<Data = Bytes, Error: Into<Error>> + Unpin + Send + 'static,
{
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let stream = TokioIo::new(TcpStream::connect(server).await.unwrap());
        let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream);
        let (sender, connection) = handshake.await.unwrap();
        tokio::spawn(connection);
        Self { server, sender }
    }

    async fn send(
        &mut self,
        encoding: Option<&str>,
        body: B,
    ) -> Result<http::Response<Incoming>, hyper::Error> {
        let mut request = http::Request::post(format!("http://{}{METRICS_METHOD}", self.server));
        if let Some(encoding) = encoding {
            request = request.header("grpc-encoding", encoding);
        }
        self.sender.ready().await?;
        self.sender.send_request(request.header(CONTENT_TYPE, "application/grpc").body(body).unwrap()).await
    }

    /// Sends this as the body of an export: the status that it is answered with.
    pub(crate) async fn export(&mut self, body: B) -> Result<Status, hyper::Error> {
        let response = self.send(None, body).await?;
        if response.headers().contains_key(Status::GRPC_STATUS) {
            return Ok(status_of(&response));
        }
        let body = response.into_body().collect().await?;
        Ok(Status::from_header_map(body.trailers().expect("trailers")).expect("a status"))
    }
}

pub(crate) async fn export(
    server: SocketAddr,
    bytes: Vec<u8>,
) -> Result<ExportMetricsServiceResponse, Status> {
    call(server, METRICS_METHOD, bytes, None).await
}
