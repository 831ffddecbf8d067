//! Advice about instruments that the `opentelemetry` API has no words for (metrics API, "Instrument advisory parameters").

use std::collections::HashMap;
use std::sync::Mutex;

use foldhash::fast::RandomState;
use wasmeter_model::Advisory;

use crate::lock;

/// What was advised, by the names of Meter and instrument, the latter in lower case.
#[derive(Default)]
pub(crate) struct Advice {
    given: Mutex<HashMap<(String, String), Advisory, RandomState>>,
}

impl Advice {
    /// Takes note of advice; what was advised of the same instrument before is forgotten.
    pub(crate) fn give(&self, meter: &str, instrument: &str, advisory: Advisory) {
        lock(&self.given).insert((meter.to_owned(), instrument.to_ascii_lowercase()), advisory);
    }

    /// What was advised about an instrument.
    pub(crate) fn about(&self, meter: &str, instrument: &str) -> Advisory {
        let given = lock(&self.given);
        // As a rule there is none, and then a new instrument costs no more for it.
        if given.is_empty() {
            return Advisory::default();
        }
        given.get(&(meter.to_owned(), instrument.to_ascii_lowercase())).cloned().unwrap_or_default()
    }
}
