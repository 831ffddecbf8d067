//! A gRPC client that sends any bytes.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BufMut, Bytes};
use http::header::CONTENT_TYPE;
use http_body::{Body, Frame};
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

/// Begins an export and sends nothing of it: the status that it is answered with.
pub(crate) async fn stall(server: SocketAddr) -> Status {
    let stream = TokioIo::new(TcpStream::connect(server).await.unwrap());
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::post(format!("http://{server}{METRICS_METHOD}"));
    let request = request.header(CONTENT_TYPE, "application/grpc").body(Stalled).unwrap();
    let response = sender.send_request(request).await.unwrap();
    Status::from_header_map(response.headers()).expect("a status")
}

pub(crate) async fn export(
    server: SocketAddr,
    bytes: Vec<u8>,
) -> Result<ExportMetricsServiceResponse, Status> {
    call(server, METRICS_METHOD, bytes, None).await
}
