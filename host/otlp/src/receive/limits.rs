//! What clients may cost.

use std::time::Duration;

use wasmeter_serve::ConnectionLimits;

/// The bounds of a [`super::Receiver`], over all its listeners unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiveLimits {
    /// The most bytes of one body, as sent and again after decompression. The specification advises 64 MiB.
    pub body_bytes_max: usize,
    /// The most bytes of all bodies that are held at a time. A body that does not fit now is refused as overload, one that would not
    /// fit if it were the only one as too large. More than `body_bytes_max`, since a compressed body and its content are held together.
    pub buffered_bytes_max: usize,
    /// What names of series, metrics and the like may take that are remembered by their encoding, so that a point of a known
    /// series is not decoded; see [`crate::wire::Names`]. Beyond it, points are decoded.
    pub names_bytes_max: usize,
    /// The most requests that are decoded and handed to the sink at a time, each on its own thread.
    pub in_flight_max: usize,
    /// The most requests that wait for that; more are refused as overload, and who has waited for five seconds. The bodies of a few are
    /// read meanwhile, the others' stay in their sockets.
    pub waiting_max: usize,
    /// The most connections of each listener; more wait to be accepted.
    pub connections_max: usize,
    /// How long a body may take to arrive, from when it is read.
    pub body_timeout: Duration,
    /// How long a new connection may take to send the head of its first request.
    pub header_timeout: Duration,
    /// How long a connection may be without a request. Longer than clients' export interval, or they reconnect each time.
    pub idle_timeout: Duration,
    /// How long a client may take to read an answer.
    pub answer_timeout: Duration,
    /// How long requests may take to finish after shutdown began; then their connections are closed.
    pub drain_timeout: Duration,
    /// When a client may try again after a refusal by these limits.
    pub retry_after: Duration,
}

impl Default for ReceiveLimits {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            body_bytes_max: 64 << 20,
            // Room for one of the largest, and a few of the usual size beside it.
            buffered_bytes_max: 72 << 20,
            names_bytes_max: 512 << 20,
            in_flight_max: 2 * threads,
            waiting_max: 100,
            connections_max: 1024,
            body_timeout: Duration::from_secs(30),
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(180),
            answer_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(10),
            retry_after: Duration::from_secs(1),
        }
    }
}

impl ReceiveLimits {
    /// Those of each listener's connections.
    pub(super) fn connections(&self) -> ConnectionLimits {
        ConnectionLimits {
            connections_max: self.connections_max,
            header_timeout: self.header_timeout,
            idle_timeout: self.idle_timeout,
            answer_timeout: self.answer_timeout,
            drain_timeout: self.drain_timeout,
        }
    }
}
