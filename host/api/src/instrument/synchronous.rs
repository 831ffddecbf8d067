//! Instruments that are measured with where things happen.

use std::sync::{Arc, OnceLock};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundSyncInstrument, SyncInstrument};
use wasmeter_engine::{BoundRecorder, Recorder};
use wasmeter_model::{Attributes, Number};

use super::Measured;
use crate::attributes::{Given, converted, set_of};
use crate::diagnostics::DiagnosticKind;
use crate::exemplars::{admitted, may_admit};
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

    // Apart, and with the measurement as it came: what a measurement without an exemplar has in registers stays there.
    #[inline(never)]
    fn sample<N: Measured>(&self, measurement: N, attributes: &[KeyValue]) {
        if let Some(span) = admitted(self.core.exemplar_filter) {
            self.recorder.sample(measurement.number().0, &set_of(attributes), span, self.core.now());
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
        if may_admit(self.core.exemplar_filter) {
            self.sample(measurement, attributes);
        }
        let number = self.core.number(measurement);
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

impl Bound {
    /// A measurement that may become an exemplar, or that is more than an addition. Apart, and with the measurement as it came: so what
    /// most measurements have in registers stays there.
    #[inline(never)]
    fn measure_unusual<N: Measured>(&self, measurement: N) {
        if let Some(span) = admitted(self.core.exemplar_filter) {
            self.recorder.sample(measurement.number().0, span, self.core.now());
        }
        self.recorder.record(self.core.number(measurement), || self.core.now());
    }
}

impl<N: Measured> BoundSyncInstrument<N> for Bound {
    fn measure(&self, measurement: N) {
        if self.meter.is_silent() {
            return;
        }
        let is_done = !may_admit(self.core.exemplar_filter) && {
            let (number, is_saturated) = measurement.number();
            !is_saturated && self.recorder.record_usual(number)
        };
        if !is_done {
            self.measure_unusual(measurement);
        }
    }
}
