//! Accepting connections, closing the idle ones, and ending well.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinError, JoinSet};

use super::ReceiveLimits;

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// HTTP/1.1 or HTTP/2.
    Any,
    /// HTTP/2 only, as gRPC does.
    Http2,
}

/// How long accepting pauses when the process is out of file descriptors or the like.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// The most requests at a time on one HTTP/2 connection.
const STREAMS_MAX: u32 = 128;
/// The most bytes of the headers of one request.
const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// The most bytes of an HTTP/1 connection that are read at a time, and of the head of a request. Each connection keeps that much, also
/// while its request is worked on: then it looks whether the client has left.
const READ_BYTES_MAX: usize = 64 * 1024;
/// How often a silent HTTP/2 peer is asked whether it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// A service of this module's servers: it answers every request, if only with an error.
pub(super) trait Answer: Clone + Send + Sync + 'static {
    type Body: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + Send
        + 'static;

    fn answer(&self, request: Request<Incoming>) -> impl Future<Output = Response<Self::Body>> + Send;
}

/// Serves `service` until `shutdown` completes, then lets requests finish for at most the drain timeout.
pub(super) async fn serve(
    listener: TcpListener,
    protocol: Protocol,
    service: impl Answer,
    limits: &ReceiveLimits,
    shutdown: impl Future<Output = ()>,
) {
    let (stop, stopping) = watch::channel(());
    let slots = Arc::new(Semaphore::new(limits.connections_max.clamp(1, Semaphore::MAX_PERMITS)));
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(ended) = connections.join_next() => {
                report(ended);
                continue;
            }
            accepted = accept(&listener, &slots) => accepted,
        };
        match accepted {
            Ok((stream, slot)) => {
                let (service, limits, stopping) = (service.clone(), limits.clone(), stopping.clone());
                connections.spawn(async move {
                    connection(stream, protocol, service, limits, stopping).await;
                    drop(slot);
                });
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
                ) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept an OTLP connection; trying again");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop((listener, stop));
    let drained = async {
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    };
    if tokio::time::timeout(limits.drain_timeout, drained).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "closing OTLP connections that did not finish in time"
        );
        connections.shutdown().await;
    }
}

/// A connection's task does not end by itself but by returning, unless there is a defect.
fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "serving an OTLP connection panicked");
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, slot))
}

async fn connection(
    stream: TcpStream,
    protocol: Protocol,
    service: impl Answer,
    limits: ReceiveLimits,
    mut stopping: watch::Receiver<()>,
) {
    let activity = Activity::default();
    let builder = builder(protocol);
    let answer = service_fn(|request| {
        let (service, begun) = (service.clone(), activity.begin());
        async move {
            let response = service.answer(request).await;
            drop(begun);
            Ok::<_, Infallible>(response)
        }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), answer));
    let mut closing = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(error, "an OTLP connection broke");
                }
                return;
            }
            _ = stopping.changed(), if !closing => {}
            () = activity.idle(&limits) => if closing { return },
        }
        connection.as_mut().graceful_shutdown();
        closing = true;
    }
}

fn builder(protocol: Protocol) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // `Activity` closes slow and idle connections; hyper's own timeout would close a client that exports now and then.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(READ_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_BYTES_MAX);
    match protocol {
        Protocol::Any => builder,
        Protocol::Http2 => builder.http2_only(),
    }
}

/// Which requests a connection has had.
#[derive(Clone, Default)]
struct Activity(Arc<Requests>);

#[derive(Default)]
struct Requests {
    begun: AtomicUsize,
    ended: AtomicUsize,
    begins: Notify,
}

struct Begun(Arc<Requests>);

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

impl Activity {
    fn begin(&self) -> Begun {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        self.0.begins.notify_one();
        Begun(Arc::clone(&self.0))
    }

    /// Completes when the connection had no request for too long.
    async fn idle(&self, limits: &ReceiveLimits) {
        loop {
            let before = self.0.begun.load(Ordering::Relaxed);
            let patience = if before == 0 { limits.header_timeout } else { limits.idle_timeout };
            tokio::select! {
                () = tokio::time::sleep(patience) => {}
                () = self.0.begins.notified() => continue,
            }
            let (begun, ended) = (self.0.begun.load(Ordering::Relaxed), self.0.ended.load(Ordering::Relaxed));
            if begun == before && begun == ended {
                return;
            }
        }
    }
}
