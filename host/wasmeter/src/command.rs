//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A programmable OpenTelemetry metrics pipeline: OTLP in, aggregation shaped by WebAssembly plugins, OTLP and Prometheus
/// out.
#[derive(Debug, Parser)]
#[command(name = "wasmeter", version, max_term_width = 100)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Receives, aggregates and exports metrics until SIGTERM or Ctrl-C.
    ///
    /// Without a configuration file it receives OTLP/gRPC on 127.0.0.1:4317 and OTLP/HTTP on 127.0.0.1:4318 and serves
    /// a Prometheus page on 127.0.0.1:9464/metrics; the OTEL_* environment variables of the specification apply. SIGHUP
    /// reads the configuration file's Views and the plugin directory again.
    Run(Options),
    /// Checks the configuration and the plugins, starts nothing, and tells all problems at once.
    ///
    /// Exits with status 0 if all is well and 2 if not.
    Check(Options),
    /// Looks at single plugins.
    #[command(subcommand)]
    Plugin(PluginCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Tells all about a component: world, version, imports, needs, limits, size, digest and signature, and whether it loads.
    ///
    /// The component is treated as if it were put to work: it runs within its limits, with the settings beside it
    /// (NAME.toml). Exits with status 0 if it loads and 2 if not.
    Inspect(InspectOptions),
}

/// What `plugin inspect` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct InspectOptions {
    /// The component, NAME.wasm.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Answers in JSON.
    #[arg(long)]
    pub(crate) json: bool,

    /// The configuration file with the limits of all plugins and the keys that are trusted.
    #[arg(long, short, value_name = "FILE", env = "OTEL_CONFIG_FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// What `run` and `check` take.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Options {
    /// The OpenTelemetry declarative configuration file (YAML). The OTEL_* variables then count only where the file
    /// refers to them.
    #[arg(long, short, value_name = "FILE", env = "OTEL_CONFIG_FILE")]
    pub(crate) config: Option<PathBuf>,

    /// The directory with the plugins, one component `NAME.wasm` each, in file-name order. It is watched: files that are
    /// added, replaced or removed take effect while the program runs.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) plugins: Option<PathBuf>,

    /// Where to receive OTLP/gRPC; port 0 takes any free one, `off` receives none [default: 127.0.0.1:4317].
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    pub(crate) otlp_grpc: Option<Address>,

    /// Where to receive OTLP/HTTP [default: 127.0.0.1:4318].
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    pub(crate) otlp_http: Option<Address>,

    /// Where to serve the Prometheus page [default: 127.0.0.1:9464].
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    pub(crate) prometheus: Option<Address>,
}

/// An address, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) Option<SocketAddr>);

fn parse_address(text: &str) -> Result<Address, String> {
    if text == "off" {
        return Ok(Address(None));
    }
    let numeric = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    numeric
        .as_deref()
        .unwrap_or(text)
        .parse()
        .map(|address| Address(Some(address)))
        .map_err(|_| "expected IP:PORT such as 127.0.0.1:4317 or [::1]:4317, or `off`".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn addresses_are_ip_and_port_or_off() {
        assert_eq!(parse_address("off"), Ok(Address(None)));
        assert_eq!(parse_address("localhost:0"), Ok(Address("127.0.0.1:0".parse().ok())));
        assert!(parse_address("4317").is_err());
    }
}
