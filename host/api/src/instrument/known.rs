//! The instruments a provider has, to tell when two of one name are not the same (metrics SDK, "Duplicate instrument
//! registration").

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use foldhash::fast::RandomState;
use wasmeter_model::{Instrument, Scope};

use crate::lock;

/// A scope, and a name in lower case.
type Key = (Arc<Scope>, String);

/// The first instrument of each name and scope. No larger than the engine's registry: only what that took gets here.
#[derive(Default)]
pub(crate) struct Known {
    first: Mutex<HashMap<Key, Arc<Instrument>, RandomState>>,
}

impl Known {
    /// The first instrument of this name, in whatever case. The first-seen name is the one that is used.
    pub(crate) fn first(&self, instrument: &Instrument) -> Option<Arc<Instrument>> {
        lock(&self.first).get(&key(instrument)).cloned()
    }

    /// Takes note of an instrument that the engine has taken.
    pub(crate) fn remember(&self, instrument: &Instrument) {
        let mut first = lock(&self.first);
        first.entry(key(instrument)).or_insert_with(|| Arc::new(instrument.clone()));
    }
}

fn key(instrument: &Instrument) -> Key {
    (instrument.scope.clone(), instrument.name.to_ascii_lowercase())
}

/// How an instrument conflicts with the first one of its name, with what to do about it; nothing if it is the same.
pub(crate) fn conflicts(first: &Instrument, other: &Instrument) -> Vec<String> {
    let name = &first.name;
    let mut found = Vec::new();
    if first.name != other.name {
        found.push(format!("instrument `{}` is also named `{name}`; the first name is used", other.name));
    }
    let shape = |instrument: &Instrument| {
        format!("{} of {:?} in `{}`", instrument.kind.name(), instrument.number, instrument.unit)
            .to_lowercase()
    };
    let same_kind = (first.kind, first.number) == (other.kind, other.number);
    if !same_kind || first.unit != other.unit {
        found.push(format!(
            "instrument `{name}` is asked for as {} and as {}; both are exported under one name, which few \
             backends understand: rename one, or give it a View that selects it by kind or unit and sets a name",
            shape(first),
            shape(other)
        ));
    } else if first.description != other.description {
        found.push(format!(
            "instrument `{name}` has the descriptions {:?} and {:?}; use one, or a View that sets it",
            first.description, other.description
        ));
    } else if first.advisory != other.advisory {
        found.push(format!("instrument `{name}` is asked for with different boundaries; the first are used"));
    }
    found
}
