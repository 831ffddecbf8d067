//! The `wasmeter` under test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::{Context, bail};

/// How long a swap may take before the run is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// What the host logs when a swap is done.
const SWAPPED: &str = "plugins swapped";

/// A running host; killed with the value.
pub(super) struct Host {
    child: Child,
    said: Vec<String>,
    log: Receiver<String>,
}

impl Host {
    /// Starts it on free ports and waits until it is ready.
    pub(super) fn start(binary: &Path, plugins: &Path, cache: &Path) -> anyhow::Result<Self> {
        let config = plugins.with_extension("yaml");
        let quote = |path: &Path| format!("{:?}", path.display().to_string());
        fs::write(
            &config,
            format!(
                "file_format: \"1.1\"\n\
                 meter_provider:\n  readers:\n    - pull:\n        exporter:\n          prometheus/development:\n            \
                 host: 127.0.0.1\n            port: 0\n\
                 distribution:\n  wasmeter:\n    receivers:\n      otlp_grpc:\n      otlp_http:\n        endpoint: 127.0.0.1:0\n    \
                 plugins:\n      directory: {}\n      cache_directory: {}\n      watch: false\n",
                quote(plugins),
                quote(cache)
            ),
        )?;
        let mut command = Command::new(binary);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("OTEL_") {
                command.env_remove(name);
            }
        }
        command.args(["run", "--config"]).arg(&config).env("RUST_LOG", "info");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            command.spawn().with_context(|| format!("`{}` cannot be started", binary.display()))?;
        let errors = child.stderr.take().context("the log is piped")?;
        let output = child.stdout.take().context("the output is piped")?;
        let (lines, log) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                if lines.send(line).is_err() {
                    break;
                }
            }
        });
        let mut said = Vec::new();
        for line in BufReader::new(output).lines() {
            let line = line?;
            if line.trim() == "ready" {
                return Ok(Self { child, said, log });
            }
            said.push(line);
        }
        let log: Vec<String> = log.iter().collect();
        bail!("the host ended before it was ready:\n{}", log.join("\n"))
    }

    fn address(&self, what: &str) -> anyhow::Result<SocketAddr> {
        let line = self.said.iter().find_map(|line| line.strip_prefix(what));
        let url = line.with_context(|| format!("the host did not say `{what}`: {:?}", self.said))?.trim();
        let address = url.trim_start_matches("http://").split('/').next().unwrap_or_default();
        address.parse().with_context(|| format!("found `{url}`, expected an address"))
    }

    /// Where OTLP/HTTP is received.
    pub(super) fn http(&self) -> anyhow::Result<SocketAddr> {
        self.address("OTLP/HTTP")
    }

    /// Where the page is.
    pub(super) fn page(&self) -> anyhow::Result<SocketAddr> {
        self.address("Prometheus")
    }

    /// Has it look at its plugins, and waits until they are swapped. It does not watch them: what it had seen by itself, it would
    /// have swapped before it was told.
    pub(super) fn swap(&self) -> anyhow::Result<()> {
        self.log.try_iter().for_each(drop);
        self.signal("HUP")?;
        let mut lines = Vec::new();
        loop {
            match self.log.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(SWAPPED) => return Ok(()),
                Ok(line) => lines.push(line),
                Err(_) => bail!("no swap within {} s:\n{}", PATIENCE.as_secs(), lines.join("\n")),
            }
        }
    }

    /// What of it is in memory, in bytes.
    pub(super) fn resident_bytes(&self) -> anyhow::Result<u64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(&path)?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kib = line.trim().trim_end_matches(" kB").parse::<u64>()?;
        Ok(kib << 10)
    }

    /// Stops it as an operator does, and waits for the end.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        self.signal("TERM")?;
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "the host ended with {status}");
        Ok(())
    }

    fn signal(&self, name: &str) -> anyhow::Result<()> {
        let id = self.child.id().to_string();
        let status = Command::new("kill").arg(format!("-{name}")).arg(id).status()?;
        anyhow::ensure!(status.success(), "the host cannot be signalled");
        Ok(())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Already gone after `stop`.
        let _killed = self.child.kill();
        let _waited = self.child.wait();
    }
}
