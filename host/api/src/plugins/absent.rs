//! What a provider has in place of a plugin directory where the feature is off.

use std::sync::Arc;

use wasmeter_engine::{Engine, ReaderConfig, View};
use wasmeter_model::frame::Frame;
use wasmeter_model::{Resource, Timestamp};

use crate::counts::Tally;
use crate::diagnostics::Diagnostics;
use crate::error::BuildError;
use crate::provider::Core;
use crate::reader::Worker;

/// No directory.
#[derive(Default)]
pub(crate) struct PluginSettings {}

/// Nothing beside the Views.
pub(crate) struct InService;

/// A frame, which goes on as it is.
pub(crate) struct Gathered {
    pub(crate) frame: Frame,
}

/// Nothing to process by.
#[derive(Debug, Default)]
pub(crate) struct Processing;

/// The frame as it was.
pub(crate) struct Processed {
    pub(crate) frames: Vec<Frame>,
}

/// Nothing to keep.
pub(crate) struct LoadedPlugins;

/// Nothing kept.
#[derive(Default)]
pub(crate) struct KeptPlugins;

impl PluginSettings {
    pub(crate) fn load(self, _: &Diagnostics) -> Result<LoadedPlugins, BuildError> {
        Ok(LoadedPlugins)
    }
}

impl LoadedPlugins {
    pub(crate) fn views(&self) -> Vec<Arc<dyn View>> {
        Vec::new()
    }

    pub(crate) fn in_service(&self, _: &Engine, _: &Resource, _: &Arc<Diagnostics>) -> InService {
        InService
    }

    pub(crate) fn readers(&self) -> Vec<ReaderConfig> {
        Vec::new()
    }

    pub(crate) fn keep(self, _: &Arc<Core>, _: usize) -> Result<KeptPlugins, BuildError> {
        Ok(KeptPlugins)
    }
}

impl InService {
    pub(crate) fn collect(
        &self,
        clock: impl Fn() -> Timestamp,
        collect: impl FnOnce(Timestamp) -> Frame,
    ) -> Gathered {
        Gathered { frame: collect(clock()) }
    }

    pub(crate) fn workers(&self) -> Vec<Arc<Worker>> {
        Vec::new()
    }

    pub(crate) fn close(&self) -> Vec<Arc<Worker>> {
        Vec::new()
    }
}

impl Processing {
    pub(crate) fn process(&mut self, gathered: Gathered, _: &Tally) -> Processed {
        Processed { frames: vec![gathered.frame] }
    }

    pub(crate) fn end(self, _: &Tally, _: &Diagnostics) {}
}

impl Processed {
    pub(crate) fn tell(&self, _: &Diagnostics) {}

    pub(crate) fn kept_back(&self) -> Option<String> {
        None
    }

    pub(crate) fn missing(&self) -> impl Iterator<Item = String> {
        std::iter::empty()
    }
}

impl KeptPlugins {
    pub(crate) fn failures(&self) -> u64 {
        0
    }

    pub(crate) fn request_stop(&self) {}
}
