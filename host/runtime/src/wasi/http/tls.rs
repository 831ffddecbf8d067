//! Whom plugins trust over TLS: those the operating system trusts, and those the operator names.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The configuration of a client that trusts them. `more` names a file of certificates in PEM.
///
/// # Errors
///
/// What is wrong with the file, or that nobody is trusted.
pub(crate) fn trusting(more: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    // A certificate of the system that cannot be read is none: those that can are trusted all the same.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = more {
        let wrong =
            |error: &dyn std::fmt::Display| format!("the certificates in `{}`: {error}", file.display());
        let certificates = CertificateDer::pem_file_iter(file).map_err(|error| wrong(&error))?;
        let mut count = 0_usize;
        for certificate in certificates {
            roots.add(certificate.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
            count += 1;
        }
        if count == 0 {
            return Err(wrong(&"found none, expected `-----BEGIN CERTIFICATE-----`"));
        }
    }
    if roots.is_empty() {
        return Err("the operating system trusts nobody, and no `certificates` are granted".to_owned());
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
