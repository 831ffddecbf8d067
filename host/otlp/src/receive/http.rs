//! OTLP/HTTP.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderMap, HeaderValue, RETRY_AFTER,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use prost::Message;
use serde::Serialize;
use tonic_types::pb;
use wasmeter_serve::Answer;

use super::Transport;
use super::body::{Measured, collect};
use super::budget::Reservation;
use super::failure::{Failure, FailureKind};
use super::intake::{Arrived, Counting, Encoding, Intake};
use crate::messages::ExportMetricsServiceResponse;
use crate::{Compression, JSON, METRICS_PATH, PROTOBUF};

#[derive(Clone)]
pub(super) struct HttpService(pub(super) Arc<Intake>);

impl Answer for HttpService {
    type Body = Full<Bytes>;

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let counting = Counting::new(&self.0.stats, Transport::Http);
        // An error to a client whose encoding is not known is written in the one that people can read.
        let encoding = content_type(request.headers());
        let outcome = match encoding {
            Some(encoding) => self.export(encoding, request).await,
            None => Err(check_target(&request).err().unwrap_or_else(|| unsupported_type(request.headers()))),
        };
        let encoding = encoding.unwrap_or(Encoding::Json);
        match outcome {
            Ok(response) => {
                counting.answered(None);
                success(encoding, &response)
            }
            Err(failure) => {
                counting.answered(Some(failure.kind));
                error(encoding, &failure)
            }
        }
    }
}

impl HttpService {
    async fn export(
        &self,
        encoding: Encoding,
        request: Request<Incoming>,
    ) -> Result<ExportMetricsServiceResponse, Failure> {
        check_target(&request)?;
        let compression = content_encoding(request.headers())?;
        let limits = &self.0.limits;
        let announced =
            request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if announced.is_some_and(|bytes: u64| bytes > limits.body_bytes_max as u64) {
            return Err(Failure::too_large(limits.body_bytes_max));
        }
        // A refusal waits until the body is read: a client that is still writing when the connection is closed does not read why. Unless
        // it asks before it sends.
        let reading = match self.0.places.enter().await {
            Ok(reading) => reading,
            Err(refusal) if asks_first(request.headers()) => return Err(refusal),
            Err(refusal) => {
                Measured::unkept(request.into_body(), limits).discard().await;
                return Err(refusal);
            }
        };
        let reservation = Reservation::new(&self.0.budget);
        let mut body = Measured::new(request.into_body(), limits, Arc::clone(&reservation), reading);
        let bytes = match collect(&mut body).await {
            Ok(bytes) => bytes,
            Err(refusal) if refusal.kind == FailureKind::Overloaded => {
                drop(reservation);
                body.discard().await;
                return Err(refusal);
            }
            Err(failure) => return Err(failure),
        };
        let (transport, reading) = (Transport::Http, body.into_reading());
        self.0.take(Arrived { transport, encoding, compression, bytes, reservation, reading }).await
    }
}

/// True if nothing is sent before the answer is known to be welcome.
fn asks_first(headers: &HeaderMap) -> bool {
    headers.get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

fn check_target(request: &Request<Incoming>) -> Result<(), Failure> {
    if request.uri().path() != METRICS_PATH {
        return Err(Failure::new(
            FailureKind::NotFound,
            format!("no such path; metrics go to {METRICS_PATH}"),
        ));
    }
    if request.method() != Method::POST {
        return Err(Failure::new(FailureKind::MethodNotAllowed, "metrics are sent with POST"));
    }
    Ok(())
}

/// The media type, parameters such as `charset` aside.
fn content_type(headers: &HeaderMap) -> Option<Encoding> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let media_type = value.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case(PROTOBUF) {
        Some(Encoding::Protobuf)
    } else if media_type.eq_ignore_ascii_case(JSON) {
        Some(Encoding::Json)
    } else {
        None
    }
}

fn unsupported_type(headers: &HeaderMap) -> Failure {
    let found = headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let found = found.map_or_else(|| "no Content-Type".to_owned(), |found| format!("Content-Type `{found}`"));
    Failure::new(FailureKind::UnsupportedContentType, format!("{found}; expected `{PROTOBUF}` or `{JSON}`"))
}

fn content_encoding(headers: &HeaderMap) -> Result<Compression, Failure> {
    let Some(value) = headers.get(CONTENT_ENCODING) else { return Ok(Compression::None) };
    let value = String::from_utf8_lossy(value.as_bytes());
    match value.trim() {
        "" => Ok(Compression::None),
        found if found.eq_ignore_ascii_case("identity") => Ok(Compression::None),
        found if found.eq_ignore_ascii_case("gzip") => Ok(Compression::Gzip),
        found if found.eq_ignore_ascii_case("zstd") => Ok(Compression::Zstd),
        found => Err(Failure::new(
            FailureKind::UnsupportedEncoding,
            format!("Content-Encoding `{found}`; expected `gzip`, `zstd` or none"),
        )),
    }
}

fn success(encoding: Encoding, response: &ExportMetricsServiceResponse) -> Response<Full<Bytes>> {
    let body = match encoding {
        Encoding::Protobuf => response.encode_to_vec(),
        Encoding::Json => json(response),
    };
    answer(StatusCode::OK, encoding, body)
}

/// A failure as a `google.rpc.Status` (protocol specification, "Failures").
fn error(encoding: Encoding, failure: &Failure) -> Response<Full<Bytes>> {
    #[derive(Serialize)]
    struct Status<'a> {
        code: i32,
        message: &'a str,
    }
    let (code, message) = (i32::from(failure.kind.grpc_code()), failure.message.as_str());
    let body = match encoding {
        Encoding::Protobuf => {
            pb::Status { code, message: message.to_owned(), details: Vec::new() }.encode_to_vec()
        }
        Encoding::Json => json(&Status { code, message }),
    };
    let mut response = answer(failure.kind.http_status(), encoding, body);
    if failure.kind == FailureKind::MethodNotAllowed {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    if let Some(delay) = failure.retry_after {
        let secs = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(secs.max(1)));
    }
    response
}

fn answer(status: StatusCode, encoding: Encoding, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let media_type = match encoding {
        Encoding::Protobuf => PROTOBUF,
        Encoding::Json => JSON,
    };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

fn json(body: &impl Serialize) -> Vec<u8> {
    // Text and integers always have a JSON form.
    serde_json::to_vec(body).unwrap_or_else(|_| b"{}".to_vec())
}
