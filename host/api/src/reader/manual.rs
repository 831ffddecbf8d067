//! A reader that collects when it is told to.

use std::sync::{Arc, OnceLock, Weak};

use wasmeter_engine::ReaderConfig;
use wasmeter_model::TemporalityPreference;
use wasmeter_model::frame::Frame;

use crate::busy::is_busy;
use crate::error::{BuildError, Error};
use crate::provider::Core;

/// Collects when it is told to: for tests, and for whoever pulls. Clones are the same reader; it belongs to one provider.
#[derive(Clone, Default)]
pub struct ManualReader {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    config: ReaderConfig,
    /// The provider and the reader's place in it. Weak: a reader does not keep a provider.
    attached: OnceLock<(Weak<Core>, usize)>,
}

impl ManualReader {
    /// A reader with a temporality and the specified default aggregations and limits.
    pub fn new(temporality: TemporalityPreference) -> Self {
        Self::with_config(ReaderConfig { temporality, ..ReaderConfig::default() })
    }

    /// A reader with aggregations and cardinality limits of its own.
    pub fn with_config(config: ReaderConfig) -> Self {
        Self { inner: Arc::new(Inner { config, attached: OnceLock::new() }) }
    }

    /// Runs the callbacks and takes the metrics of now. With delta temporality they are gone then. Takes no longer than the
    /// timeout for callbacks, see [`crate::MeterProviderBuilder::with_callback_timeout`].
    ///
    /// # Errors
    ///
    /// [`Error::NotAttached`], [`Error::AlreadyShutdown`], or [`Error::Reentrant`].
    pub fn collect(&self) -> Result<Frame, Error> {
        let (core, place) = self.inner.attached.get().ok_or(Error::NotAttached)?;
        let core = core.upgrade().filter(|core| !core.is_shut_down()).ok_or(Error::AlreadyShutdown)?;
        if is_busy() {
            return Err(Error::Reentrant);
        }
        Ok(core.collect(*place, None))
    }

    pub(super) fn config(&self) -> &ReaderConfig {
        &self.inner.config
    }

    pub(super) fn attach(&self, core: &Arc<Core>, place: usize) -> Result<(), BuildError> {
        self.inner.attached.set((Arc::downgrade(core), place)).map_err(|_| BuildError::ReaderInUse)
    }
}

impl std::fmt::Debug for ManualReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ManualReader").field("config", &self.inner.config).finish_non_exhaustive()
    }
}
