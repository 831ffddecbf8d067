//! Connections to origins, with TLS where the origin has it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig};
use wasmtime_wasi_http::Error;

/// A connection, whatever is under it.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for S {}

use crate::grants::HttpOrigin;

/// Connects to the first address of the origin that answers.
pub(super) async fn connect(
    origin: &HttpOrigin,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<Box<dyn Stream>, Error> {
    let stream = dial(origin).await?;
    // Requests are written as a whole: there is nothing to wait for.
    stream.set_nodelay(true).map_err(Error::Connect)?;
    if !origin.is_tls {
        return Ok(Box::new(stream));
    }
    let tls = tls.ok_or(Error::ConfigurationError)?;
    let name =
        ServerName::try_from(bare(&origin.host).to_owned()).map_err(|_| Error::HttpRequestUriInvalid)?;
    match TlsConnector::from(tls.clone()).connect(name, stream).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => match error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(_)) => Err(Error::TlsCertificateError),
            _ => Err(Error::Tls(error)),
        },
    }
}

/// A host without the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

async fn dial(origin: &HttpOrigin) -> Result<TcpStream, Error> {
    let host = bare(&origin.host);
    if let Ok(address) = host.parse::<IpAddr>() {
        return TcpStream::connect(SocketAddr::new(address, origin.port)).await.map_err(Error::Connect);
    }
    let found = lookup_host((host, origin.port))
        .await
        .map_err(|error| Error::DnsError { rcode: Some(error.to_string()), info_code: None })?;
    let mut last = Error::DestinationNotFound;
    for address in found {
        if !is_for_name(host, address.ip()) {
            last = Error::DestinationIpProhibited;
            continue;
        }
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Error::Connect(error),
        }
    }
    Err(last)
}

/// Whether a name may stand for an address. This machine, and what only this machine's network card can see (where clouds
/// keep their secrets), are named by whoever grants them: whoever answers for a name could have it point there.
fn is_for_name(name: &str, address: IpAddr) -> bool {
    if name == "localhost" || name.ends_with(".localhost") {
        return address.is_loopback();
    }
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            !(v4.is_loopback()
                || v4.is_unspecified()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_broadcast())
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback() || v6.is_unspecified() || v6.is_unicast_link_local() || v6.is_multicast())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_stand_for_this_machine_unless_they_say_so() {
        for (name, address, expected) in [
            ("example.com", "93.184.216.34", true),
            ("example.com", "10.0.0.7", true),
            ("example.com", "2606:2800:220:1::1", true),
            ("example.com", "127.0.0.1", false),
            ("example.com", "127.1.2.3", false),
            ("example.com", "0.0.0.0", false),
            ("example.com", "169.254.169.254", false),
            ("example.com", "::1", false),
            ("example.com", "::", false),
            ("example.com", "::ffff:127.0.0.1", false),
            ("example.com", "::ffff:169.254.169.254", false),
            ("example.com", "fe80::1", false),
            ("localhost", "127.0.0.1", true),
            ("localhost", "::1", true),
            ("app.localhost", "127.0.0.1", true),
            ("localhost", "93.184.216.34", false),
        ] {
            assert_eq!(is_for_name(name, address.parse().unwrap()), expected, "{name} {address}");
        }
    }
}
