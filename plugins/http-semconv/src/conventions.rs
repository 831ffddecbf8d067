//! The semantic conventions of HTTP metrics: which instrument has which attributes, and the buckets of durations.
//!
//! Stable names are those of semantic conventions 1.23 and later, old ones those before; what clients send mixes both, so
//! an instrument keeps the attributes of both. Left out is what the conventions call opt-in because whoever sends a request
//! chooses the value: the host a server was asked by, addresses and ports of peers.

/// The buckets of durations in seconds (semantic conventions, HTTP metrics, `http.server.request.duration`).
const BOUNDARIES_SECS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// The same in milliseconds, as the old names have it; written out, since scaling doubles is not exact.
const BOUNDARIES_MILLIS: [f64; 14] =
    [5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0, 10000.0];

/// The attributes of all of them. An SDK's own overflow series must stay apart from the series of real attributes.
const COMMON: &[&str] = &[
    "http.request.method",
    "url.scheme",
    "network.protocol.name",
    "network.protocol.version",
    "http.method",
    "http.scheme",
    "http.flavor",
    "net.protocol.name",
    "net.protocol.version",
    "otel.metric.overflow",
];

/// What became of a request.
const OUTCOME: &[&str] = &["http.response.status_code", "http.status_code", "error.type"];

/// The route that served a request.
const ROUTE: &[&str] = &["http.route"];

/// Whom a client asked, and with which template.
const SERVER: &[&str] = &["server.address", "server.port", "net.peer.name", "net.peer.port", "url.template"];

/// The state of a pooled connection.
const CONNECTION: &[&str] = &["http.connection.state"];

/// The kinds of HTTP instruments; each has its list of attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Convention {
    /// How long a server took.
    ServerDuration,
    /// How large a server's requests or responses are.
    ServerSize,
    /// What a server has at hand; the outcome and often the route are not known yet.
    ServerActive,
    /// How long a client waited.
    ClientDuration,
    /// How large a client's requests or responses are.
    ClientSize,
    /// What a client has at hand.
    ClientActive,
    /// A client's connections.
    ClientConnection,
}

/// The convention of an instrument, by its name; names are compared without regard to ASCII case, as instruments are.
pub(crate) fn of(name: &str) -> Option<Convention> {
    Some(match name.to_ascii_lowercase().as_str() {
        "http.server.request.duration" | "http.server.duration" => Convention::ServerDuration,
        "http.server.request.body.size"
        | "http.server.response.body.size"
        | "http.server.request.size"
        | "http.server.response.size" => Convention::ServerSize,
        "http.server.active_requests" => Convention::ServerActive,
        "http.client.request.duration" | "http.client.duration" => Convention::ClientDuration,
        "http.client.request.body.size"
        | "http.client.response.body.size"
        | "http.client.request.size"
        | "http.client.response.size" => Convention::ClientSize,
        "http.client.active_requests" => Convention::ClientActive,
        "http.client.open_connections" | "http.client.connection.duration" => Convention::ClientConnection,
        _ => return None,
    })
}

/// The buckets of durations in this unit; `None` for a unit durations are not measured in.
pub(crate) fn boundaries(unit: &str) -> Option<Vec<f64>> {
    match unit {
        "s" => Some(BOUNDARIES_SECS.to_vec()),
        "ms" => Some(BOUNDARIES_MILLIS.to_vec()),
        _ => None,
    }
}

impl Convention {
    /// The keys of the attributes the instrument keeps.
    pub(crate) fn attributes(self) -> impl Iterator<Item = &'static str> {
        let own: [&'static [&'static str]; 2] = match self {
            Self::ServerDuration | Self::ServerSize => [OUTCOME, ROUTE],
            Self::ServerActive => [&[], &[]],
            Self::ClientDuration | Self::ClientSize => [OUTCOME, SERVER],
            Self::ClientActive => [SERVER, &[]],
            Self::ClientConnection => [SERVER, CONNECTION],
        };
        COMMON.iter().chain(own.into_iter().flatten()).copied()
    }

    /// True for how long requests take, which is what the buckets are for. Connections live longer.
    pub(crate) fn is_duration(self) -> bool {
        matches!(self, Self::ServerDuration | Self::ClientDuration)
    }
}
