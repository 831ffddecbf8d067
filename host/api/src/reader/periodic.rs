//! A reader that collects at intervals and pushes into an exporter.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use wasmeter_engine::ReaderConfig;
use wasmeter_model::{InstrumentKind, TemporalityPreference};

use super::worker::Schedule;
use super::{MetricProducer, Producers, PushExporter, Worker};
use crate::environment::Environment;
use crate::error::BuildError;
use crate::provider::Core;

/// Collects and exports at intervals, on a thread of its own (metrics SDK, "Periodic exporting MetricReader"). Exports never
/// overlap: an interval that ends during one is left out.
pub struct PeriodicReader {
    config: ReaderConfig,
    producers: Producers,
    exporter: Box<dyn PushExporter>,
    interval: Option<Duration>,
    timeout: Option<Duration>,
    batch_points_max: Option<NonZeroUsize>,
}

impl PeriodicReader {
    /// The specified interval.
    pub const INTERVAL_DEFAULT: Duration = Duration::from_secs(60);
    /// The specified timeout of one export.
    pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
    /// The shortest interval; a shorter one is taken for this one.
    pub const INTERVAL_MIN: Duration = Duration::from_millis(1);

    /// A reader with the temporality and the aggregations that the exporter asks for. What one collection yields has
    /// `timeout` to be exported, of which callbacks have one half at most.
    pub fn new(exporter: impl PushExporter, interval: Duration, timeout: Duration) -> Self {
        Self::exporting_to(exporter).with_interval(interval).with_timeout(timeout)
    }

    /// A reader with the temporality and the aggregations that the exporter asks for. Interval and timeout are those of
    /// `OTEL_METRIC_EXPORT_INTERVAL` and `OTEL_METRIC_EXPORT_TIMEOUT` if the provider reads the environment
    /// ([`crate::MeterProviderBuilder::with_environment`]) and they are set, else [`Self::INTERVAL_DEFAULT`] and
    /// [`Self::TIMEOUT_DEFAULT`].
    pub fn exporting_to(exporter: impl PushExporter) -> Self {
        let asked = InstrumentKind::ALL.into_iter().map(|kind| (kind, exporter.aggregation(kind)));
        let config = ReaderConfig {
            temporality: exporter.temporality(),
            aggregations: asked.collect(),
            ..ReaderConfig::default()
        };
        Self {
            config,
            producers: Producers::default(),
            exporter: Box::new(exporter),
            interval: None,
            timeout: None,
            batch_points_max: None,
        }
    }

    /// Sets the interval, whatever the environment says.
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Sets how long a collection and the export of what it yields may take, whatever the environment says. Callbacks have one
    /// half of it at most.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Has the exporter get no more than this many points at once (metrics SDK, "Periodic exporting MetricReader"). What a
    /// collection yields beyond that is exported in further batches, one after the other and in order; a metric's points may
    /// be spread over two of them. A batch that fails does not keep the others from being exported. Without a limit by
    /// default; the OTLP exporter makes requests of at most 8192 points of what it gets.
    #[must_use]
    pub fn with_max_export_batch_size(mut self, points_max: NonZeroUsize) -> Self {
        self.batch_points_max = Some(points_max);
        self
    }

    /// Has the reader export what a producer has, too.
    #[must_use]
    pub fn with_producer(mut self, producer: impl MetricProducer) -> Self {
        self.producers.add(producer);
        self
    }

    /// Sets aggregations and cardinality limits by instrument kind, a filter, and a temporality other than the exporter's.
    #[must_use]
    pub fn with_config(mut self, config: ReaderConfig) -> Self {
        self.config = config;
        self
    }

    /// Sets a temporality other than the exporter's.
    #[must_use]
    pub fn with_temporality(mut self, temporality: TemporalityPreference) -> Self {
        self.config.temporality = temporality;
        self
    }

    pub(super) fn config(&self) -> &ReaderConfig {
        &self.config
    }

    pub(super) fn producers(&self) -> &Producers {
        &self.producers
    }

    pub(super) fn start(
        self,
        core: Arc<Core>,
        number: usize,
        environment: &Environment,
    ) -> Result<Worker, BuildError> {
        let interval = self.interval.or(environment.export_interval).unwrap_or(Self::INTERVAL_DEFAULT);
        let timeout = self.timeout.or(environment.export_timeout).unwrap_or(Self::TIMEOUT_DEFAULT);
        let schedule = Schedule {
            batch_points_max: self.batch_points_max.unwrap_or(NonZeroUsize::MAX),
            ..Schedule::of(interval.max(Self::INTERVAL_MIN), timeout)
        };
        Worker::start(core, number, Box::new(self.exporter), schedule).map_err(BuildError::Thread)
    }
}

impl std::fmt::Debug for PeriodicReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PeriodicReader")
            .field("config", &self.config)
            .field("producers", &self.producers)
            .field("interval", &self.interval)
            .field("timeout", &self.timeout)
            .field("batch_points_max", &self.batch_points_max)
            .finish_non_exhaustive()
    }
}
