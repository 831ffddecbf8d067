//! What changes while a program measures: Views, and which Meters are enabled.

use std::sync::Arc;

#[cfg(feature = "plugins")]
use wasmeter_engine::ViewFault;
use wasmeter_engine::{PreparedSwap, SwapReport, View, Views};
#[cfg(feature = "plugins")]
use wasmeter_runtime::Generation;

use super::Core;
use crate::busy::{Swapping, is_swapping};
use crate::configurator::MeterConfigurator;
use crate::error::SwapError;
use crate::lock;

/// The Views in service by who gave them.
#[derive(Clone, Default)]
pub(crate) struct GivenViews {
    /// The program's.
    pub(super) own: Views,
    /// Those of the plugin directory, which are laid over the others.
    pub(super) directory: Vec<Arc<dyn View>>,
}

impl GivenViews {
    /// All of them, as the engine takes them.
    pub(super) fn all(&self) -> Views {
        let mut views = self.own.clone();
        views.plugins.extend(self.directory.iter().cloned());
        views
    }
}

impl Core {
    /// Puts other Views of the program into service.
    pub(crate) fn swap_views(&self, own: Views) -> Result<SwapReport, SwapError> {
        self.check_swap()?;
        let mut current = lock(&self.views);
        let next = GivenViews { own, directory: current.directory.clone() };
        let report = self.put_views_into_service(&next)?;
        *current = next;
        Ok(report)
    }

    /// Puts other plugins into service; `None` if the provider has been shut down.
    #[cfg(feature = "plugins")]
    pub(crate) fn swap_directory(
        self: &Arc<Self>,
        generation: &Generation,
    ) -> Result<Option<SwapReport>, ViewFault> {
        let mut current = lock(&self.views);
        if self.is_shut_down() {
            return Ok(None);
        }
        let next = GivenViews { own: current.own.clone(), directory: generation.views() };
        let commit = |prepared| self.plugins.commit_swap(self, prepared, generation);
        match self.put_into_service(&next, commit) {
            Ok(report) => {
                self.tally.plugin_swaps.add();
                *current = next;
                Ok(Some(report))
            }
            Err(SwapError::View(fault)) => Err(fault),
            Err(SwapError::AlreadyShutdown | SwapError::Reentrant) => Ok(None),
        }
    }

    /// Asks another configurator about all Meters.
    pub(super) fn configure_meters(&self, configurator: MeterConfigurator) -> Result<SwapReport, SwapError> {
        self.check_swap()?;
        let current = lock(&self.views);
        let before = self.meters.configure(Some(configurator));
        let outcome = self.put_views_into_service(&current);
        if outcome.is_err() {
            self.meters.configure(before);
        }
        // Not before their series are there again.
        self.meters.enable();
        outcome
    }

    fn check_swap(&self) -> Result<(), SwapError> {
        if self.is_shut_down() {
            return Err(SwapError::AlreadyShutdown);
        }
        if is_swapping() { Err(SwapError::Reentrant) } else { Ok(()) }
    }

    /// Puts other Views into service and leaves the plugins beside them as they are.
    fn put_views_into_service(&self, views: &GivenViews) -> Result<SwapReport, SwapError> {
        self.put_into_service(views, |prepared| self.engine.commit_swap(prepared, self.now()))
    }

    fn put_into_service(
        &self,
        views: &GivenViews,
        commit: impl FnOnce(PreparedSwap) -> SwapReport,
    ) -> Result<SwapReport, SwapError> {
        // A View that swaps would wait for this swap.
        let swapping = Swapping::begin();
        // The time is that of the commit: what the Views take to answer is not in the new generation.
        let prepared = self.engine.prepare_swap(self.meters.over(views.all()))?;
        let report = commit(prepared);
        drop(swapping);
        self.tell_notices();
        Ok(report)
    }
}
