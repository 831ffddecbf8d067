//! A periodic exporting reader (metrics SDK, "Periodic exporting MetricReader").

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};
use wasmeter_config::{Compression, Exporter as ExporterConfig, OtlpExporter, OtlpTransport, PeriodicReader};
use wasmeter_model::delivery::Backlog;
use wasmeter_model::frame::{Frame, Part};
use wasmeter_otlp::export::{ExportConfig, Exporter, REQUEST_POINTS_MAX, requests};
use wasmeter_pipeline::{Collected, Unprocessed};
use wasmeter_runtime::Exporter as PluginExporter;

use super::plugin::{Change, Delivery, LAST_TIMEOUT, PluginTarget};
use super::stats::ExportStats;
use super::{Pipeline, Shutdown, console};

/// The longest an export may take where the configuration sets no limit.
const TIMEOUT_MAX: Duration = Duration::from_secs(600);

/// What this reader is in the words of the semantic conventions.
const READER_TYPE: &str = "periodic_metric_reader";
/// Why an export failed that may be tried again: see [`wasmeter_otlp::export::ExportError::name`].
const EXHAUSTED: &str = "exhausted";

/// Where a periodic reader exports to.
pub(super) enum Target {
    Otlp(Box<Exporter>, &'static str, String),
    Console,
    Plugin(PluginTarget),
}

/// A periodic reader, ready to run.
pub(in super::super) struct Periodic {
    interval: Duration,
    timeout: Duration,
    target: Target,
    stats: Arc<ExportStats>,
    batch_points_max: NonZeroUsize,
    /// Processed, oldest first.
    backlog: Backlog,
    /// Newer than all of the backlog.
    unprocessed: Unprocessed,
}

impl Target {
    /// An exporter for a configuration.
    ///
    /// # Errors
    ///
    /// What about it cannot be used.
    pub(super) fn new(config: &ExporterConfig) -> Result<Self, String> {
        match config {
            ExporterConfig::Console(_) => Ok(Self::Console),
            ExporterConfig::Otlp(otlp) => {
                let (exporter, name) = match otlp.transport {
                    OtlpTransport::Grpc => (Exporter::grpc(export_config(otlp)), "otlp_grpc"),
                    OtlpTransport::HttpProtobuf | OtlpTransport::HttpJson => {
                        (Exporter::http(export_config(otlp)), "otlp_http")
                    }
                };
                let exporter =
                    exporter.map_err(|error| format!("exporter {name} to {}: {error}", otlp.endpoint))?;
                Ok(Self::Otlp(Box::new(exporter), name, otlp.endpoint.to_string()))
            }
        }
    }

    /// Under which its points are counted.
    fn name(&self) -> &str {
        match self {
            Self::Otlp(_, name, _) => name,
            Self::Console => "console",
            Self::Plugin(plugin) => plugin.name(),
        }
    }

    /// How many points it gets at once where the configuration does not say.
    fn batch_points_max(&self) -> NonZeroUsize {
        match self {
            Self::Otlp(..) => REQUEST_POINTS_MAX,
            Self::Console | Self::Plugin(_) => NonZeroUsize::MAX,
        }
    }

    /// The batches of a frame.
    fn batches<'a>(
        &self,
        frame: &'a Frame,
        points_max: NonZeroUsize,
    ) -> Box<dyn Iterator<Item = Part<'a>> + Send + 'a> {
        match self {
            Self::Otlp(..) => Box::new(requests(frame, points_max)),
            Self::Console | Self::Plugin(_) => Box::new(frame.parts(points_max)),
        }
    }

    /// Waits for another build, or the end, of a target that is a plugin; for ever of others.
    async fn change(&mut self) -> Change {
        match self {
            Self::Plugin(plugin) => plugin.change().await,
            Self::Otlp(..) | Self::Console => std::future::pending().await,
        }
    }
}

fn export_config(otlp: &OtlpExporter) -> ExportConfig {
    ExportConfig {
        headers: otlp.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        timeout: otlp.timeout.unwrap_or_default(),
        compression: match otlp.compression {
            Compression::None => wasmeter_otlp::Compression::None,
            Compression::Gzip => wasmeter_otlp::Compression::Gzip,
            Compression::Zstd => wasmeter_otlp::Compression::Zstd,
        },
        json: otlp.transport == OtlpTransport::HttpJson,
        ..ExportConfig::new(otlp.endpoint.as_str())
    }
}

impl Periodic {
    pub(super) fn new(config: &PeriodicReader, target: Target, stats: Arc<ExportStats>) -> Self {
        Self {
            interval: config.interval,
            timeout: config.timeout.unwrap_or(TIMEOUT_MAX),
            batch_points_max: config.batch_points_max.unwrap_or(target.batch_points_max()),
            target,
            stats,
            backlog: Backlog::default(),
            unprocessed: Unprocessed::default(),
        }
    }

    /// The reader of an exporter of the plugin directory.
    pub(in super::super) fn of_plugin(
        exporter: &PluginExporter,
        target: PluginTarget,
        stats: Arc<ExportStats>,
    ) -> Self {
        let schedule = exporter.schedule();
        Self {
            interval: schedule.interval,
            timeout: schedule.timeout,
            batch_points_max: NonZeroUsize::MAX,
            target: Target::Plugin(target),
            stats,
            backlog: Backlog::default(),
            unprocessed: Unprocessed::default(),
        }
    }

    /// Where it exports to, and how often.
    pub(in super::super) fn describe(&self) -> String {
        let every = format!("every {} s", self.interval.as_secs_f64());
        match &self.target {
            Target::Otlp(_, name, endpoint) => format!("{name} to {endpoint}, {every}"),
            Target::Console => format!("console, {every}"),
            Target::Plugin(_) => every,
        }
    }

    /// Exports at each interval, and once more when stopped.
    pub(in super::super) async fn run(mut self, pipeline: Pipeline, reader: usize, shutdown: Shutdown) {
        let mut ticks = ticks(self.interval);
        let stopped = super::super::stopped(shutdown);
        tokio::pin!(stopped);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.export(&pipeline, reader).await,
                () = &mut stopped => {
                    if let Target::Plugin(plugin) = &mut self.target {
                        plugin.stop();
                        self.timeout = self.timeout.min(LAST_TIMEOUT);
                    }
                    self.export(&pipeline, reader).await;
                    break;
                }
                change = self.target.change() => match change {
                    Change::Successor(schedule) => {
                        self.timeout = schedule.timeout;
                        if self.interval != schedule.interval {
                            self.interval = schedule.interval;
                            ticks = self::ticks(self.interval);
                        }
                    }
                    Change::End(last) => {
                        self.export_collected(*last, Instant::now() + self.timeout).await;
                        break;
                    }
                },
            }
        }
        self.end().await;
    }

    /// Nothing comes any more: what is still kept goes with the reader.
    async fn end(self) {
        self.count_lost(self.backlog.points() as u64 + self.unprocessed.points());
        if let Target::Plugin(plugin) = self.target {
            plugin.end().await;
        }
    }

    async fn export(&mut self, pipeline: &Pipeline, reader: usize) {
        let deadline = Instant::now() + self.timeout;
        let collecting = pipeline.clone();
        let asked = Instant::now();
        let collected = tokio::task::spawn_blocking(move || collecting.collect(reader)).await;
        self.stats.timings().collected(READER_TYPE, asked.elapsed());
        match collected {
            Ok(collected) => self.export_collected(collected, deadline).await,
            Err(error) => tracing::error!(%error, "a collection ended badly"),
        }
    }

    async fn export_collected(&mut self, collected: Collected, deadline: Instant) {
        // Delta frames go out in their order, so that the receiver sees no gap that later turns out to be none.
        let ready = self.process(collected).await;
        let mut is_delivered = self.deliver_backlog(deadline).await;
        for frame in ready {
            if !is_delivered {
                self.keep(frame);
                continue;
            }
            if let Some(left) = self.deliver_in_batches(frame, deadline).await {
                is_delivered = false;
                self.keep(left);
            }
        }
    }

    /// Has what was collected processed, behind what could not be before. What cannot be now is kept unprocessed where it
    /// is delta; what is cumulative is made good by the next collection.
    async fn process(&mut self, collected: Collected) -> Vec<Frame> {
        let mut unprocessed = std::mem::take(&mut self.unprocessed);
        let points = unprocessed.points() + collected.frame.point_count() as u64;
        let processing = tokio::task::spawn_blocking(move || {
            let ready = unprocessed.process(collected, |fault| tracing::error!("{fault}"));
            (unprocessed, ready)
        });
        match processing.await {
            Ok((unprocessed, ready)) => {
                self.unprocessed = unprocessed;
                let outcomes = [("dropped", ready.dropped), ("undelivered", ready.kept_back)];
                for (outcome, points) in outcomes.into_iter().filter(|(_, points)| *points > 0) {
                    self.count(outcome, points);
                }
                self.count_lost(ready.lost);
                ready.frames
            }
            Err(error) => {
                self.count("dropped", points);
                tracing::error!(%error, "the processing of a collection ended badly");
                Vec::new()
            }
        }
    }

    /// True if nothing is left undelivered.
    async fn deliver_backlog(&mut self, deadline: Instant) -> bool {
        while let Some(frame) = self.backlog.pop() {
            if let Some(left) = self.deliver_in_batches(frame, deadline).await {
                self.backlog.put_back(left);
                return false;
            }
        }
        true
    }

    /// What of a frame may be sent again: the batch that could not be delivered, and the rest. Each batch is made when the one
    /// before it is delivered.
    async fn deliver_in_batches(&self, frame: Frame, deadline: Instant) -> Option<Frame> {
        let mut done = 0;
        for batch in self.target.batches(&frame, self.batch_points_max) {
            if !self.deliver(batch, deadline).await {
                break;
            }
            done += batch.point_count();
        }
        (done < frame.point_count()).then(|| frame.without_first(done))
    }

    fn keep(&mut self, frame: Frame) {
        if !frame.has_delta() {
            return;
        }
        let lost = self.backlog.push(frame);
        self.count_lost(lost as u64);
    }

    fn count(&self, outcome: &'static str, points: u64) {
        self.stats.add(self.target.name(), outcome, points);
    }

    fn count_lost(&self, dropped: u64) {
        if dropped > 0 {
            self.count("dropped", dropped);
            tracing::error!(
                points = dropped,
                "undelivered points dropped: the receiver was away, or a processor failed, for too long"
            );
        }
    }

    /// Sends one batch; false if it may be sent again.
    async fn deliver(&self, batch: Part<'_>, deadline: Instant) -> bool {
        let (name, points) = (self.target.name(), batch.point_count() as u64);
        self.stats.timings().export_begins(name, points);
        let begun = Instant::now();
        let done = self.deliver_to_target(batch, deadline).await;
        self.stats.timings().export_ends(name, points, begun.elapsed(), done.err());
        done != Err(EXHAUSTED)
    }

    /// Sends one batch, and says why that failed if it did.
    async fn deliver_to_target(&self, batch: Part<'_>, deadline: Instant) -> Result<(), &'static str> {
        let points = batch.point_count() as u64;
        match &self.target {
            Target::Console => {
                console::print(batch);
                self.delivered(points, 0, "")
            }
            Target::Otlp(exporter, ..) => match exporter.export(batch, deadline).await {
                Ok(exported) => self.delivered(points, exported.rejected, &exported.message),
                Err(error) => self.not_delivered(points, error.name(), &error),
            },
            Target::Plugin(plugin) => match plugin.deliver(&batch.to_frame(), deadline).await {
                Delivery::Accepted(accepted) => {
                    self.delivered(points, accepted.rejected_points, &accepted.message)
                }
                Delivery::Undelivered(error) => self.not_delivered(points, EXHAUSTED, &error),
                Delivery::Refused(error) => self.not_delivered(points, "permanent", &error),
            },
        }
    }

    fn delivered(&self, points: u64, rejected: u64, message: &str) -> Result<(), &'static str> {
        self.count("exported", points.saturating_sub(rejected));
        self.count("rejected", rejected);
        self.stats.finished(self.target.name(), None, points.saturating_sub(rejected));
        self.stats.finished(self.target.name(), Some("rejected"), rejected);
        if !message.is_empty() {
            tracing::warn!(exporter = self.target.name(), rejected, "receiver: {message}");
        }
        Ok(())
    }

    fn not_delivered(
        &self,
        points: u64,
        kind: &'static str,
        error: &dyn std::fmt::Display,
    ) -> Result<(), &'static str> {
        let again = kind == EXHAUSTED;
        self.count(if again { "undelivered" } else { "refused" }, points);
        self.stats.finished(self.target.name(), Some(kind), points);
        tracing::error!(exporter = self.target.name(), points, "export failed: {error}");
        Err(kind)
    }
}

/// The first tick comes after an interval; ticks that were missed are not made up for.
fn ticks(every: Duration) -> tokio::time::Interval {
    let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
