//! Whom a plugin may speak to over HTTP: scheme, host and port, each exactly.

use std::fmt;

use http::Uri;

/// An origin such as `https://example.com:443`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HttpOrigin {
    /// Whether it is spoken to over TLS.
    pub is_tls: bool,
    /// The host's name in lower case, or its address; that of an IPv6 address is in brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl HttpOrigin {
    /// The origin of a URI: its port is that of the scheme where it names none. `None` if it has no host, or a scheme that is
    /// not HTTP.
    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        let (is_tls, default_port) = match uri.scheme_str()? {
            "http" => (false, 80),
            "https" => (true, 443),
            _ => return None,
        };
        // What stands before an `@` is no part of the host, but looks like one.
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        let host = authority.host().to_ascii_lowercase();
        let port = match authority.as_str().strip_prefix(authority.host())? {
            "" => default_port,
            port => port.strip_prefix(':')?.parse().ok().filter(|port| *port != 0)?,
        };
        (!host.is_empty()).then_some(Self { is_tls, host, port })
    }

    /// An origin as it stands in the settings: a URI with nothing after the port.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let has_nothing_else =
            text.split_once("://").is_some_and(|(_, rest)| !rest.contains(['/', '?', '#']));
        Self::of(&uri).filter(|_| has_nothing_else)
    }
}

impl fmt::Display for HttpOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for (text, expected) in [
            ("https://example.com", "https://example.com:443"),
            ("http://Example.COM:8086", "http://example.com:8086"),
            ("http://127.0.0.1:9100", "http://127.0.0.1:9100"),
            ("http://[::1]:9100", "http://[::1]:9100"),
            ("http://[::1]", "http://[::1]:80"),
        ] {
            assert_eq!(HttpOrigin::parse(text).map(|origin| origin.to_string()).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_is_more_or_less_is_no_origin() {
        for text in [
            "",
            "example.com",
            "example.com:443",
            "ftp://example.com",
            "https://",
            "https://:443",
            "https://*",
            "https://example.com/",
            "https://example.com/path",
            "https://example.com?query",
            "https://user@example.com",
            "https://user:80@example.com",
            "https://example.com:0",
            "https://example.com:65536",
            "https://example.com:",
        ] {
            let origin = HttpOrigin::parse(text);
            // A star is a legal, if useless, host name; it stands for nothing but itself.
            assert!(origin.is_none() || text.contains('*'), "{text} is {origin:?}");
        }
    }
}
