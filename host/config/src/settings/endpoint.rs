//! The URL of a receiver elsewhere.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// An `http` or `https` URL with a host. `Debug` and `Display` leave out what may be secret: a user name
/// and password, and the query.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
    is_https: bool,
    host: String,
    port: u16,
}

impl Endpoint {
    /// The text of a URL, or what was expected instead.
    pub(crate) fn parse(url: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "a URL such as `http://collector:4318`";
        let (scheme, rest) = url.split_once("://").ok_or(EXPECTED)?;
        let (is_https, port_default) = match scheme.to_ascii_lowercase().as_str() {
            "http" => (false, 80),
            "https" => (true, 443),
            _ => return Err("a URL that begins with `http://` or `https://`"),
        };
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("a URL without spaces; other characters percent-encoded");
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (_, host_and_port) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (host, port) = match host_and_port.strip_prefix('[') {
            Some(bracketed) => {
                let (host, port) = bracketed.split_once(']').ok_or(EXPECTED)?;
                host.parse::<std::net::Ipv6Addr>().map_err(|_| "an IPv6 address between `[` and `]`")?;
                (host, port)
            }
            None => {
                let end = host_and_port.find(':').unwrap_or(host_and_port.len());
                host_and_port.split_at_checked(end).ok_or(EXPECTED)?
            }
        };
        if host.is_empty() {
            return Err("a URL with a host, such as `http://collector:4318`");
        }
        let port = match port.strip_prefix(':') {
            Some("") => port_default,
            Some(digits) => digits.parse().map_err(|_| "a port from 1 to 65535")?,
            None if port.is_empty() => port_default,
            None => return Err(EXPECTED),
        };
        if port == 0 {
            return Err("a port from 1 to 65535");
        }
        Ok(Self { url: url.to_owned(), is_https, host: host.to_owned(), port })
    }

    /// The whole URL, credentials included.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// True if the connection is to be encrypted.
    pub const fn is_https(&self) -> bool {
        self.is_https
    }

    /// The host: a name or an address, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the scheme's default if none was given.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// True if it surely leads to a listener of this machine on `listener`; names other than `localhost` are not resolved.
    pub(crate) fn leads_to(&self, listener: SocketAddr) -> bool {
        let port_fits = self.port == listener.port();
        port_fits
            && match self.host.parse::<IpAddr>() {
                Ok(ip) if ip == listener.ip() => true,
                Ok(ip) => ip.is_loopback() && listener.ip().is_unspecified(),
                Err(_) => {
                    self.host.eq_ignore_ascii_case("localhost")
                        && (listener.ip().is_loopback() || listener.ip().is_unspecified())
                }
            }
    }

    /// The URL with `v1/metrics` below its path, as a base URL for all signals asks for.
    pub(crate) fn metrics_url(base: &str) -> String {
        let path_end = base.find(['?', '#']).unwrap_or(base.len());
        let (path, query) = base.split_at_checked(path_end).unwrap_or((base, ""));
        format!("{}/v1/metrics{query}", path.strip_suffix('/').unwrap_or(path))
    }
}

/// A URL, or what should have been one, without the secrets it may hold.
pub(crate) fn redacted(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + "://".len());
    let (scheme, rest) = url.split_at_checked(start).unwrap_or(("", url));
    let (rest, query) = match rest.split_once('?') {
        Some((rest, _)) => (rest, "?(hidden)"),
        None => (rest, ""),
    };
    let authority_len = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(authority_len).unwrap_or((rest, ""));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}(hidden)@{host}{path}{query}"),
        None => format!("{scheme}{rest}{query}"),
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(&self.url))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&redacted(&self.url), f)
    }
}

/// The address a listener binds to; names other than `localhost` would have to be resolved, which is not done here.
pub(crate) fn parse_ip(host: &str) -> Option<IpAddr> {
    if host.eq_ignore_ascii_case("localhost") {
        Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST))
    } else {
        host.parse().ok()
    }
}
