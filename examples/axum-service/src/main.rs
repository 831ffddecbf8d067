//! A small shop on axum. `service.rs` measures through the plain `opentelemetry` API and knows no provider; `telemetry.rs` has
//! the set-up lines, which are all that wasmeter changes. See the README.

mod page;
mod service;
mod telemetry;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How long the last exports may take.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// A small shop that measures what it does. Metrics are at `/metrics`, and go out over OTLP if `OTEL_EXPORTER_OTLP_ENDPOINT` is set.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// A directory of wasm components, watched for changes.
    #[arg(long, value_name = "DIR")]
    plugins: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let (provider, reader) = telemetry::install(arguments.plugins)?;
    let listener = TcpListener::bind(arguments.listen).await?;
    announce(listener.local_addr()?);
    let router = service::router().merge(page::router(reader));
    axum::serve(listener, router).with_graceful_shutdown(stopped()?).await?;
    // Waits for the last exports, so not on a thread that serves.
    tokio::task::spawn_blocking(move || provider.shutdown(SHUTDOWN_TIMEOUT)).await??;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn announce(address: SocketAddr) {
    println!("listening on http://{address}");
}

/// Completes when the operating system asks for an end.
fn stopped() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
