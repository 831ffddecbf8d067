//! Exporting over HTTP to our own receiver, and to one that answers from a script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use prost::Message;
use serde_json::json;
use tokio::time::Instant;
use tonic_types::pb;
use wasmeter_otlp::export::{ExportConfig, ExportError, Exported, Exporter, metrics_url};
use wasmeter_otlp::receive::{Accepted, Counted, Transport};
use wasmeter_otlp::{Compression, JSON, PROTOBUF};

use crate::export_grpc::{frame, quick, soon};
use crate::support::batch_rows::batch_rows;
use crate::support::server::{Server, listen};

type Answer = (u16, Vec<(&'static str, String)>, Vec<u8>);

/// A receiver that answers from a script, and keeps the headers and times of the requests.
struct Script {
    url: String,
    requests: Arc<Mutex<Vec<(HeaderMap, Bytes, Instant)>>>,
}

impl Script {
    async fn start(answers: Vec<Answer>) -> Self {
        let listener = listen().await;
        let url = metrics_url(&format!("http://{}", listener.local_addr().unwrap()));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(VecDeque::from(answers)));
        let kept = Arc::clone(&requests);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (kept, answers) = (Arc::clone(&kept), Arc::clone(&answers));
                let service = service_fn(move |request: Request<Incoming>| {
                    let (kept, answers) = (Arc::clone(&kept), Arc::clone(&answers));
                    async move {
                        let headers = request.headers().clone();
                        let body = request.into_body().collect().await?.to_bytes();
                        kept.lock().unwrap().push((headers, body, Instant::now()));
                        let (status, headers, body) =
                            answers.lock().unwrap().pop_front().expect("one request too many");
                        let mut response = Response::builder().status(status);
                        for (name, value) in headers {
                            response = response.header(name, value);
                        }
                        Ok::<_, hyper::Error>(response.body(Full::new(Bytes::from(body))).unwrap())
                    }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self { url, requests }
    }

    async fn export(&self) -> Result<Exported, ExportError> {
        Exporter::http(quick(self.url.clone())).unwrap().export(&frame(), soon()).await
    }

    fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

fn answer(status: u16) -> Answer {
    (status, Vec::new(), Vec::new())
}

fn status_body(message: &str) -> Vec<u8> {
    pb::Status { code: 3, message: message.to_owned(), details: Vec::new() }.encode_to_vec()
}

#[tokio::test]
async fn what_is_exported_arrives_in_every_encoding() {
    let (server, recorder) = Server::recording().await;
    *recorder.answer.lock().unwrap() = Ok(Accepted { rejected_points: 1, message: "no room".to_owned() });
    let (none, gzip, zstd) = (Compression::None, Compression::Gzip, Compression::Zstd);
    for (compression, json) in
        [(none, false), (gzip, false), (zstd, false), (none, true), (gzip, true), (zstd, true)]
    {
        let config = ExportConfig { compression, json, ..quick(server.metrics_url()) };
        let exported = Exporter::http(config).unwrap().export(&frame(), soon()).await;
        assert_eq!(
            exported,
            Ok(Exported { rejected: 1, message: "no room".to_owned() }),
            "{compression:?}, json {json}"
        );
    }
    let batches = recorder.batches.lock().unwrap();
    assert_eq!(batches.len(), 6, "a partial success is not sent again");
    assert!(batches.iter().all(|received| batch_rows(received) == batch_rows(&frame().into())));
    assert_eq!(server.count(Transport::Http, Counted::Requests), 6);
}

#[tokio::test]
async fn o2_p4_the_four_transient_statuses_are_tried_again() {
    let script = Script::start([429, 502, 503, 504, 200].map(answer).to_vec()).await;
    assert_eq!(script.export().await, Ok(Exported::default()));
    assert_eq!(script.count(), 5);
}

#[tokio::test]
async fn p4_retry_after_is_waited_for() {
    let busy = (503, vec![("retry-after", "1".to_owned())], Vec::new());
    let script = Script::start(vec![busy, answer(200)]).await;
    assert_eq!(script.export().await, Ok(Exported::default()));
    let requests = script.requests.lock().unwrap();
    let waited = requests[1].2 - requests[0].2;
    assert!(waited >= Duration::from_secs(1), "{waited:?} although the backoff is 1 ms");
}

#[tokio::test]
async fn a_retry_after_beyond_the_timeout_is_not_waited_for() {
    let busy = (503, vec![("retry-after", "3600".to_owned())], b"closed for today".to_vec());
    let script = Script::start(vec![busy]).await;
    let error = script.export().await.unwrap_err();
    let ExportError::Exhausted { attempts: 1, message } = &error else { panic!("{error}") };
    assert!(message.contains("503") && message.contains("closed for today"), "{message}");
}

#[tokio::test]
async fn p4_other_statuses_are_permanent_with_the_receivers_message() {
    for status in [301, 307, 400, 401, 404, 408, 413, 500, 501] {
        let headers =
            vec![("content-type", PROTOBUF.to_owned()), ("location", "http://127.0.0.1:1/".to_owned())];
        let script = Script::start(vec![(status, headers, status_body("point 7 is bad"))]).await;
        let error = script.export().await.unwrap_err();
        let ExportError::Permanent { message } = &error else { panic!("{status}: {error}") };
        assert!(message.contains(&status.to_string()) && message.contains("point 7 is bad"), "{message}");
        assert_eq!(script.count(), 1);
    }
    let body = json!({"code": 3, "message": "point 8 is bad"}).to_string();
    let script = Script::start(vec![(400, vec![("content-type", JSON.to_owned())], body.into_bytes())]).await;
    assert!(script.export().await.unwrap_err().to_string().ends_with("point 8 is bad"));
}

#[tokio::test]
async fn a_success_with_an_unreadable_body_stays_one() {
    let script = Script::start(vec![(200, Vec::new(), b"\xff\xff".to_vec())]).await;
    let exported = script.export().await.unwrap();
    assert_eq!((exported.rejected, exported.message.contains("unreadable")), (0, true));
}

#[tokio::test]
async fn p6_requests_carry_the_specified_and_the_configured_headers() {
    let script = Script::start(vec![answer(200)]).await;
    let headers = vec![("Authorization".to_owned(), "Bearer x".to_owned())];
    let config = ExportConfig { headers, compression: Compression::Gzip, ..quick(script.url.clone()) };
    Exporter::http(config).unwrap().export(&frame(), soon()).await.unwrap();
    let requests = script.requests.lock().unwrap();
    let (headers, body, _) = &requests[0];
    assert_eq!(headers["authorization"], "Bearer x");
    assert_eq!(headers["content-type"], PROTOBUF);
    assert_eq!(headers["content-encoding"], "gzip");
    assert!(headers["user-agent"].to_str().unwrap().contains("OTel-OTLP-Exporter-Rust/"));
    assert_eq!(&body[..2], b"\x1f\x8b");
}

#[tokio::test]
async fn a_connection_that_breaks_is_tried_again() {
    let listener = listen().await;
    let url = metrics_url(&format!("http://{}", listener.local_addr().unwrap()));
    let breaking = tokio::spawn(async move {
        for _ in 0..2 {
            drop(listener.accept().await.unwrap());
        }
        listener
    });
    let exporter = Exporter::http(quick(url)).unwrap();
    let error = exporter.export(&frame(), Instant::now() + Duration::from_millis(500)).await.unwrap_err();
    assert!(matches!(error, ExportError::Exhausted { attempts: 3.., .. }), "{error}");
    drop(breaking.await.unwrap());
}

#[tokio::test]
async fn headers_that_the_exporter_sets_cannot_be_configured() {
    let headers = vec![("Content-Type".to_owned(), "text/plain".to_owned())];
    let error = Exporter::http(ExportConfig { headers, ..quick("http://a".to_owned()) }).unwrap_err();
    assert!(error.to_string().contains("sets it itself"), "{error}");
}
