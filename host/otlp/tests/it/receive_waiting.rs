//! More requests than can be worked on: what those that wait hold, and what those that are refused read.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::Full;
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tonic::Code;
use wasmeter_otlp::PROTOBUF;
use wasmeter_otlp::receive::{Counted, FailureKind, ReceiveLimits, Transport};

use crate::support::grpc::{Shared, export, framed, send_body};
use crate::support::messages::*;
use crate::support::server::{Gate, Keeper, Recorder, Server};

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
    begun_with(server, "", length, bytes).await
}

/// The same with a line more in its head.
async fn begun_with(server: &Server, line: &str, length: usize, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.http).await.unwrap();
    let head = format!(
        "POST /v1/metrics HTTP/1.1\r\nhost: a\r\ncontent-type: {PROTOBUF}\r\n{line}content-length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), bytes].concat()).await.unwrap();
    stream
}

/// What an answer begins with.
async fn status(stream: &mut TcpStream) -> String {
    let mut answer = [0; 12];
    let read = tokio::time::timeout(Duration::from_secs(30), stream.read_exact(&mut answer)).await;
    read.expect("an answer").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Waits until a request is at work.
async fn at_work(keeper: Keeper) -> Keeper {
    let arrived = tokio::task::spawn_blocking(move || keeper.arrived.recv().map(|()| keeper));
    arrived.await.unwrap().unwrap()
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
    let mut held = Vec::new();
    // A byte more than there is room for beside all of what is sent here, which may be refused itself if it is not read by then.
    let refused = async {
        for tries in 0.. {
            if tries % 50 == 0 {
                held = vec![begun(&server, 12 * MIB, &vec![0; 11 * MIB]).await];
            }
            if post(server.metrics_url(), sized(MIB + 1)).await == 503 {
                return;
            }
        }
    };
    soon("its bytes are held", refused).await;
    // More than the system keeps of a connection, so that a client is still writing when the budget is spent.
    for round in 0..5 {
        assert_eq!(post(server.metrics_url(), sized(11 * MIB)).await, 503, "round {round}");
    }
}

/// A body that counts what is taken of it.
struct Told {
    left: Bytes,
    taken: Arc<AtomicUsize>,
}

impl Body for Told {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.left.len().min(16 * 1024);
        self.taken.fetch_add(length, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(self.left.split_to(length)))))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_wait_keep_nothing_from_others_of_their_connection() {
    const EACH: usize = 20;
    let (gate, keeper) = Gate::new();
    let server = Server::start(gate, ReceiveLimits { in_flight_max: 1, ..ReceiveLimits::default() }).await;
    // As many as are read at a time.
    let small = sized(1000);
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(begun(&server, small.len(), &small).await);
    }
    let all_read = async {
        while server.count(Transport::Http, Counted::Requests) < 5 {
            tokio::task::yield_now().await
        }
    };
    soon("they are read", all_read).await;
    let connection = Shared::to(server.grpc).await;
    let (body, taken) = (Bytes::from(framed(false, &sized(MIB))), Arc::new(AtomicUsize::new(0)));
    let mut sent = JoinSet::new();
    for _ in 0..EACH {
        let (mut connection, body) = (connection.clone(), Told { left: body.clone(), taken: taken.clone() });
        sent.spawn(async move { connection.export(body).await.unwrap().code() });
    }
    // As much as of each alone, though none is read.
    soon("something of all is sent", async {
        while taken.load(Ordering::Relaxed) < EACH * 128 * 1024 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for _ in 0..EACH + 5 {
        keeper.go.send(()).unwrap();
    }
    assert_eq!(sent.join_all().await, [Code::Ok; EACH]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_do_not_break_the_connection_that_others_are_on() {
    let (gate, keeper) = Gate::new();
    let limits = ReceiveLimits { in_flight_max: 1, waiting_max: 0, ..ReceiveLimits::default() };
    let server = Server::start(gate, limits).await;
    let connection = Shared::to(server.grpc).await;
    let body = |bytes| Full::new(Bytes::from(framed(false, &sized(bytes))));
    let first = tokio::spawn({
        let (mut connection, body) = (connection.clone(), body(1000));
        async move { connection.export(body).await.unwrap().code() }
    });
    let keeper = at_work(keeper).await;
    let refused = body(100_000);
    // Until the connection takes no others.
    let mut answers = 0;
    loop {
        let mut sent = JoinSet::new();
        for _ in 0..100 {
            let (mut connection, refused) = (connection.clone(), refused.clone());
            sent.spawn(async move { connection.export(refused).await.map(|status| status.code()) });
        }
        let codes: Vec<_> = sent.join_all().await.into_iter().flatten().collect();
        assert!(codes.iter().all(|code| *code == Code::Unavailable), "{codes:?}");
        answers += codes.len();
        if codes.len() < 100 {
            break;
        }
    }
    assert!((1500..2000).contains(&answers), "{answers}");
    keeper.go.send(()).unwrap();
    assert_eq!(first.await.unwrap(), Code::Ok);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_is_refused_is_told_so_however_it_goes_on() {
    let (gate, keeper) = Gate::new();
    let limits = ReceiveLimits {
        in_flight_max: 1,
        waiting_max: 0,
        body_timeout: Duration::from_millis(200),
        ..ReceiveLimits::default()
    };
    let server = Server::start(gate, limits).await;
    let body = sized(1000);
    let _first = begun(&server, body.len(), &body).await;
    let keeper = at_work(keeper).await;
    let mut stops = begun(&server, body.len(), &body[..999]).await;
    assert_eq!(status(&mut stops).await, "HTTP/1.1 503");
    assert_eq!(server.count(Transport::Http, Counted::Failed(FailureKind::Overloaded)), 1);
    keeper.go.send(()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_asks_first_is_refused_before_it_sends() {
    let (gate, keeper) = Gate::new();
    let limits = ReceiveLimits {
        in_flight_max: 1,
        waiting_max: 0,
        body_timeout: Duration::from_secs(3600),
        ..ReceiveLimits::default()
    };
    let server = Server::start(gate, limits).await;
    let body = sized(1000);
    let _first = begun(&server, body.len(), &body).await;
    let keeper = at_work(keeper).await;
    let mut asks = begun_with(&server, "expect: 100-continue\r\n", body.len(), b"").await;
    assert_eq!(status(&mut asks).await, "HTTP/1.1 503");
    keeper.go.send(()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_may_be_as_large_as_a_body() {
    let limits = ReceiveLimits { body_bytes_max: 1000, ..ReceiveLimits::default() };
    let server = Server::start(Arc::new(Recorder::default()), limits).await;
    assert_eq!(post(server.metrics_url(), sized(1000)).await, 200);
    assert_eq!(send_body(server.grpc, None, framed(false, &sized(1000))).await.code(), Code::Ok);
    assert_eq!(post(server.metrics_url(), sized(1001)).await, 413);
    assert_eq!(
        send_body(server.grpc, None, framed(false, &sized(1001))).await.code(),
        Code::ResourceExhausted
    );
}
