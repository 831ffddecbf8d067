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

/// A callback of one instrument as the engine calls it.
pub(crate) fn of_one<N: Measured>(
    tally: Arc<Tally>,
    callback: Callback<N>,
) -> impl Fn(&mut Observer<'_>) + Send + Sync + 'static {
    move |observer| callback(&Sink { tally: &tally, observer: Mutex::new(observer) })
}

/// Registers a callback of some instruments, until it is removed or the provider is shut down. The function must not hold the
/// provider: a run that hangs would keep it.
///
/// # Errors
///
/// The engine does not take the instruments.
pub(crate) fn register(
    core: &Core,
    instruments: Vec<Instrument>,
    function: impl Fn(&mut Observer<'_>) + Send + Sync + 'static,
) -> Result<u64, Rejection> {
    let number = core.engine.observe(instruments, function, core.now())?;
    core.remember_callback(number);
    Ok(number)
}
