//! wasmeter's own settings: receivers and plugins.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use wasmeter_model::limits::PluginLimits;

/// The addresses to receive on. Port 0 asks for any free port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receivers {
    /// OTLP over gRPC; `None` means off.
    pub otlp_grpc: Option<SocketAddr>,
    /// OTLP over HTTP, at the path `/v1/metrics`; `None` means off.
    pub otlp_http: Option<SocketAddr>,
}

impl Default for Receivers {
    /// Both on the loopback address, on the ports of the OTLP specification.
    fn default() -> Self {
        Self { otlp_grpc: Some(loopback(4317)), otlp_http: Some(loopback(4318)) }
    }
}

/// What plugins are loaded and what each may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugins {
    /// The directory to load plugins from, relative to the working directory; `None` means no plugins.
    pub directory: Option<PathBuf>,
    /// What each plugin may use, unless its `NAME.toml` says otherwise.
    pub limits: PluginLimits,
    /// Where machine code of components is kept between starts, relative to the working directory; `None` for nowhere.
    pub cache_directory: Option<PathBuf>,
    /// Public keys of minisign, of 56 characters each: with any, only components signed by one of them are loaded.
    pub trusted_keys: Vec<String>,
    /// Whether changes of the directory are taken up while the program runs; true by default.
    pub watch: bool,
}

impl Default for Plugins {
    fn default() -> Self {
        Self {
            directory: None,
            limits: PluginLimits::default(),
            cache_directory: None,
            trusted_keys: Vec::new(),
            watch: true,
        }
    }
}

pub(crate) const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}
