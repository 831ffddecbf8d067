//! The running host.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

use anyhow::{Context, bail};

use super::page::Page;

/// Where the page is, if nothing else is there.
const PAGE: &str = "127.0.0.1:9464";

/// Runs the host and ends it when the standard input ends, which it does however this task ends: also when it is killed,
/// and nothing of it is left to stop anything.
const KEEPER: &str = r#"
"$@" &
host=$!
exec >&-
read -r _
kill -TERM "$host" 2>/dev/null
wait "$host"
"#;

/// A running host; ends with the value.
pub(super) struct Host {
    keeper: Child,
    /// Closed to stop the host.
    stop: Option<ChildStdin>,
    /// What it said at its start.
    said: Vec<String>,
    page: SocketAddr,
    log: PathBuf,
}

fn page_address() -> &'static str {
    if TcpListener::bind(PAGE).is_ok() { PAGE } else { "127.0.0.1:0" }
}

impl Host {
    /// Starts the host and waits until it is ready.
    pub(super) fn start(binary: &Path, plugins: &Path, log: PathBuf) -> anyhow::Result<Self> {
        let file = File::create(&log).with_context(|| format!("cannot write `{}`", log.display()))?;
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "wasmeter"]).arg(binary);
        command.args(["run", "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "off"]);
        command.args(["--prometheus", page_address(), "--plugins"]).arg(plugins);
        // The user's own settings for other programs must not decide what the demo shows.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("OTEL_") {
                command.env_remove(name);
            }
        }
        // Out of reach of Ctrl-C, which would be a second signal beside that of the keeper.
        command.process_group(0);
        command.env("RUST_LOG", "info").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(file);
        let mut keeper = command.spawn().context("`sh` cannot be started")?;
        let stop = keeper.stdin.take();
        let output = keeper.stdout.take().context("the host's output is piped")?;
        let mut host =
            Self { keeper, stop, said: Vec::new(), page: SocketAddr::from(([127, 0, 0, 1], 0)), log };
        for line in BufReader::new(output).lines() {
            let line = line.context("the host's output")?;
            if line.trim() == "ready" {
                let page = host.address("Prometheus")?;
                host.page = page.parse().with_context(|| format!("found `{page}` as the page's address"))?;
                return Ok(host);
            }
            host.said.push(line);
        }
        let log = std::fs::read_to_string(&host.log).unwrap_or_default();
        bail!("the host ended before it was ready:\n{}", log.trim_end());
    }

    /// What it said of `what` at its start.
    pub(super) fn said(&self, what: &str) -> anyhow::Result<&str> {
        let line = self.said.iter().find_map(|line| line.strip_prefix(what));
        line.map(str::trim).with_context(|| format!("the host did not say `{what}`: {:?}", self.said))
    }

    /// Host and port of a URL it said.
    fn address(&self, what: &str) -> anyhow::Result<String> {
        let url = self.said(what)?;
        let address = url.strip_prefix("http://").unwrap_or(url).split('/').next();
        Ok(address.unwrap_or_default().to_owned())
    }

    /// Its page as it is now.
    pub(super) fn page(&self) -> anyhow::Result<Page> {
        Page::fetch(self.page).with_context(|| format!("its log is `{}`", self.log.display()))
    }

    /// Stops it as an operator does, by SIGTERM, and waits for its end.
    pub(super) fn stop(mut self) -> anyhow::Result<ExitStatus> {
        drop(self.stop.take());
        self.keeper.wait().context("the host's end")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        drop(self.stop.take());
        // Not killed: it ends by itself within its time for last exports. Already gone after `stop`.
        let _ended = self.keeper.wait();
    }
}
