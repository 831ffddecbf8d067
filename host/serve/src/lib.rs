//! Serving HTTP/1.1 and HTTP/2 to clients that may be slow, silent or many: what each connection costs is bounded by
//! [`ConnectionLimits`], and when the server ends, requests may finish.

mod activity;
mod connection;

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinError, JoinSet};

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1 or HTTP/2.
    Any,
    /// HTTP/2 only, as gRPC does.
    Http2,
}

/// What the connections of a listener may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// The most of them at a time; more wait to be accepted.
    pub connections_max: usize,
    /// How long a new one may take to send the head of its first request.
    pub header_timeout: Duration,
    /// How long one may be without a request. Longer than clients' interval, or they connect each time.
    pub idle_timeout: Duration,
    /// How long a client may take to read an answer, from when it is there. Then its connection is closed, whatever else is under way on it.
    pub answer_timeout: Duration,
    /// How long requests may take to finish after shutdown began; then their connections are closed.
    pub drain_timeout: Duration,
}

/// How long accepting pauses when the process is out of file descriptors or the like.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A service of these servers: it answers every request, if only with an error.
pub trait Answer: Clone + Send + Sync + 'static {
    /// What it answers with. Let go of at the latest when [`ConnectionLimits::answer_timeout`] is over.
    type Body: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + Send
        + Unpin
        + 'static;

    /// The answer to a request, whose body it reads itself, as far as it wants to.
    fn answer(&self, request: Request<Incoming>) -> impl Future<Output = Response<Self::Body>> + Send;
}

/// An extension of an answer over HTTP/2 to a request whose body may not have been read: what is still on its way for that wears its
/// connection out, which ends in order after many of them.
#[derive(Clone, Copy, Debug)]
pub struct Unread;

/// Serves `service` until `shutdown` completes, then lets requests finish for at most the drain timeout.
pub async fn serve(
    listener: TcpListener,
    protocol: Protocol,
    service: impl Answer,
    limits: &ConnectionLimits,
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
                    connection::serve(stream, protocol, service, limits, stopping).await;
                    drop(slot);
                });
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
                ) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection; trying again");
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
        tracing::warn!(connections = connections.len(), "closing connections that did not finish in time");
        connections.shutdown().await;
    }
}

/// A connection's task does not end by itself but by returning, unless there is a defect.
fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "serving a connection panicked");
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    // No part of an answer is to wait until the one before is acknowledged.
    stream.set_nodelay(true)?;
    Ok((stream, slot))
}
