//! Readers: the Prometheus page is pulled, the others push at an interval.

mod console;
mod page;
mod periodic;
mod plugin;
mod stats;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use wasmeter_config::{
    CardinalityLimits, Config, Exporter as ExporterConfig, PeriodicReader, PullReader, Reader,
};
use wasmeter_engine::ReaderConfig;
use wasmeter_model::{Aggregation, InstrumentKind, TemporalityPreference};

use super::Shutdown;
use super::pipeline::{Pipeline, process};
pub(super) use periodic::Periodic;
use periodic::Target;
pub(super) use plugin::{Orders, PluginTarget};
pub(super) use stats::ExportStats;

/// All readers, ready to start: addresses are bound and exporters made.
#[derive(Default)]
pub(super) struct Readers {
    prepared: Vec<Prepared>,
    configs: Vec<ReaderConfig>,
    stats: Arc<ExportStats>,
}

enum Prepared {
    Page(PullReader, TcpListener),
    Periodic(Periodic),
}

/// Readers at work.
pub(super) struct Running {
    tasks: JoinSet<()>,
}

/// What is wrong with the exporters of a configuration, as far as that shows without connecting.
pub(crate) fn exporter_problems(config: &Config) -> Vec<String> {
    let targets = config.readers.iter().filter_map(|reader| match reader {
        Reader::Periodic(periodic) => Target::new(&periodic.exporter).err(),
        Reader::Pull(_) => None,
    });
    targets.collect()
}

impl Readers {
    /// Binds the pages and makes the exporters.
    ///
    /// # Errors
    ///
    /// Everything that cannot be had.
    pub(super) async fn prepare(config: &Config) -> Result<Self, Vec<String>> {
        let mut readers = Self::default();
        let mut problems = Vec::new();
        for reader in &config.readers {
            match reader {
                Reader::Pull(pull) => match super::bind("Prometheus page", Some(pull.exporter.address)).await
                {
                    Ok(Some(listener)) => {
                        readers.configs.push(reader_config(
                            TemporalityPreference::Cumulative,
                            &Aggregation::Default,
                            &pull.cardinality_limits,
                        ));
                        readers.prepared.push(Prepared::Page(pull.clone(), listener));
                    }
                    Ok(None) => {}
                    Err(problem) => problems.push(problem),
                },
                Reader::Periodic(periodic) => match Target::new(&periodic.exporter) {
                    Ok(target) => {
                        readers.configs.push(periodic_config(periodic));
                        let stats = readers.stats.clone();
                        readers.prepared.push(Prepared::Periodic(Periodic::new(periodic, target, stats)));
                    }
                    Err(problem) => problems.push(problem),
                },
            }
        }
        if problems.is_empty() { Ok(readers) } else { Err(problems) }
    }

    /// What the engine needs to know of each, in order.
    pub(super) fn engine_configs(&self) -> Vec<ReaderConfig> {
        self.configs.clone()
    }

    pub(super) fn stats(&self) -> Arc<ExportStats> {
        self.stats.clone()
    }

    /// Where metrics go, a line each.
    pub(super) fn describe(&self) -> Vec<String> {
        let local = |listener: &TcpListener| {
            listener.local_addr().map_or("?".to_owned(), |at: SocketAddr| at.to_string())
        };
        let lines = self.prepared.iter().map(|prepared| match prepared {
            Prepared::Page(_, listener) => format!("Prometheus   http://{}{}", local(listener), page::PATH),
            Prepared::Periodic(periodic) => format!("export       {}", periodic.describe()),
        });
        lines.collect()
    }

    /// Starts them all.
    pub(super) fn start(self, pipeline: &Pipeline, shutdown: &Shutdown) -> Running {
        let mut tasks = JoinSet::new();
        for (reader, prepared) in self.prepared.into_iter().enumerate() {
            let (pipeline, shutdown) = (pipeline.clone(), shutdown.clone());
            match prepared {
                Prepared::Page(pull, listener) => {
                    let stats = self.stats.clone();
                    tasks.spawn(page::serve(listener, pipeline, reader, pull.exporter, stats, shutdown));
                }
                Prepared::Periodic(periodic) => {
                    tasks.spawn(periodic.run(pipeline, reader, shutdown));
                }
            }
        }
        Running { tasks }
    }
}

impl Running {
    /// Waits until each has exported what it held.
    pub(super) async fn finish(self) {
        finish_all(self.tasks).await;
    }
}

/// Waits until each of these readers has exported what it held.
pub(super) async fn finish_all(mut tasks: JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a reader ended badly");
        }
    }
}

fn reader_config(
    temporality: TemporalityPreference,
    histogram: &Aggregation,
    limits: &CardinalityLimits,
) -> ReaderConfig {
    ReaderConfig {
        temporality,
        aggregations: [(InstrumentKind::Histogram, histogram.clone())].into(),
        cardinality_limits: InstrumentKind::ALL.into_iter().map(|kind| (kind, limits.of(kind))).collect(),
        filter: None,
    }
}

fn periodic_config(periodic: &PeriodicReader) -> ReaderConfig {
    let (temporality, histogram) = match &periodic.exporter {
        ExporterConfig::Otlp(otlp) => (otlp.temporality, &otlp.histogram),
        ExporterConfig::Console(console) => (console.temporality, &console.histogram),
    };
    reader_config(temporality, histogram, &periodic.cardinality_limits)
}
