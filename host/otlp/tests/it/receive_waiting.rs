//! More requests than can be worked on: what those that wait hold, and what those that are refused read.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use wasmeter_otlp::PROTOBUF;
use wasmeter_otlp::receive::{Counted, ReceiveLimits, Transport};

use crate::support::grpc::export;
use crate::support::messages::*;
use crate::support::server::{Gate, Recorder, Server};

const MIB: usize = 1 << 20;

/// A request of this size: a sound one, and a field that nobody knows.
fn sized(bytes: usize) -> Vec<u8> {
    let mut body = self::bytes(sum(vec![int_point(7)]));
    let length = bytes - body.len() - 7;
    // Field 1000 with a length, in five bytes.
    body.extend([0xc2, 0x3e]);
    body.extend((0..5).map(|place| (length >> (7 * place)) as u8 & 0x7f | if place < 4 { 0x80 } else { 0 }));
    body.resize(bytes, 0);
    body
}

async fn post(url: String, body: Vec<u8>) -> u16 {
    let sent = Client::new().post(url).header(CONTENT_TYPE, PROTOBUF).body(body).send();
    sent.await.expect("an answer").status().as_u16()
}

/// A connection to the HTTP listener that has begun a body of this length with these bytes.
async fn begun(server: &Server, length: usize, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.http).await.unwrap();
    let head = format!(
        "POST /v1/metrics HTTP/1.1\r\nhost: a\r\ncontent-type: {PROTOBUF}\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), bytes].concat()).await.unwrap();
    stream
}

async fn soon(what: &str, happens: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(30), happens).await.expect(what);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_wait_are_not_held() {
    const EACH: usize = 20;
    let (gate, keeper) = Gate::new();
    // A third of what is sent.
    let limits = ReceiveLimits {
        in_flight_max: 1,
        buffered_bytes_max: EACH * 2 * MIB / 3,
        ..ReceiveLimits::default()
    };
    let server = Server::start(gate, limits).await;
    let mut sent = JoinSet::new();
    for _ in 0..EACH {
        let (url, grpc) = (server.metrics_url(), server.grpc);
        sent.spawn(async move { post(url, sized(MIB)).await == 200 });
        sent.spawn(async move { export(grpc, sized(MIB)).await.is_ok() });
    }
    soon("all of them come", async {
        while Transport::ALL.iter().any(|of| server.count(*of, Counted::Requests) < EACH as u64) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for _ in 0..EACH * 2 {
        keeper.go.send(()).unwrap();
    }
    let answers = sent.join_all().await;
    assert!(answers.iter().all(|is_taken| *is_taken), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_do_not_go_on_with_their_bodies_keep_nobody_out() {
    let limits = ReceiveLimits { in_flight_max: 1, waiting_max: 4, ..ReceiveLimits::default() };
    let server = Server::start(Arc::new(Recorder::default()), limits).await;
    let mut slow = Vec::new();
    for _ in 0..20 {
        slow.push(begun(&server, 100, b"\n").await);
    }
    let taken = async {
        let url = server.metrics_url();
        while post(url.clone(), sized(1000)).await != 200 || export(server.grpc, sized(1000)).await.is_err() {
        }
    };
    soon("others are taken", taken).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_refused_on_its_way_is_read_to_its_end() {
    let limits = ReceiveLimits { buffered_bytes_max: 12 * MIB, ..ReceiveLimits::default() };
    let server = Server::start(Arc::new(Recorder::default()), limits).await;
    let _held = begun(&server, 12 * MIB, &vec![0; 11 * MIB]).await;
    // As soon as the server has read that.
    let refused = async { while post(server.metrics_url(), sized(2 * MIB)).await != 503 {} };
    soon("its bytes are held", refused).await;
    // More than the system keeps of a connection, so that a client is still writing when the budget is spent.
    for round in 0..5 {
        assert_eq!(post(server.metrics_url(), sized(11 * MIB)).await, 503, "round {round}");
    }
}
