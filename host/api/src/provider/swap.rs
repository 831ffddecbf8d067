//! What changes while a program measures: Views, and which Meters are enabled.

use wasmeter_engine::{SwapReport, Views};

use super::Core;
use crate::busy::{Swapping, is_swapping};
use crate::configurator::MeterConfigurator;
use crate::error::SwapError;
use crate::lock;
use crate::views::guarded;

impl Core {
    /// Puts other Views into service.
    pub(crate) fn swap_views(&self, views: Views) -> Result<SwapReport, SwapError> {
        self.check_swap()?;
        let mut current = lock(&self.views);
        let report = self.put_into_service(&views)?;
        *current = views;
        Ok(report)
    }

    /// Asks another configurator about all Meters.
    pub(super) fn configure_meters(&self, configurator: MeterConfigurator) -> Result<SwapReport, SwapError> {
        self.check_swap()?;
        let current = lock(&self.views);
        let before = self.meters.configure(Some(configurator));
        let outcome = self.put_into_service(&current);
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

    fn put_into_service(&self, views: &Views) -> Result<SwapReport, SwapError> {
        // A View that swaps would wait for this swap.
        let swapping = Swapping::begin();
        // The time is that of the commit: what the Views take to answer is not in the new generation.
        let prepared = self.engine.prepare_swap(self.meters.over(guarded(views.clone())))?;
        let report = self.engine.commit_swap(prepared, self.now());
        drop(swapping);
        self.tell_notices();
        Ok(report)
    }
}
