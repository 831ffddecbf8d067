//! What clients may cost.

use std::time::Duration;

/// Bounds of what clients of the receivers may cost, over all receivers; what is `None` is left to the receivers' defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientLimits {
    /// The largest body of a request, in bytes, before and after decompression.
    pub request_bytes_max: Option<usize>,
    /// The most bytes of all bodies that are held at a time.
    pub buffered_bytes_max: Option<usize>,
    /// The most bytes for what is remembered of how series are encoded.
    pub known_series_bytes_max: Option<usize>,
    /// The most connections of each receiver.
    pub connections_max: Option<usize>,
    /// The most requests that are worked on at a time.
    pub requests_at_work_max: Option<usize>,
    /// The most requests that wait for that.
    pub requests_waiting_max: Option<usize>,
    /// How long a body may take to arrive, from when it is read.
    pub request_timeout: Option<Duration>,
}
