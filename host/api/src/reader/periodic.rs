//! A reader that collects at intervals and pushes into an exporter.

use std::sync::Arc;
use std::time::Duration;

use wasmeter_engine::ReaderConfig;
use wasmeter_model::TemporalityPreference;

use super::{PushExporter, Worker};
use crate::error::BuildError;
use crate::provider::Core;

/// Collects and exports at intervals, on a thread of its own (metrics SDK, "Periodic exporting MetricReader"). Exports never
/// overlap: an interval that ends during one is left out.
pub struct PeriodicReader {
    config: ReaderConfig,
    exporter: Box<dyn PushExporter>,
    interval: Duration,
    timeout: Duration,
}

impl PeriodicReader {
    /// The specified interval.
    pub const INTERVAL_DEFAULT: Duration = Duration::from_secs(60);
    /// The specified timeout of one export.
    pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
    /// The shortest interval; a shorter one is taken for this one.
    pub const INTERVAL_MIN: Duration = Duration::from_millis(1);

    /// A reader with the temporality that the exporter asks for. Each export has `timeout` to be done.
    pub fn new(exporter: impl PushExporter, interval: Duration, timeout: Duration) -> Self {
        let config = ReaderConfig { temporality: exporter.temporality(), ..ReaderConfig::default() };
        let interval = interval.max(Self::INTERVAL_MIN);
        Self { config, exporter: Box::new(exporter), interval, timeout }
    }

    /// Sets aggregations and cardinality limits by instrument kind, and a temporality other than the exporter's.
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

    pub(super) fn start(self, core: Arc<Core>, place: usize) -> Result<Worker, BuildError> {
        Worker::start(core, place, self.exporter, self.interval, self.timeout).map_err(BuildError::Thread)
    }
}

impl std::fmt::Debug for PeriodicReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PeriodicReader")
            .field("config", &self.config)
            .field("interval", &self.interval)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
