//! Instruments that are measured with where things happen.

use std::sync::{Arc, OnceLock};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundSyncInstrument, SyncInstrument};
use wasmeter_engine::{BoundRecorder, Recorder};
use wasmeter_model::{Attributes, Number};

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
    /// For measurements without attributes, of which there is nothing to look up.
    bare: OnceLock<BoundRecorder>,
}

impl Synchronous {
    pub(crate) fn new(core: Arc<Core>, meter: Arc<MeterState>, recorder: Recorder) -> Self {
        Self { core, meter, recorder, bare: OnceLock::new() }
    }

    #[inline(always)]
    fn record_bare(&self, number: Number) {
        match self.bare.get() {
            Some(bound) => bound.record(number, || self.core.now()),
            None => self.record_first_bare(number),
        }
    }

    #[cold]
    fn record_first_bare(&self, number: Number) {
        let (none, now) = (Attributes::empty(), self.core.now());
        self.recorder.record(number, &none, now);
        if let Ok(bound) = self.recorder.bind(&none, now) {
            // Another thread may have been faster; then that one serves.
            self.bare.get_or_init(|| bound);
        }
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
        if attributes.is_empty() {
            return self.record_bare(number);
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
