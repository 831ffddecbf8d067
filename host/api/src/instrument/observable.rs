//! Instruments whose values callbacks report when a reader collects.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, Weak};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Callback};
use wasmeter_engine::{Observer, Rejection};
use wasmeter_model::Instrument;

use super::Measured;
use crate::attributes::set_of;
use crate::busy::Busy;
use crate::diagnostics::{DiagnosticKind, panic_text};
use crate::lock;
use crate::provider::Core;

/// What a callback of the API reports into, for as long as it runs.
struct Sink<'a, 'b> {
    core: &'a Core,
    /// The API lets callbacks report from several threads.
    observer: Mutex<&'a mut Observer<'b>>,
}

impl<N: Measured> AsyncInstrument<N> for Sink<'_, '_> {
    fn observe(&self, measurement: N, attributes: &[KeyValue]) {
        let number = self.core.number(measurement);
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
    let name = instrument.name.clone();
    // The engine belongs to the core: a strong reference would keep both for ever.
    let weak: Weak<Core> = Arc::downgrade(core);
    let function = move |observer: &mut Observer<'_>| {
        let Some(core) = weak.upgrade() else { return };
        let _busy = Busy::begin();
        let sink = Sink { core: &core, observer: Mutex::new(observer) };
        // What is wrong with one callback must not stop the others.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| callback(&sink))) {
            core.tally.callback_panics.add();
            let text = panic_text(payload.as_ref());
            let message =
                format!("a callback of instrument `{name}` panicked: {text}; what it had observed counts");
            core.diagnostics.tell_once(DiagnosticKind::Callback, message);
        }
    };
    let number = core.engine.observe(vec![instrument], function, core.now())?;
    core.remember_callback(number);
    Ok(())
}
