//! OTLP/gRPC.
//!
//! A call is taken apart here and not by `tonic`, which decompresses a message on its way: before there is a place at work for it, on a
//! thread that others' connections need, and beyond the budget of all bodies.

use std::future;
use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tonic::Status;
use tonic::body::Body;
use wasmeter_serve::{Answer, Unread};

use super::Transport;
use super::body::Measured;
use super::budget::Reservation;
use super::failure::{Failure, FailureKind};
use super::framing::{HEAD_BYTES, Message, framed, message};
use super::intake::{Arrived, Counting, Encoding, Intake};
use crate::messages::ExportMetricsServiceResponse;
use crate::{Compression, METRICS_METHOD};

const ENCODING: &str = "grpc-encoding";
const ACCEPT_ENCODING: &str = "grpc-accept-encoding";
const ENCODINGS: &str = "identity,gzip,zstd";

#[derive(Clone)]
pub(super) struct GrpcService(pub(super) Arc<Intake>);

impl Answer for GrpcService {
    type Body = Body;

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let counting = Counting::new(&self.0.stats, Transport::Grpc);
        let content_type = request.headers().get(CONTENT_TYPE).map(|value| value.as_bytes());
        if !content_type.is_some_and(|value| value.starts_with(b"application/grpc")) {
            counting.answered(Some(FailureKind::UnsupportedContentType));
            // Not a gRPC client: it is answered in HTTP (gRPC over HTTP/2, "Requests").
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return response;
        }
        let outcome = match request.uri().path() {
            METRICS_METHOD => self.export(request).await,
            _ => {
                let message = format!("no such method; metrics go to {METRICS_METHOD}");
                Err(Failure::new(FailureKind::NotFound, message))
            }
        };
        match outcome {
            Ok(response) => {
                counting.answered(None);
                response
            }
            Err(failure) => {
                counting.answered(Some(failure.kind));
                let mut response = failure.status().into_http::<Body>();
                response.extensions_mut().insert(Unread);
                if failure.kind == FailureKind::UnsupportedEncoding {
                    // A client may choose another then (compression in gRPC, "Compression Method Asymmetry").
                    response.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(ENCODINGS));
                }
                response
            }
        }
    }
}

impl GrpcService {
    async fn export(&self, request: Request<Incoming>) -> Result<Response<Body>, Failure> {
        let intake = &self.0;
        let compression = message_encoding(request.headers())?;
        // A refusal does not wait for the body: the stream is closed, and what is still on its way is not kept.
        let reading = intake.places.enter().await?;
        let reservation = Reservation::new(&intake.budget);
        let (body, limits) = (request.into_body(), &intake.limits);
        let body = Measured::new(body, limits, Arc::clone(&reservation), reading);
        let mut body = body.framed(HEAD_BYTES);
        let Message { is_compressed, bytes } = message(&mut body, limits.body_bytes_max).await?;
        let compression = match (is_compressed, compression) {
            (false, _) => Compression::None,
            (true, Compression::None) => {
                let message = "the message is said to be compressed, but `grpc-encoding` does not say how";
                return Err(Failure::new(FailureKind::Malformed, message));
            }
            (true, compression) => compression,
        };
        let (transport, encoding, reading) = (Transport::Grpc, Encoding::Protobuf, body.into_reading());
        let arrived = Arrived { transport, encoding, compression, bytes, reservation, reading };
        let response = intake.take(arrived).await?;
        Ok(answer(&response))
    }
}

/// How messages that are compressed are compressed.
fn message_encoding(headers: &HeaderMap) -> Result<Compression, Failure> {
    let Some(value) = headers.get(ENCODING) else { return Ok(Compression::None) };
    match value.as_bytes() {
        b"identity" => Ok(Compression::None),
        b"gzip" => Ok(Compression::Gzip),
        b"zstd" => Ok(Compression::Zstd),
        found => Err(Failure::new(
            FailureKind::UnsupportedEncoding,
            format!("{ENCODING} `{}`; expected `gzip`, `zstd` or none", String::from_utf8_lossy(found)),
        )),
    }
}

/// The answer to what was taken, and the status behind it.
fn answer(response: &ExportMetricsServiceResponse) -> Response<Body> {
    let status = HeaderMap::from_iter([(Status::GRPC_STATUS, HeaderValue::from_static("0"))]);
    let body = Full::new(framed(response)).with_trailers(future::ready(Some(Ok(status))));
    let mut response = Response::new(Body::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}
