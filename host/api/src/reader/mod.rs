//! Readers: how metrics leave a provider (metrics SDK, "MetricReader").

mod collected;
mod exporter;
mod manual;
mod periodic;
mod producer;
mod target;
#[cfg(any(feature = "otlp", feature = "plugins"))]
mod undelivered;
mod worker;

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmeter_engine::ReaderConfig;

use crate::environment::Environment;
use crate::error::BuildError;
use crate::provider::Core;
pub use collected::{CollectFailure, CollectStatus, Collected};
pub use exporter::PushExporter;
pub use manual::ManualReader;
pub use periodic::PeriodicReader;
pub(crate) use producer::Producers;
pub use producer::{MetricProducer, ProduceError, ProduceRequest, Produced};
#[cfg(feature = "plugins")]
pub(crate) use target::Target;
#[cfg(any(feature = "otlp", feature = "plugins"))]
pub(crate) use undelivered::{Failure, Undelivered};
#[cfg(feature = "plugins")]
pub(crate) use worker::Schedule;
pub(crate) use worker::Worker;

/// A reader of either sort, as [`crate::MeterProviderBuilder::with_reader`] takes it.
pub struct Reader(Sort);

enum Sort {
    Manual(ManualReader),
    Periodic(PeriodicReader),
}

impl From<ManualReader> for Reader {
    fn from(reader: ManualReader) -> Self {
        Self(Sort::Manual(reader))
    }
}

impl From<&ManualReader> for Reader {
    fn from(reader: &ManualReader) -> Self {
        reader.clone().into()
    }
}

impl From<PeriodicReader> for Reader {
    fn from(reader: PeriodicReader) -> Self {
        Self(Sort::Periodic(reader))
    }
}

impl Reader {
    pub(crate) fn config(&self) -> &ReaderConfig {
        match &self.0 {
            Sort::Manual(reader) => reader.config(),
            Sort::Periodic(reader) => reader.config(),
        }
    }

    pub(crate) fn producers(&self) -> &Producers {
        match &self.0 {
            Sort::Manual(reader) => reader.producers(),
            Sort::Periodic(reader) => reader.producers(),
        }
    }

    /// Puts the reader to work for a provider, in which it has this number.
    pub(crate) fn start(
        self,
        core: &Arc<Core>,
        number: usize,
        environment: &Environment,
    ) -> Result<Option<Worker>, BuildError> {
        match self.0 {
            Sort::Manual(reader) => reader.attach(core, number).map(|()| None),
            // A provider that the environment disables has nothing to export.
            Sort::Periodic(_) if environment.is_disabled => Ok(None),
            Sort::Periodic(reader) => reader.start(core.clone(), number, environment).map(Some),
        }
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Sort::Manual(reader) => reader.fmt(f),
            Sort::Periodic(reader) => reader.fmt(f),
        }
    }
}

/// The moment `timeout` from now; one that cannot be told apart from never if that is beyond what the clock can say.
pub(crate) fn deadline_after(timeout: Duration) -> Instant {
    const AGES: Duration = Duration::from_secs(30 * 365 * 24 * 3600);
    let now = Instant::now();
    now.checked_add(timeout.min(AGES)).unwrap_or(now)
}
