//! A reader that collects when it is told to.

use std::sync::{Arc, Mutex, OnceLock, Weak};

use wasmeter_engine::ReaderConfig;
use wasmeter_model::TemporalityPreference;
use wasmeter_model::frame::{Frame, FrameBuilder};

use super::{CollectFailure, Collected, MetricProducer, Producers};
use crate::busy::is_busy;
use crate::error::{BuildError, Error};
use crate::lock;
use crate::plugins::Processing;
use crate::provider::Core;

/// Collects when it is told to: for tests, and for whoever pulls. Clones are the same reader; it belongs to one provider.
#[derive(Clone, Default)]
pub struct ManualReader {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    config: ReaderConfig,
    producers: Producers,
    processing: Mutex<Processing>,
    /// The provider and the reader's number in it. Weak: a reader does not keep a provider.
    attached: OnceLock<(Weak<Core>, usize)>,
}

impl ManualReader {
    /// A reader with a temporality and the specified default aggregations and limits.
    pub fn new(temporality: TemporalityPreference) -> Self {
        Self::with_config(ReaderConfig { temporality, ..ReaderConfig::default() })
    }

    /// A reader with aggregations, cardinality limits and a filter of its own.
    pub fn with_config(config: ReaderConfig) -> Self {
        Self::made_of(config, Producers::default())
    }

    /// A reader as this one that collects from a producer, too. It belongs to no provider yet.
    #[must_use]
    pub fn with_producer(&self, producer: impl MetricProducer) -> Self {
        let mut producers = self.inner.producers.clone();
        producers.add(producer);
        Self::made_of(self.inner.config.clone(), producers)
    }

    fn made_of(config: ReaderConfig, producers: Producers) -> Self {
        Self { inner: Arc::new(Inner { config, producers, ..Inner::default() }) }
    }

    /// Runs the callbacks and takes the metrics of now. With delta temporality they are gone then. Takes no longer than the
    /// timeout for callbacks, see [`crate::MeterProviderBuilder::with_callback_timeout`], and the deadlines of the observers and
    /// processors in the plugin directory.
    ///
    /// # Errors
    ///
    /// [`Error::NotAttached`], [`Error::AlreadyShutdown`], or [`Error::Reentrant`].
    pub fn collect(&self) -> Result<Frame, Error> {
        self.collect_with_status().map(|collected| collected.frame)
    }

    /// As [`ManualReader::collect`], and tells what is missing from the frame: the series of a callback that was late, for
    /// example.
    ///
    /// # Errors
    ///
    /// As [`ManualReader::collect`].
    pub fn collect_with_status(&self) -> Result<Collected, Error> {
        let (core, number) = self.inner.attached.get().ok_or(Error::NotAttached)?;
        let core = core.upgrade().filter(|core| !core.is_shut_down()).ok_or(Error::AlreadyShutdown)?;
        if is_busy() {
            return Err(Error::Reentrant);
        }
        let (gathered, mut failures) = core.collect(*number, None);
        let processed = lock(&self.inner.processing).process(gathered, &core.tally);
        processed.tell(&core.diagnostics);
        failures.extend(processed.missing().map(CollectFailure::NotProcessed));
        Ok(Collected { frame: joined(processed.frames), failures })
    }

    pub(super) fn config(&self) -> &ReaderConfig {
        &self.inner.config
    }

    pub(super) fn producers(&self) -> &Producers {
        &self.inner.producers
    }

    pub(super) fn attach(&self, core: &Arc<Core>, number: usize) -> Result<(), BuildError> {
        self.inner.attached.set((Arc::downgrade(core), number)).map_err(|_| BuildError::ReaderInUse)
    }
}

/// One frame of what is there to be taken: more than one where an earlier one had to wait for its processors.
fn joined(mut frames: Vec<Frame>) -> Frame {
    if frames.len() < 2 {
        return frames.pop().unwrap_or_default();
    }
    let mut all = FrameBuilder::new();
    frames.iter().for_each(|frame| all.append(frame, |_, _| true));
    all.finish()
}

impl std::fmt::Debug for ManualReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ManualReader")
            .field("config", &self.inner.config)
            .field("producers", &self.inner.producers)
            .finish_non_exhaustive()
    }
}
