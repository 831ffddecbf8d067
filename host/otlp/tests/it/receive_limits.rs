//! What hostile or unlucky clients cost, and how the receiver ends.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;
use tonic::codec::CompressionEncoding;
use tonic_types::StatusExt;
use wasmeter_otlp::receive::{Accepted, Counted, FailureKind, Overloaded, ReceiveLimits, Sink, Transport};
use wasmeter_otlp::{METRICS_METHOD, PROTOBUF};

use crate::receive_http::{gzip, zstd};
use crate::support::grpc::{call, export, stall};
use crate::support::messages::*;
use crate::support::server::{Gate, Recorder, Server};

fn sound() -> Vec<u8> {
    bytes(sum(vec![int_point(7)]))
}

async fn post(server: &Server, body: Vec<u8>) -> reqwest::Response {
    Client::new().post(server.metrics_url()).header(CONTENT_TYPE, PROTOBUF).body(body).send().await.unwrap()
}

async fn small() -> Server {
    let limits = ReceiveLimits { body_bytes_max: 64 << 10, ..ReceiveLimits::default() };
    Server::start(Arc::new(Recorder::default()), limits).await
}

/// A new connection to the HTTP listener that has sent `bytes`.
async fn raw(server: &Server, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.http).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

async fn read_to_end(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut text)).await;
    read.expect("the server does not close the connection").unwrap();
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn p7_bodies_over_the_limit_are_413_and_resource_exhausted() {
    let server = small().await;
    let announced = "POST /v1/metrics HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 99999999\r\n\r\n";
    let mut answer = [0; 12];
    raw(&server, announced.as_bytes()).await.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413", "refused by its announced length, before it was sent");
    let status = export(server.grpc, vec![0; 1 << 20]).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    assert!(status.get_details_retry_info().is_none(), "or clients would send it again");
    for transport in Transport::ALL {
        assert_eq!(server.count(transport, Counted::Failed(FailureKind::TooLarge)), 1);
    }
}

#[tokio::test]
async fn a_body_of_unknown_length_is_cut_off_at_the_limit() {
    let server = small().await;
    let mut stream = raw(
        &server,
        b"POST /v1/metrics HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
    )
    .await;
    let chunk = [b"1000\r\n".as_slice(), &[b' '; 0x1000], b"\r\n"].concat();
    for _ in 0..17 {
        stream.write_all(&chunk).await.unwrap();
    }
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn bombs_are_cut_off_at_the_limit() {
    let server = small().await;
    let bomb = vec![0; 16 << 20];
    assert!(gzip(&bomb).len() < 64 << 10, "small enough to be let in");
    for (coding, sent) in [("gzip", gzip(&bomb)), ("zstd", zstd(&bomb))] {
        let request = Client::new().post(server.metrics_url()).header(CONTENT_TYPE, PROTOBUF);
        let response = request.header("content-encoding", coding).body(sent).send().await.unwrap();
        assert_eq!(response.status(), 413, "{coding}");
    }
    for compression in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let sent = call(server.grpc, METRICS_METHOD, bomb.clone(), Some(compression));
        let status = sent.await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    }
    for transport in Transport::ALL {
        assert_eq!(server.count(transport, Counted::Failed(FailureKind::TooLarge)), 2);
    }
}

#[tokio::test]
async fn bodies_over_the_common_budget_are_overload() {
    let limits = ReceiveLimits { buffered_bytes_max: 1000, ..ReceiveLimits::default() };
    let server = Server::start(Arc::new(Recorder::default()), limits).await;
    let head = "POST /v1/metrics HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n";
    let slow = raw(&server, &[head.as_bytes(), &[b' '; 998]].concat()).await;
    // As soon as the server has read that.
    let soon = tokio::time::timeout(Duration::from_secs(20), async {
        while post(&server, sound()).await.status() != 503 {}
    });
    soon.await.expect("its bytes are held");
    assert_eq!(export(server.grpc, sound()).await.unwrap_err().code(), Code::Unavailable);
    drop(slow);
    let soon = tokio::time::timeout(Duration::from_secs(20), async {
        while post(&server, sound()).await.status() != 200 {}
    });
    soon.await.expect("the budget is given back");
    for round in 0..20 {
        assert_eq!(post(&server, sound()).await.status(), 200, "round {round}: the budget is given back");
    }
}

#[tokio::test]
async fn bodies_that_would_never_fit_are_too_large() {
    let limits = ReceiveLimits { buffered_bytes_max: 1000, ..ReceiveLimits::default() };
    let server = Server::start(Arc::new(Recorder::default()), limits).await;
    assert_eq!(post(&server, vec![0; 1001]).await.status(), 413);
    let status = export(server.grpc, vec![0; 1001]).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "or clients would send it again: {status}");
    let request = Client::new().post(server.metrics_url()).header(CONTENT_TYPE, PROTOBUF);
    let sent = request.header("content-encoding", "gzip").body(gzip(&[0; 1000])).send();
    assert_eq!(sent.await.unwrap().status(), 413, "with what it was sent as");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_requests_than_places_are_told_to_come_back() {
    let (gate, keeper) = Gate::new();
    let limits = ReceiveLimits {
        in_flight_max: 1,
        waiting_max: 0,
        retry_after: Duration::from_millis(2500),
        ..ReceiveLimits::default()
    };
    let server = Arc::new(Server::start(gate, limits).await);
    let first = tokio::spawn({
        let server = Arc::clone(&server);
        async move { post(&server, sound()).await.status() }
    });
    let keeper = tokio::task::spawn_blocking(move || {
        keeper.arrived.recv().unwrap();
        keeper
    })
    .await
    .unwrap();

    let refused = post(&server, sound()).await;
    assert_eq!((refused.status().as_u16(), &refused.headers()[RETRY_AFTER]), (503, &"3".parse().unwrap()));
    let status = export(server.grpc, sound()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    let info = status.get_details_retry_info().unwrap();
    assert_eq!(info.retry_delay, Some(Duration::from_millis(2500)));

    keeper.go.send(()).unwrap();
    assert_eq!(first.await.unwrap(), 200);
    keeper.go.send(()).unwrap();
    assert_eq!(post(&server, sound()).await.status(), 200, "the place is free again");
    for transport in Transport::ALL {
        assert_eq!(server.count(transport, Counted::Failed(FailureKind::Overloaded)), 1);
    }
}

#[tokio::test]
async fn p7_an_overloaded_sink_says_when_to_come_back() {
    let (server, recorder) = Server::recording().await;
    *recorder.answer.lock().unwrap() = Err(Overloaded { retry_after: Duration::from_secs(7) });
    let response = post(&server, sound()).await;
    assert_eq!((response.status().as_u16(), &response.headers()[RETRY_AFTER]), (503, &"7".parse().unwrap()));
    let status = export(server.grpc, sound()).await.unwrap_err();
    assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(Duration::from_secs(7)));
    assert_eq!(server.count(Transport::Http, Counted::Points), 0, "nothing was taken");
}

#[tokio::test]
async fn a_panicking_sink_is_an_internal_error_and_the_server_lives_on() {
    struct Panics;
    impl Sink for Panics {
        fn accept(
            &self,
            _: wasmeter_model::batch::Batch<'static>,
            _: Transport,
        ) -> Result<Accepted, Overloaded> {
            panic!("a defect");
        }
    }
    let server = Server::start(Arc::new(Panics), ReceiveLimits { in_flight_max: 1, ..<_>::default() }).await;
    for _ in 0..3 {
        assert_eq!(post(&server, sound()).await.status(), 500);
        assert_eq!(export(server.grpc, sound()).await.unwrap_err().code(), Code::Internal);
    }
    assert_eq!(server.count(Transport::Grpc, Counted::Failed(FailureKind::Internal)), 3);
}

#[tokio::test]
async fn a_body_that_never_ends_is_408() {
    let limits = ReceiveLimits { body_timeout: Duration::from_millis(50), ..ReceiveLimits::default() };
    let server = Server::start(Arc::new(Recorder::default()), limits).await;
    let head = "POST /v1/metrics HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    let answer = read_to_end(raw(&server, head.as_bytes()).await).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("the body took longer than 0.05 s"), "{answer}");
}

#[tokio::test]
async fn a_grpc_body_that_never_ends_is_deadline_exceeded() {
    let limits = ReceiveLimits { body_timeout: Duration::from_millis(50), ..ReceiveLimits::default() };
    let server = Server::start(Arc::new(Recorder::default()), limits).await;
    let status = stall(server.grpc).await;
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    assert_eq!(server.count(Transport::Grpc, Counted::Failed(FailureKind::TooSlow)), 1);
}

#[tokio::test]
async fn connections_that_send_no_request_are_closed() {
    let limits = ReceiveLimits { header_timeout: Duration::from_millis(50), ..ReceiveLimits::default() };
    let server = Server::start(Arc::new(Recorder::default()), limits).await;
    for sent in [&b""[..], b"POST /v1/metrics HTTP/1.1\r\n", b"PRI * HTTP/2.0\r\n"] {
        assert_eq!(read_to_end(raw(&server, sent).await).await, "");
    }
}

#[tokio::test]
async fn connections_without_further_requests_are_closed() {
    let limits = ReceiveLimits { idle_timeout: Duration::from_millis(50), ..ReceiveLimits::default() };
    let server = Server::start(Arc::new(Recorder::default()), limits).await;
    let answer = read_to_end(raw(&server, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[tokio::test]
async fn a_client_that_goes_away_is_counted() {
    let (server, _) = Server::recording().await;
    let head = "POST /v1/metrics HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    let mut stream = raw(&server, head.as_bytes()).await;
    stream.shutdown().await.unwrap();
    drop(read_to_end(stream).await);
    assert_eq!(server.count(Transport::Http, Counted::Failed(FailureKind::Disconnected)), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_wait_for_its_answer_is_counted() {
    let (gate, keeper) = Gate::new();
    let mut server = Server::start(gate, ReceiveLimits::default()).await;
    let body = sound();
    let head = format!(
        "POST /v1/metrics HTTP/1.1\r\nhost: a\r\ncontent-type: {PROTOBUF}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let stream = raw(&server, &[head.as_bytes(), &body].concat()).await;
    let keeper = tokio::task::spawn_blocking(move || {
        keeper.arrived.recv().unwrap();
        keeper
    })
    .await
    .unwrap();
    drop(stream);
    server.stop();
    let stats = server.receiver.stats();
    server.stopped().await;
    assert_eq!(stats.get(Transport::Http, Counted::Failed(FailureKind::Disconnected)), 1);
    keeper.go.send(()).unwrap();
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_their_turn() {
    let limits = ReceiveLimits { connections_max: 1, ..ReceiveLimits::default() };
    let server = Server::start(Arc::new(Recorder::default()), limits).await;
    let request = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut first = raw(&server, request).await;
    let mut answer = [0; 12];
    first.read_exact(&mut answer).await.unwrap();
    let mut second = raw(&server, request).await;
    drop(first);
    second.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 404");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_finishes_requests_and_accepts_no_more() {
    let (gate, keeper) = Gate::new();
    let mut server = Server::start(gate, ReceiveLimits::default()).await;
    // An idle connection must not hold up the end.
    let idle = raw(&server, b"").await;
    let (url, http, grpc) = (server.metrics_url(), server.http, server.grpc);
    let over_http = tokio::spawn(async move {
        let request = Client::new().post(url).header(CONTENT_TYPE, PROTOBUF).body(sound());
        request.send().await.unwrap().status()
    });
    let over_grpc = tokio::spawn(async move { export(grpc, sound()).await });
    let keeper = tokio::task::spawn_blocking(move || {
        // Both are at work.
        keeper.arrived.recv().unwrap();
        keeper.arrived.recv().unwrap();
        keeper
    })
    .await
    .unwrap();

    server.stop();
    assert_eq!(read_to_end(idle).await, "");
    // The idle connection was closed after the listener, so that it is certain to be gone.
    assert!(TcpStream::connect(http).await.is_err());

    keeper.go.send(()).unwrap();
    keeper.go.send(()).unwrap();
    assert_eq!(over_http.await.unwrap(), 200);
    assert!(over_grpc.await.unwrap().is_ok());
    server.stopped().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_does_not_wait_for_ever() {
    let (gate, keeper) = Gate::new();
    let limits = ReceiveLimits { drain_timeout: Duration::from_millis(50), ..ReceiveLimits::default() };
    let mut server = Server::start(gate, limits).await;
    let url = server.metrics_url();
    let stuck = tokio::spawn(async move {
        Client::new().post(url).header(CONTENT_TYPE, PROTOBUF).body(sound()).send().await
    });
    let keeper = tokio::task::spawn_blocking(move || {
        keeper.arrived.recv().unwrap();
        keeper
    })
    .await
    .unwrap();
    server.stop();
    server.stopped().await;
    assert!(stuck.await.unwrap().is_err(), "its connection was closed");
    keeper.go.send(()).unwrap();
}
