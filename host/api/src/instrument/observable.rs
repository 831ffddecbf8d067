//! Instruments whose values callbacks report when a reader collects.

use std::sync::{Arc, Mutex};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Callback};
use wasmeter_engine::{Observer, Rejection};
use wasmeter_model::Instrument;

use super::Measured;
use crate::attributes::set_of;
use crate::counts::Tally;
use crate::lock;
use crate::provider::Core;

/// What a callback of the API reports into, for as long as it runs.
struct Sink<'a, 'b> {
    tally: &'a Tally,
    /// The API lets callbacks report from several threads.
    observer: Mutex<&'a mut Observer<'b>>,
}

impl<N: Measured> AsyncInstrument<N> for Sink<'_, '_> {
    fn observe(&self, measurement: N, attributes: &[KeyValue]) {
        let number = self.tally.number(measurement);
        lock(&self.observer).observe(0, number, &set_of(attributes));
    }
}

/// Registers one callback of an instrument, until the provider is shut down.
///
/// # Errors
///
/// The engine does not take the instrument.
pub(crate) fn register<N: Measured>(
    core: &Arc<Core>,
    instrument: Instrument,
    callback: Callback<N>,
) -> Result<(), Rejection> {
    let tally = core.tally.clone();
    let function = move |observer: &mut Observer<'_>| {
        callback(&Sink { tally: &tally, observer: Mutex::new(observer) });
    };
    let number = core.engine.observe(vec![instrument], function, core.now())?;
    core.remember_callback(number);
    Ok(())
}
