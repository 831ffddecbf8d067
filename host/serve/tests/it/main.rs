//! Clients that do not read what they asked for, over real connections.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use wasmeter_serve::{Answer, ConnectionLimits, Protocol, serve};

/// Answers `/endless` with what never ends, and everything else with `whole`.
#[derive(Clone, Default)]
struct Service {
    gone: Arc<Notify>,
    written: Arc<AtomicUsize>,
}

/// A body without end; says when it is let go of.
struct Endless(Service);

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.gone.notify_one();
    }
}

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let part = Bytes::from_static(&[b'x'; 1 << 16]);
        self.0.written.fetch_add(part.len(), Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(part))))
    }
}

impl Answer for Service {
    type Body = BoxBody<Bytes, Infallible>;

    async fn answer(&self, request: Request<Incoming>) -> Response<Self::Body> {
        Response::new(match request.uri().path() {
            "/endless" => BoxBody::new(Endless(self.clone())),
            _ => Full::new(Bytes::from_static(b"whole")).boxed(),
        })
    }
}

const PATIENT: Duration = Duration::from_secs(60);

/// A client of a server that gives answers so long to be read.
async fn client(service: Service, answer_timeout: Duration, request: &str) -> TcpStream {
    let limits = ConnectionLimits {
        connections_max: 10,
        header_timeout: PATIENT,
        idle_timeout: PATIENT,
        answer_timeout,
        drain_timeout: PATIENT,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(
        async move { serve(listener, Protocol::Any, service, &limits, std::future::pending()).await },
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_let_go_of_in_time_and_never_made_ahead() {
    let service = Service::default();
    let request = "GET /endless HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut stream = client(service.clone(), Duration::from_millis(100), request).await;
    tokio::time::timeout(PATIENT, service.gone.notified()).await.expect("the answer is kept");
    assert!(
        service.written.load(Ordering::Relaxed) < 32 << 20,
        "as much as the system keeps for a connection"
    );
    // What was on its way arrives; then the connection is closed, in one way or the other.
    let mut rest = Vec::new();
    let _ended = tokio::time::timeout(PATIENT, stream.read_to_end(&mut rest)).await.expect("it stays open");
}
