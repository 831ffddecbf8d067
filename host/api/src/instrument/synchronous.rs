//! Instruments that are measured with where things happen.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::SyncInstrument;
use wasmeter_engine::Recorder;

use super::Measured;
use crate::attributes::set_of;
use crate::meters::MeterState;
use crate::provider::Core;

/// A counter, up-down-counter, histogram or gauge.
pub(crate) struct Synchronous {
    core: Arc<Core>,
    meter: Arc<MeterState>,
    recorder: Recorder,
}

impl Synchronous {
    pub(crate) fn new(core: Arc<Core>, meter: Arc<MeterState>, recorder: Recorder) -> Self {
        Self { core, meter, recorder }
    }
}

impl<N: Measured> SyncInstrument<N> for Synchronous {
    fn measure(&self, measurement: N, attributes: &[KeyValue]) {
        if self.meter.is_silent() {
            return;
        }
        let number = self.core.number(measurement);
        self.recorder.record(number, &set_of(attributes), self.core.now());
    }
}
