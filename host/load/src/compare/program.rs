//! A program under test: how it is started, and what it uses.

use std::fmt::Write;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use super::scenario::Scenario;
use crate::link::Transport;

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// What `/proc` counts time in.
const TICKS_PER_SEC: u64 = 100;

/// A running program; killed with the value.
pub(crate) struct Program {
    child: Child,
    http: SocketAddr,
    grpc: SocketAddr,
    pub(crate) page: Option<SocketAddr>,
}

/// An address that nobody listens on.
fn free() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Has all threads of this process that are started from now on use one processor.
pub(crate) fn pin_self(processor: usize) -> anyhow::Result<()> {
    let id = std::process::id().to_string();
    let mut command = Command::new("taskset");
    command.args(["--all-tasks", "--cpu-list", "--pid", &processor.to_string(), &id]);
    let status = command.stdout(Stdio::null()).status().context("`taskset` of util-linux is needed")?;
    ensure!(status.success(), "the sender cannot be given processor {processor}");
    Ok(())
}

impl Program {
    /// Starts wasmeter with room for so many series.
    pub(crate) fn wasmeter(
        binary: &Path,
        folder: &Path,
        scenario: &Scenario,
        series: usize,
        processor: Option<usize>,
    ) -> anyhow::Result<Self> {
        let (http, grpc, page) = (free()?, free()?, free()?);
        let mut config = format!(
            "file_format: \"1.1\"\nmeter_provider:\n  readers:\n    - pull:\n        exporter:\n          \
             prometheus/development:\n            host: 127.0.0.1\n            port: {}\n        cardinality_limits:\n          \
             default: {series}\n",
            page.port()
        );
        if !scenario.keep.is_empty() {
            config += "  views:\n    - selector:\n        instrument_name: \"*\"\n      stream:\n        attribute_keys:\n          included:\n";
            for key in scenario.keep {
                writeln!(config, "            - {key}")?;
            }
        }
        write!(
            config,
            "distribution:\n  wasmeter:\n    receivers:\n      otlp_http:\n        endpoint: {http}\n      otlp_grpc:\n        endpoint: {grpc}\n"
        )?;
        let file = folder.join("wasmeter.yaml");
        fs::write(&file, config)?;
        let mut command = pinned(binary, processor);
        command.args(["run", "--config"]).arg(&file).env("RUST_LOG", "warn");
        Self::start(command, http, grpc, Some(page))
    }

    /// Starts the Collector.
    pub(crate) fn collector(
        binary: &Path,
        folder: &Path,
        scenario: &Scenario,
        processor: Option<usize>,
    ) -> anyhow::Result<Self> {
        let (http, grpc, page) = (free()?, free()?, free()?);
        let exporter = if scenario.is_dropped { "nop" } else { "prometheus" };
        let page = (!scenario.is_dropped).then_some(page);
        let mut config = format!(
            "receivers:\n  otlp:\n    protocols:\n      http:\n        endpoint: {http}\n      grpc:\n        endpoint: {grpc}\nexporters:\n"
        );
        match page {
            Some(page) => write!(config, "  prometheus:\n    endpoint: {page}\n")?,
            None => config += "  nop:\n",
        }
        if !scenario.processors.is_empty() {
            config += "processors:\n";
        }
        for processor in scenario.processors {
            match *processor {
                "metricstransform" => {
                    config += "  metricstransform:\n    transforms:\n      - include: http.server.requests\n        action: update\n        operations:\n          - action: aggregate_labels\n            aggregation_type: sum\n            label_set:\n";
                    for key in scenario.keep {
                        writeln!(config, "              - {key}")?;
                    }
                }
                other => writeln!(config, "  {other}:")?,
            }
        }
        write!(
            config,
            "service:\n  telemetry:\n    metrics:\n      level: none\n    logs:\n      level: error\n  pipelines:\n    metrics:\n      \
             receivers: [otlp]\n      processors: [{}]\n      exporters: [{exporter}]\n",
            scenario.processors.join(", ")
        )?;
        let file = folder.join("collector.yaml");
        fs::write(&file, config)?;
        let mut command = pinned(binary, processor);
        command.arg("--config").arg(&file);
        if processor.is_some() {
            command.env("GOMAXPROCS", "1");
        }
        Self::start(command, http, grpc, page)
    }

    fn start(
        mut command: Command,
        http: SocketAddr,
        grpc: SocketAddr,
        page: Option<SocketAddr>,
    ) -> anyhow::Result<Self> {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("OTEL_") {
                command.env_remove(name);
            }
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
        let child = command.spawn().with_context(|| format!("{command:?} cannot be started"))?;
        let mut program = Self { child, http, grpc, page };
        let begun = Instant::now();
        for address in [Some(http), Some(grpc), page].into_iter().flatten() {
            while TcpStream::connect(address).is_err() {
                if let Some(status) = program.child.try_wait()? {
                    bail!("{command:?} ended with {status}");
                }
                ensure!(begun.elapsed() < PATIENCE, "{command:?} does not listen on {address}");
                pause();
            }
        }
        Ok(program)
    }

    /// Where it takes what travels this way.
    pub(crate) fn otlp(&self, transport: Transport) -> SocketAddr {
        match transport {
            Transport::Http(_) => self.http,
            Transport::Grpc => self.grpc,
        }
    }

    fn proc(&self, file: &str) -> anyhow::Result<String> {
        Ok(fs::read_to_string(format!("/proc/{}/{file}", self.child.id()))?)
    }

    /// The processor time it has used.
    pub(crate) fn busy(&self) -> anyhow::Result<Duration> {
        let stat = self.proc("stat")?;
        // The name, which is in parentheses, may hold anything.
        let (_, rest) = stat.rsplit_once(')').context("a line of `stat`")?;
        let ticks = rest.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
        let ticks = ticks.sum::<Result<u64, _>>()?;
        Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SEC))
    }

    /// The memory it has, in bytes.
    pub(crate) fn resident_bytes(&self) -> anyhow::Result<u64> {
        self.status_bytes("VmRSS:")
    }

    /// The most memory it has had, in bytes, since its start or since that was forgotten.
    pub(crate) fn resident_bytes_max(&self) -> anyhow::Result<u64> {
        self.status_bytes("VmHWM:")
    }

    /// From now on the most memory counts that it has from now on.
    pub(crate) fn forget_resident_bytes_max(&self) -> anyhow::Result<()> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }

    fn status_bytes(&self, field: &str) -> anyhow::Result<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix(field)).context("a line of `status`")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? << 10)
    }
}

/// Another program says in no way that it listens but by listening.
#[expect(clippy::disallowed_methods, reason = "there is nothing to wait for but time")]
fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

/// A command that uses one processor, if one is given.
fn pinned(binary: &Path, processor: Option<usize>) -> Command {
    match processor {
        None => Command::new(binary),
        Some(processor) => {
            let mut command = Command::new("taskset");
            command.args(["--cpu-list", &processor.to_string()]).arg(binary);
            command
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Already gone if it ended by itself.
        let _killed = self.child.kill();
        let _waited = self.child.wait();
    }
}
