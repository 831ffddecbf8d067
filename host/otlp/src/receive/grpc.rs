//! OTLP/gRPC.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tonic::body::Body;
use tonic::codec::CompressionEncoding;
use tonic::server::{Grpc, UnaryService};
use tonic::{Code, Status};
use wasmeter_serve::Answer;

use super::Transport;
use super::body::Measured;
use super::budget::Reservation;
use super::failure::{Failure, FailureKind};
use super::intake::{Arrived, Counting, Encoding, Intake};
use crate::codec::ServerCodec;
use crate::messages::ExportMetricsServiceResponse;
use crate::{Compression, METRICS_METHOD};

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
                failure.status().into_http()
            }
        }
    }
}

impl GrpcService {
    async fn export(&self, request: Request<Incoming>) -> Result<Response<Body>, Failure> {
        let intake = &self.0;
        // Before the body is read: the stream is closed, and what is still on its way is not kept.
        if intake.is_full() {
            return Err(Failure::overloaded(intake.limits.retry_after));
        }
        let reservation = Reservation::new(&intake.budget);
        let failure = Arc::new(OnceLock::new());
        let unary = Export {
            intake: Arc::clone(intake),
            reservation: Arc::clone(&reservation),
            failure: Arc::clone(&failure),
        };
        let measured = request
            .map(|body| Measured::new(body, &intake.limits, reservation).map_err(|failure| failure.status()));
        let response = Grpc::new(ServerCodec::default())
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .max_decoding_message_size(intake.limits.body_bytes_max)
            .unary(unary, measured)
            .await;
        if let Some(failure) = failure.get() {
            return Err(failure.clone());
        }
        match Status::from_header_map(response.headers()) {
            Some(status) if status.code() != Code::Ok => Err(from_framing(&status, intake)),
            _ => Ok(response),
        }
    }
}

/// What went wrong before the message was whole: our own failures of the body, and what `tonic` found.
fn from_framing(status: &Status, intake: &Intake) -> Failure {
    let message = status.message();
    match status.code() {
        // The code `tonic` has for a message that is too long would make clients send it again.
        Code::ResourceExhausted | Code::OutOfRange => Failure::too_large(intake.limits.body_bytes_max),
        Code::DeadlineExceeded => Failure::new(FailureKind::TooSlow, message),
        Code::Unavailable => Failure::overloaded(intake.limits.retry_after),
        Code::Cancelled => Failure::new(FailureKind::Disconnected, message),
        Code::Unimplemented => Failure::new(FailureKind::UnsupportedEncoding, message),
        _ if message.contains("decompress") => Failure::new(FailureKind::BadCompression, message),
        _ => Failure::new(FailureKind::Malformed, message),
    }
}

/// The one method.
struct Export {
    intake: Arc<Intake>,
    reservation: Arc<Reservation>,
    /// What failed after the message was whole; a status alone does not say it well enough to be counted.
    failure: Arc<OnceLock<Failure>>,
}

impl UnaryService<Bytes> for Export {
    type Response = ExportMetricsServiceResponse;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<Self::Response>, Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let (intake, reservation) = (Arc::clone(&self.intake), Arc::clone(&self.reservation));
        let failure = Arc::clone(&self.failure);
        Box::pin(async move {
            let bytes = request.into_inner();
            let outcome = match reservation.take(bytes.len()) {
                true => {
                    let (transport, encoding) = (Transport::Grpc, Encoding::Protobuf);
                    // It has been decompressed on its way.
                    let compression = Compression::None;
                    intake.take(Arrived { transport, encoding, compression, bytes, reservation }).await
                }
                false => Err(Failure::overloaded(intake.limits.retry_after)),
            };
            outcome.map(tonic::Response::new).map_err(|error| failure.get_or_init(|| error).status())
        })
    }
}
