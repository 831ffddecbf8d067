//! One connection.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};

use super::activity::Activity;
use super::{Answer, ConnectionLimits, Protocol, Unread};

/// The most requests at a time on one HTTP/2 connection.
const STREAMS_MAX: u32 = 128;
/// The most bytes of the body of a request over HTTP/2 that is not read yet: what a client can have this process keep before it is its
/// turn, and what it has sent in vain when it is refused. Half of that costs a tenth of the throughput.
const UNREAD_BYTES_MAX: u32 = 128 * 1024;
/// The most bytes of all bodies of an HTTP/2 connection that are not read yet: so many that requests which wait keep nothing from those
/// that are read.
const UNREAD_BYTES_OF_ALL_MAX: u32 = STREAMS_MAX * UNREAD_BYTES_MAX;
/// The most requests that are refused before they are read on one HTTP/2 connection. Then it ends in order, with all that is on it, and
/// its client makes another.
const REFUSED_MAX: u32 = 1500;
/// How many frames of requests that are forgotten `hyper` lets pass before it breaks a connection off, and all that is on it with it: as
/// many as come for those that are refused, of 16 KiB each.
const LATE_FRAMES_MAX: usize = ((REFUSED_MAX + STREAMS_MAX) * (UNREAD_BYTES_MAX / (16 * 1024))) as usize;
/// The most bytes of the headers of one request.
const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// The most bytes of an HTTP/1 connection that are read at a time, and of the head of a request. Each connection keeps that much, also
/// while its request is worked on: then it looks whether the client has left.
const READ_BYTES_MAX: usize = 64 * 1024;
/// How often a silent HTTP/2 peer is asked whether it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// Serves one client until it leaves, is idle or slow, or the server stops.
pub(super) async fn serve(
    stream: TcpStream,
    protocol: Protocol,
    service: impl Answer,
    limits: ConnectionLimits,
    mut stopping: watch::Receiver<()>,
) {
    let activity = Activity::default();
    let builder = builder(protocol);
    let refusals = Arc::new(Semaphore::new(0));
    let answer = service_fn(|request| {
        let (service, begun, timeout) = (service.clone(), activity.begin(), limits.answer_timeout);
        let refusals = Arc::clone(&refusals);
        async move {
            let response = service.answer(request).await;
            if response.extensions().get::<Unread>().is_some() {
                refusals.add_permits(1);
            }
            Ok::<_, Infallible>(response.map(|body| begun.answered(body, timeout)))
        }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), answer));
    let mut closing = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(error, "a connection broke");
                }
                return;
            }
            () = activity.overdue() => {
                return tracing::debug!("closing a connection whose client does not read its answer");
            }
            _ = stopping.changed(), if !closing => {}
            _ = refusals.acquire_many(REFUSED_MAX), if !closing => {}
            () = activity.idle(&limits) => if closing { return },
        }
        connection.as_mut().graceful_shutdown();
        closing = true;
    }
}

fn builder(protocol: Protocol) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // `Activity` closes slow and idle connections; hyper's own timeout would close a client that comes now and then.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(READ_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .max_concurrent_streams(STREAMS_MAX)
        .initial_stream_window_size(UNREAD_BYTES_MAX)
        .initial_connection_window_size(UNREAD_BYTES_OF_ALL_MAX)
        .max_local_error_reset_streams(LATE_FRAMES_MAX)
        .max_header_list_size(HEADER_BYTES_MAX);
    match protocol {
        Protocol::Any => builder,
        Protocol::Http2 => builder.http2_only(),
    }
}
