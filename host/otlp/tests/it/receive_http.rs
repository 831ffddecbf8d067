//! OTLP/HTTP by the protocol specification, against a real server.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;
use reqwest::header::{ALLOW, CONTENT_TYPE};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tonic_types::pb;
use wasmeter_otlp::decode::Reason;
use wasmeter_otlp::messages::{ExportMetricsPartialSuccess, ExportMetricsServiceResponse, NumberDataPoint};
use wasmeter_otlp::receive::{Accepted, Counted, FailureKind, Transport};
use wasmeter_otlp::{JSON, PROTOBUF};

use crate::support::messages::*;
use crate::support::server::Server;

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(content, 19).unwrap()
}

/// Asks for 128 MiB to decompress what is much smaller.
pub(crate) fn zstd_of_a_wide_window() -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(&sound()).unwrap();
    encoder.finish().unwrap()
}

async fn post(server: &Server, content_type: &str, encoding: Option<&str>, body: Vec<u8>) -> Response {
    let mut request = Client::new().post(server.metrics_url()).header(CONTENT_TYPE, content_type).body(body);
    if let Some(encoding) = encoding {
        request = request.header("content-encoding", encoding);
    }
    request.send().await.unwrap()
}

fn content_type(response: &Response) -> &str {
    response.headers()[CONTENT_TYPE].to_str().unwrap()
}

fn sound() -> Vec<u8> {
    bytes(sum(vec![int_point(7)]))
}

fn sound_json() -> Vec<u8> {
    serde_json::to_vec(&request(sum(vec![int_point(7)]))).unwrap()
}

/// Asserts the answer to a failed request: status, encoding, `google.rpc.Status`, and that it was counted.
async fn assert_failed(server: &Server, response: Response, status: u16, kind: FailureKind, says: &str) {
    assert_eq!(response.status(), status);
    let encoding = content_type(&response).to_owned();
    let body = response.bytes().await.unwrap();
    let (code, message) = if encoding == PROTOBUF {
        let status = pb::Status::decode(body).unwrap();
        (i64::from(status.code), status.message)
    } else {
        let status: Value = serde_json::from_slice(&body).unwrap();
        (status["code"].as_i64().unwrap(), status["message"].as_str().unwrap().to_owned())
    };
    assert!(code > 0 && message.contains(says), "{code} {message}");
    assert_eq!(server.count(Transport::Http, Counted::Failed(kind)), 1);
}

#[tokio::test]
async fn p7_every_encoding_and_compression_is_taken_and_answered_in_kind() {
    let (server, recorder) = Server::recording().await;
    for (media_type, body) in
        [(PROTOBUF, sound()), (JSON, sound_json()), ("application/json; charset=utf-8", sound_json())]
    {
        for encoding in [None, Some("identity"), Some("gzip"), Some("GZIP"), Some("zstd")] {
            let sent = match encoding.map(str::to_ascii_lowercase).as_deref() {
                Some("gzip") => gzip(&body),
                Some("zstd") => zstd(&body),
                _ => body.clone(),
            };
            let response = post(&server, media_type, encoding, sent).await;
            assert_eq!(response.status(), 200);
            assert_eq!(content_type(&response), media_type.split(';').next().unwrap());
            let body = response.bytes().await.unwrap();
            let empty = if media_type == PROTOBUF { &b""[..] } else { b"{}" };
            assert_eq!(body, empty, "no partial success");
        }
    }
    let batches = recorder.batches.lock().unwrap();
    assert_eq!(batches.len(), 15);
    assert!(batches.iter().all(|batch| batch.point_count() == 1));
    assert_eq!(server.count(Transport::Http, Counted::Requests), 15);
    assert_eq!(server.count(Transport::Http, Counted::Points), 15);
}

#[tokio::test]
async fn p7_refused_and_rejected_points_are_a_partial_success() {
    let (server, recorder) = Server::recording().await;
    *recorder.answer.lock().unwrap() =
        Ok(Accepted { rejected_points: 2, message: "too many series".to_owned() });
    let metric = sum(vec![int_point(1), NumberDataPoint { value: None, ..int_point(2) }]);

    let response = post(&server, PROTOBUF, None, bytes(metric.clone())).await;
    assert_eq!(response.status(), 200);
    let response = ExportMetricsServiceResponse::decode(response.bytes().await.unwrap()).unwrap();
    let Some(ExportMetricsPartialSuccess { rejected_data_points: 3, error_message }) =
        response.partial_success
    else {
        panic!("{response:?}");
    };
    assert!(
        error_message.contains("1 missing_value") && error_message.ends_with("; too many series"),
        "{error_message}"
    );

    let body = serde_json::to_vec(&request(metric)).unwrap();
    let response = post(&server, JSON, None, body).await;
    let partial: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(
        partial,
        json!({"partialSuccess": {"rejectedDataPoints": "3", "errorMessage": error_message}})
    );

    assert_eq!(server.count(Transport::Http, Counted::Refused(Reason::MissingValue)), 2);
    assert_eq!(server.count(Transport::Http, Counted::Rejected), 4);
}

#[tokio::test]
async fn a_request_without_points_does_not_reach_the_sink() {
    let (server, recorder) = Server::recording().await;
    assert_eq!(post(&server, PROTOBUF, None, Vec::new()).await.status(), 200);
    assert_eq!(post(&server, JSON, None, b"{}".to_vec()).await.status(), 200);
    assert!(recorder.batches.lock().unwrap().is_empty());
}

#[tokio::test]
async fn p7_malformed_bodies_are_400_in_the_clients_encoding() {
    let (server, _) = Server::recording().await;
    let response = post(&server, PROTOBUF, None, vec![0x0a, 0x05]).await;
    assert_eq!(content_type(&response), PROTOBUF);
    assert_failed(&server, response, 400, FailureKind::Malformed, "in protobuf").await;

    let (server, _) = Server::recording().await;
    let response = post(&server, JSON, None, b"{".to_vec()).await;
    assert_eq!(content_type(&response), JSON);
    assert_failed(&server, response, 400, FailureKind::Malformed, "line 1 column 1").await;

    let (server, _) = Server::recording().await;
    let response =
        post(&server, JSON, None, b"{\"resourceMetrics\":[{\"schemaUrl\":\"\xff\"}]}".to_vec()).await;
    assert_failed(&server, response, 400, FailureKind::Malformed, "unicode").await;

    let (server, _) = Server::recording().await;
    let response = post(&server, JSON, None, b"{\"a\":".repeat(1000)).await;
    assert_failed(&server, response, 400, FailureKind::TooComplex, "64 deep").await;
}

#[tokio::test]
async fn bad_compression_is_400_and_another_one_415() {
    let (server, _) = Server::recording().await;
    let response = post(&server, PROTOBUF, Some("gzip"), b"not gzip".to_vec()).await;
    assert_failed(&server, response, 400, FailureKind::BadCompression, "gzip").await;

    let (server, _) = Server::recording().await;
    let mut cut = gzip(&sound());
    cut.truncate(cut.len() - 9);
    let response = post(&server, PROTOBUF, Some("gzip"), cut).await;
    assert_failed(&server, response, 400, FailureKind::BadCompression, "gzip").await;

    for body in [sound(), zstd(&sound())[..20].to_vec(), zstd_of_a_wide_window()] {
        let (server, _) = Server::recording().await;
        let response = post(&server, PROTOBUF, Some("zstd"), body).await;
        assert_failed(&server, response, 400, FailureKind::BadCompression, "zstd").await;
    }

    let (server, _) = Server::recording().await;
    let response = post(&server, PROTOBUF, Some("br"), sound()).await;
    assert_failed(&server, response, 415, FailureKind::UnsupportedEncoding, "`br`; expected `gzip`, `zstd`")
        .await;
}

#[tokio::test]
async fn other_media_types_are_415() {
    for media_type in ["text/plain", "application/x-protobuffer", "application/jsonp", ""] {
        let (server, _) = Server::recording().await;
        let response = post(&server, media_type, None, sound()).await;
        assert_failed(
            &server,
            response,
            415,
            FailureKind::UnsupportedContentType,
            "expected `application/x-protobuf`",
        )
        .await;
    }
    let (server, _) = Server::recording().await;
    let response = Client::new().post(server.metrics_url()).send().await.unwrap();
    assert_failed(&server, response, 415, FailureKind::UnsupportedContentType, "no Content-Type").await;
}

#[tokio::test]
async fn other_methods_are_405_and_other_paths_404() {
    let (server, _) = Server::recording().await;
    let response = Client::new().get(server.metrics_url()).send().await.unwrap();
    assert_eq!(response.headers()[ALLOW], "POST");
    assert_failed(&server, response, 405, FailureKind::MethodNotAllowed, "POST").await;

    let (server, _) = Server::recording().await;
    let url = format!("http://{}/v1/traces", server.http);
    let response = Client::new().post(url).header(CONTENT_TYPE, PROTOBUF).send().await.unwrap();
    assert_failed(&server, response, 404, FailureKind::NotFound, "/v1/metrics").await;
}
