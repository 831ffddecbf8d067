//! Whether measuring with an instrument is worth its price.

use std::sync::Arc;

use wasmeter_engine::Recorder;

use crate::meters::MeterState;

/// Tells whether an instrument is enabled (metrics API, "Enabled"; metrics SDK, "Instrument enabled"), for programs that
/// would have to work for what they measure. The `opentelemetry` API has no question for it, so the provider is asked:
/// [`crate::MeterProvider::enabled`]. Clones tell the same.
#[derive(Clone)]
pub struct Enabled {
    meter: Arc<MeterState>,
    recorders: Arc<[Recorder]>,
}

impl Enabled {
    pub(crate) fn new(meter: Arc<MeterState>, recorders: Vec<Recorder>) -> Self {
        Self { meter, recorders: recorders.into() }
    }

    /// False if the Meter is disabled, if the Views drop the instrument, if there is no reader or if the provider has been shut
    /// down: measuring has no effect then. This changes with the configuration, so ask each time. Costs two atomic loads.
    pub fn get(&self) -> bool {
        !self.meter.is_silent() && self.recorders.iter().any(Recorder::is_enabled)
    }
}

impl std::fmt::Debug for Enabled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Enabled").field(&self.get()).finish()
    }
}
