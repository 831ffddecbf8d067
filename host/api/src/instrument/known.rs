//! The instruments a provider has, to tell when two of one name are not the same (metrics SDK, "Duplicate instrument
//! registration").

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use foldhash::fast::RandomState;
use wasmeter_engine::Recorder;
use wasmeter_model::{Instrument, Scope};

use crate::lock;

/// A scope, and a name in lower case.
type Key = (Arc<Scope>, String);

/// The instruments of each name and scope, in the order they were made. No larger than the engine's registry: only what that
/// took gets here.
#[derive(Default)]
pub(crate) struct Known {
    by_name: Mutex<HashMap<Key, Vec<Recorder>, RandomState>>,
}

impl Known {
    /// The instruments of a name, in whatever case. The first-seen name is the one that is used.
    pub(crate) fn of(&self, scope: &Arc<Scope>, name: &str) -> Vec<Recorder> {
        lock(&self.by_name).get(&key(scope, name)).cloned().unwrap_or_default()
    }

    /// Takes note of an instrument that the engine has taken.
    pub(crate) fn remember(&self, recorder: &Recorder) {
        let instrument = recorder.instrument();
        let mut by_name = lock(&self.by_name);
        let known = by_name.entry(key(&instrument.scope, &instrument.name)).or_default();
        if !known.iter().any(|known| is_same(known.instrument(), instrument)) {
            known.push(recorder.clone());
        }
    }
}

fn key(scope: &Arc<Scope>, name: &str) -> Key {
    (scope.clone(), name.to_ascii_lowercase())
}

/// True for two of one name and scope that one thing is recorded into.
pub(crate) fn is_same(one: &Instrument, other: &Instrument) -> bool {
    (one.kind, one.number, &one.unit, &one.description)
        == (other.kind, other.number, &other.unit, &other.description)
}
