//! The program's own log: lines on the standard error.

use tracing_subscriber::EnvFilter;
use wasmeter_config::LogLevel;

/// Starts logging. `RUST_LOG` wins over the configuration.
pub(crate) fn start(level: LogLevel) {
    let configured =
        || EnvFilter::new(format!("{0},hyper=warn,h2=warn,tower=warn,reqwest=warn", level.name()));
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| configured());
    // A second start, as tests may do, keeps the first.
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .try_init();
    if let Err(error) = started {
        tracing::debug!(%error, "the log was started already");
    }
}
