//! Instruments that are measured with where things happen.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundSyncInstrument, SyncInstrument};
use wasmeter_engine::{BoundRecorder, Recorder};

use super::Measured;
use crate::attributes::{Given, converted, set_of};
use crate::diagnostics::DiagnosticKind;
use crate::exemplars::admitted;
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
        if let Some(span) = admitted(self.core.exemplar_filter) {
            self.recorder.sample(number, &set_of(attributes), span, self.core.now());
        }
        self.recorder.record_given(number, &Given(attributes), || self.core.now());
    }

    fn bind(&self, attributes: &[KeyValue]) -> Box<dyn BoundSyncInstrument<N> + Send + Sync> {
        if self.core.is_shut_down() {
            return Box::new(super::Silent);
        }
        match self.recorder.bind(&converted(attributes), self.core.now()) {
            Ok(recorder) => Box::new(Bound { core: self.core.clone(), meter: self.meter.clone(), recorder }),
            Err(reason) => {
                let name = &self.recorder.instrument().name;
                let message = format!("instrument `{name}` bound to attributes records nothing: {reason}");
                self.core.diagnostics.tell_once(DiagnosticKind::Refused, message);
                Box::new(super::Silent)
            }
        }
    }
}

/// One of them with its attributes.
struct Bound {
    core: Arc<Core>,
    meter: Arc<MeterState>,
    recorder: BoundRecorder,
}

impl<N: Measured> BoundSyncInstrument<N> for Bound {
    fn measure(&self, measurement: N) {
        if self.meter.is_silent() {
            return;
        }
        let number = self.core.number(measurement);
        if let Some(span) = admitted(self.core.exemplar_filter) {
            self.recorder.sample(number, span, self.core.now());
        }
        self.recorder.record(number, || self.core.now());
    }
}
