//! Where to send and how.

use std::fmt;
use std::time::Duration;

use http::Uri;
use tokio::time::Instant;
use wasmeter_model::delivery::RetryPolicy;

use crate::{Compression, METRICS_PATH};

/// The options of an exporter (OTLP exporter specification). `Debug` shows the names of headers, never their values.
#[derive(Clone)]
pub struct ExportConfig {
    /// Where to send: see [`super::Exporter::grpc`] and [`super::Exporter::http`]. `https` is not supported yet and refused.
    pub endpoint: String,
    /// Sent with every request: name and value.
    pub headers: Vec<(String, String)>,
    /// The longest an export takes, all attempts and waits together. Zero: as long as the caller allows.
    pub timeout: Duration,
    /// How requests are compressed.
    pub compression: Compression,
    /// Whether requests are JSON rather than protobuf; over HTTP only.
    pub json: bool,
    /// How long to wait between attempts, where the receiver does not say.
    pub retry: RetryPolicy,
    /// The seed of the jitter, for repeatable runs; random if `None`.
    pub retry_seed: Option<u64>,
}

impl ExportConfig {
    /// The specified defaults: 10 s, no compression, protobuf.
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            headers: Vec::new(),
            timeout: Duration::from_secs(10),
            compression: Compression::None,
            json: false,
            retry: RetryPolicy::default(),
            retry_seed: None,
        }
    }

    /// The sooner of `deadline` and the timeout from now.
    pub(super) fn deadline(&self, deadline: Instant) -> Instant {
        match Instant::now().checked_add(self.timeout) {
            Some(timeout) if !self.timeout.is_zero() => deadline.min(timeout),
            _ => deadline,
        }
    }
}

impl fmt::Debug for ExportConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        // An endpoint that could not be used may hold a password; one that could does not.
        let endpoint = match parse_endpoint(&self.endpoint) {
            Ok(_) => without_query(&self.endpoint),
            Err(_) => "(unusable)",
        };
        formatter
            .debug_struct("ExportConfig")
            .field("endpoint", &endpoint)
            .field("headers", &headers)
            .field("timeout", &self.timeout)
            .field("compression", &self.compression)
            .field("json", &self.json)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// Why an exporter cannot be made from its configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Not a URL with a host.
    #[error(
        "endpoint `{found}` is not usable: {reason}; expected for example `http://localhost:4318/v1/metrics`"
    )]
    Endpoint {
        /// The endpoint.
        found: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Anything but `http`.
    #[error("endpoint scheme `{found}` is not supported; expected `http` (TLS is not available yet)")]
    Scheme {
        /// The scheme.
        found: String,
    },
    /// User name or password in the URL, which would end up in logs.
    #[error(
        "the endpoint has an `@`, as before it stands a user name or password; use the header `authorization`"
    )]
    Credentials,
    /// Not a header of HTTP, or one that the exporter sets itself.
    #[error("header `{name}` is not usable: {reason}")]
    Header {
        /// Its name; the value is never shown.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The client could not be set up.
    #[error("cannot set up the client: {0}")]
    Client(String),
}

/// The URL for metrics of a base endpoint: `/v1/metrics` appended to its path (OTLP exporter specification, "Endpoint URLs
/// for OTLP/HTTP"). An endpoint that was given for metrics alone is used as it is instead.
pub fn metrics_url(base: &str) -> String {
    let (path, query) = base.split_once('?').map_or((base, None), |(path, query)| (path, Some(query)));
    let path = path.trim_end_matches('/');
    match query {
        Some(query) => format!("{path}{METRICS_PATH}?{query}"),
        None => format!("{path}{METRICS_PATH}"),
    }
}

/// Checks an endpoint of either transport; without a scheme it is `http`.
pub(super) fn parse_endpoint(endpoint: &str) -> Result<Uri, ConfigError> {
    // Before anything that quotes the endpoint in an error.
    if endpoint.contains('@') {
        return Err(ConfigError::Credentials);
    }
    let unusable =
        |reason: String| ConfigError::Endpoint { found: without_query(endpoint).to_owned(), reason };
    let with_scheme = match endpoint.contains("://") {
        true => endpoint.to_owned(),
        false => format!("http://{endpoint}"),
    };
    let uri: Uri = with_scheme.parse().map_err(|error: http::uri::InvalidUri| unusable(error.to_string()))?;
    match uri.scheme_str() {
        Some("http") => {}
        found => return Err(ConfigError::Scheme { found: found.unwrap_or_default().to_owned() }),
    }
    match uri.host() {
        Some(host) if !host.is_empty() => Ok(uri),
        _ => Err(unusable("it has no host".to_owned())),
    }
}

/// What may be shown of an endpoint: its query may hold a key.
fn without_query(endpoint: &str) -> &str {
    endpoint.split('?').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p3_metrics_url_appends_to_the_path() {
        assert_eq!(metrics_url("http://localhost:4318"), "http://localhost:4318/v1/metrics");
        assert_eq!(metrics_url("http://localhost:4318/"), "http://localhost:4318/v1/metrics");
        assert_eq!(metrics_url("http://a/otlp/"), "http://a/otlp/v1/metrics");
        assert_eq!(metrics_url("http://a/otlp?key=1"), "http://a/otlp/v1/metrics?key=1");
    }

    #[test]
    fn debug_shows_no_secrets() {
        let mut config = ExportConfig::new("http://a/v1/metrics?key=hidden1");
        config.headers.push(("authorization".to_owned(), "Bearer hidden2".to_owned()));
        let shown = format!("{config:?}");
        assert!(shown.contains("http://a/v1/metrics") && shown.contains("authorization"), "{shown}");
        assert!(!shown.contains("hidden"), "{shown}");
        config.endpoint = "http://user:hidden3@a".to_owned();
        assert!(!format!("{config:?}").contains("hidden"));
    }

    #[test]
    fn unusable_endpoints_are_refused_with_what_to_do() {
        let error = |endpoint| parse_endpoint(endpoint).unwrap_err().to_string();
        assert!(error("https://a").contains("`https` is not supported; expected `http`"));
        assert!(!error("http://user:hidden@a").contains("hidden"));
        assert!(error("http://").contains("is not usable"));
        assert!(error("").contains("is not usable"));
        assert_eq!(parse_endpoint("localhost:4317").unwrap().port_u16(), Some(4317));
    }
}
