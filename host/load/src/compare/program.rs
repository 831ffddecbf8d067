//! The programs that are measured: how each is told what a scenario wants of it, and what it made of it.

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use wasmeter_otlp::{Compression, METRICS_PATH};

use super::process::{Process, free, pinned};
use super::scenario::{Buckets, Collector, Scenario, To};
use crate::http::fetch;
use crate::link::Transport;
use crate::requests::{BOUNDS, Flow, INSTRUMENT};
use crate::sink::Sink;
use crate::standings::{self, Standings};

/// A program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Wasmeter,
    Collector,
    Rotel,
}

impl Name {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Wasmeter => "wasmeter",
            Self::Collector => "Collector",
            Self::Rotel => "Rotel",
        }
    }
}

/// Where the programs are; what is not there is not measured.
#[derive(Clone, Debug)]
pub(crate) struct Binaries {
    pub(crate) wasmeter: PathBuf,
    pub(crate) collector: Option<PathBuf>,
    pub(crate) rotel: Option<PathBuf>,
}

impl Binaries {
    pub(crate) fn of(&self, name: Name) -> Option<&PathBuf> {
        match name {
            Name::Wasmeter => Some(&self.wasmeter),
            Name::Collector => self.collector.as_ref(),
            Name::Rotel => self.rotel.as_ref(),
        }
    }
}

/// How a program is started.
pub(crate) struct Start<'a> {
    pub(crate) binaries: &'a Binaries,
    /// For what it is told.
    pub(crate) folder: &'a std::path::Path,
    pub(crate) processor: Option<usize>,
    /// Whether the program has the lowest priority there.
    pub(crate) gives_way: bool,
    pub(crate) scenario: &'a Scenario,
    pub(crate) transport: Transport,
    /// How often wasmeter sends on where its series stand.
    pub(crate) every: Duration,
    /// Series that it must have room for.
    pub(crate) series: usize,
    /// The memory that the Collector is to stay below, in MiB, if it is told one.
    pub(crate) memory_limit_mib: Option<u64>,
}

/// A running program; killed with the value.
pub(crate) struct Program {
    pub(crate) process: Process,
    http: SocketAddr,
    grpc: SocketAddr,
    end: End,
}

/// Where its work can be seen.
enum End {
    Page(SocketAddr),
    Sink(Sink),
    Nowhere,
}

/// What a program said in the end.
pub(crate) struct Said {
    pub(crate) standings: Standings,
    pub(crate) passed_on: Option<PassedOn>,
}

/// What a program sent on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PassedOn {
    pub(crate) points: u64,
    /// Of these, those that arrived while the clock ran.
    pub(crate) points_timed: u64,
}

impl Program {
    pub(crate) fn start(name: Name, start: &Start<'_>) -> anyhow::Result<Self> {
        let binary = start.binaries.of(name).context("there is no such program")?;
        let [http, grpc, page] = free()?;
        let end = match (start.scenario.to, start.scenario.collector) {
            (_, Collector::Receives) if name == Name::Collector => End::Nowhere,
            (To::Page, _) => End::Page(page),
            (To::Otlp(_), _) => End::Sink(Sink::start()?),
        };
        let mut command = pinned(binary, start.processor, start.gives_way);
        let config = start.folder.join(format!("{}.yaml", name.text()));
        match name {
            Name::Wasmeter => {
                fs::write(&config, start.wasmeter(http, grpc, &end)?)?;
                command.args(["run", "--config"]).arg(&config).env("RUST_LOG", "warn");
            }
            Name::Collector => {
                fs::write(&config, start.collector(http, grpc, &end)?)?;
                command.arg("--config").arg(&config);
                if start.processor.is_some() {
                    command.env("GOMAXPROCS", "1");
                }
            }
            Name::Rotel => {
                let End::Sink(sink) = &end else { bail!("Rotel only sends on") };
                command.args(start.rotel(http, grpc, sink.address()));
            }
        }
        let mut listens = vec![http, grpc];
        if let End::Page(page) = end {
            listens.push(page);
        }
        Ok(Self { process: Process::start(command, &listens)?, http, grpc, end })
    }

    /// Where it takes what travels this way.
    pub(crate) fn otlp(&self, transport: Transport) -> SocketAddr {
        match transport {
            Transport::Http(_) => self.http,
            Transport::Grpc(_) => self.grpc,
        }
    }

    /// Where its page is, if it shows one.
    pub(crate) fn page(&self) -> Option<SocketAddr> {
        match self.end {
            End::Page(page) => Some(page),
            End::Sink(_) | End::Nowhere => None,
        }
    }

    /// How many requests it has sent on.
    pub(crate) fn passed_on(&self) -> usize {
        match &self.end {
            End::Sink(sink) => sink.received(),
            End::Page(_) | End::Nowhere => 0,
        }
    }

    /// Has it say what it has, and ends it; `None` if it throws everything away. Of the requests it sent on, `timed` are those that
    /// were while the clock ran.
    pub(crate) fn finish(self, timed: &Range<usize>) -> anyhow::Result<Option<Said>> {
        match self.end {
            End::Page(page) => {
                Ok(Some(Said { standings: standings::read(&fetch(page, "/metrics")?)?, passed_on: None }))
            }
            End::Sink(sink) => {
                self.process.stop()?;
                let totals = sink.totals(timed)?;
                let (points, points_timed) = (totals.points, totals.points_timed);
                let passed_on = Some(PassedOn { points, points_timed });
                Ok(Some(Said { standings: totals.standings(), passed_on }))
            }
            End::Nowhere => Ok(None),
        }
    }
}

impl Start<'_> {
    /// What compresses on the way out, by its name in every program.
    fn compression(&self) -> &'static str {
        self.transport.compression().coding().unwrap_or("none")
    }

    fn wasmeter(&self, http: SocketAddr, grpc: SocketAddr, end: &End) -> anyhow::Result<String> {
        let mut config = "file_format: \"1.1\"\nmeter_provider:\n  readers:\n".to_owned();
        match end {
            End::Page(page) => write!(
                config,
                "    - pull:\n        exporter:\n          prometheus/development:\n            host: 127.0.0.1\n            \
                 port: {}\n",
                page.port()
            )?,
            End::Sink(sink) => {
                let (exporter, endpoint) = match self.transport {
                    Transport::Http(_) => ("otlp_http", format!("http://{}{METRICS_PATH}", sink.address())),
                    Transport::Grpc(_) => ("otlp_grpc", format!("http://{}", sink.address())),
                };
                let temporality = match self.scenario.to {
                    To::Otlp(Flow::Delta) => "delta",
                    _ => "cumulative",
                };
                write!(
                    config,
                    "    - periodic:\n        interval: {}\n        exporter:\n          {exporter}:\n            \
                     endpoint: {endpoint}\n            temporality_preference: {temporality}\n",
                    self.every.as_millis()
                )?;
                if self.transport.compression() != Compression::None {
                    writeln!(config, "            compression: {}", self.compression())?;
                }
            }
            End::Nowhere => bail!("wasmeter keeps what it gets"),
        }
        writeln!(config, "        cardinality_limits:\n          default: {}", self.series)?;
        const VIEW: &str = "  views:\n    - selector:\n        instrument_name: \"*\"\n      stream:\n";
        if !self.scenario.keep.is_empty() {
            write!(
                config,
                "{VIEW}        attribute_keys:\n          included: [{}]\n",
                self.scenario.keep.join(", ")
            )?;
        }
        let aggregation = match self.scenario.buckets {
            Buckets::AsReceived => None,
            Buckets::Explicit => Some(format!("explicit_bucket_histogram: {{boundaries: {BOUNDS:?}}}")),
            Buckets::Exponential => Some("base2_exponential_bucket_histogram: {}".to_owned()),
        };
        if let Some(aggregation) = aggregation {
            write!(
                config,
                "{VIEW}        aggregation: {{{aggregation}}}\n        approximate_buckets/development: true\n"
            )?;
        }
        write!(
            config,
            "distribution:\n  wasmeter:\n    receivers:\n      otlp_http:\n        endpoint: {http}\n      otlp_grpc:\n        endpoint: {grpc}\n"
        )?;
        Ok(config)
    }

    fn collector(&self, http: SocketAddr, grpc: SocketAddr, end: &End) -> anyhow::Result<String> {
        let mut config = format!(
            "receivers:\n  otlp:\n    protocols:\n      http:\n        endpoint: {http}\n      grpc:\n        endpoint: {grpc}\nexporters:\n"
        );
        let exporter = match end {
            End::Page(page) => {
                write!(config, "  prometheus:\n    endpoint: {page}\n")?;
                "prometheus"
            }
            End::Sink(sink) => {
                let (exporter, scheme) = match self.transport {
                    Transport::Http(_) => ("otlp_http", "http://"),
                    Transport::Grpc(_) => ("otlp_grpc", ""),
                };
                // Without a queue what it has answered is what it has delivered.
                write!(
                    config,
                    "  {exporter}:\n    endpoint: {scheme}{}\n    compression: {}\n    tls:\n      insecure: true\n    \
                     sending_queue:\n      enabled: false\n",
                    sink.address(),
                    self.compression()
                )?;
                exporter
            }
            End::Nowhere => {
                config += "  nop:\n";
                "nop"
            }
        };
        let mut processors = Vec::new();
        config += "processors:\n";
        if let Some(limit) = self.memory_limit_mib {
            processors.push("memory_limiter");
            // As its documentation recommends: first in line, and looked at every second.
            write!(config, "  memory_limiter:\n    check_interval: 1s\n    limit_mib: {limit}\n")?;
        }
        if let Collector::Processes(wanted) = self.scenario.collector {
            for processor in wanted {
                processors.push(processor);
                writeln!(config, "  {processor}:")?;
                match *processor {
                    "metricstransform" => {
                        write!(
                            config,
                            "    transforms:\n      - include: {INSTRUMENT}\n        action: update\n        operations:\n          \
                             - action: aggregate_labels\n            aggregation_type: sum\n            label_set:\n"
                        )?;
                        for key in self.scenario.keep {
                            writeln!(config, "              - {key}")?;
                        }
                    }
                    "transform" => writeln!(
                        config,
                        "    metric_statements:\n      - context: metric\n        statements:\n          \
                         - convert_exponential_histogram_to_histogram(\"midpoint\", {BOUNDS:?})"
                    )?,
                    // All of a series is new to it, whenever the series began.
                    "cumulativetodelta" => config += "    initial_value: keep\n",
                    _ => {}
                }
            }
        }
        write!(
            config,
            "service:\n  telemetry:\n    metrics:\n      level: none\n    logs:\n      level: error\n  pipelines:\n    metrics:\n      \
             receivers: [otlp]\n      processors: [{}]\n      exporters: [{exporter}]\n",
            processors.join(", ")
        )?;
        Ok(config)
    }

    fn rotel(&self, http: SocketAddr, grpc: SocketAddr, sink: SocketAddr) -> Vec<String> {
        let protocol = match self.transport {
            Transport::Http(_) => "http",
            Transport::Grpc(_) => "grpc",
        };
        let options = [
            ("otlp-http-endpoint", http.to_string()),
            ("otlp-grpc-endpoint", grpc.to_string()),
            ("exporter", "otlp".to_owned()),
            ("otlp-exporter-endpoint", format!("http://{sink}")),
            ("otlp-exporter-protocol", protocol.to_owned()),
            ("otlp-exporter-compression", self.compression().to_owned()),
        ];
        let options = options.into_iter().flat_map(|(name, value)| [format!("--{name}"), value]);
        std::iter::once("start".to_owned()).chain(options).collect()
    }
}
