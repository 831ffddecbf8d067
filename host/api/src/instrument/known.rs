//! The instruments a provider has, to tell when two of one name are not the same (metrics SDK, "Duplicate instrument
//! registration").

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use wasmeter_engine::Recorder;
use wasmeter_model::{Instrument, Scope};

use crate::lock;

/// The instruments of each name and scope. No larger than the engine's registry: only what that took gets here.
#[derive(Default)]
pub(crate) struct Known {
    recorders: Mutex<HashTable<(u64, Recorder)>>,
    hasher: RandomState,
}

impl Known {
    /// The instruments of a name, in whatever case, in the order they were made. The first-seen name is the one that is used.
    pub(crate) fn of(&self, scope: &Arc<Scope>, name: &str) -> Vec<Recorder> {
        let recorders = lock(&self.recorders);
        let all = recorders.iter_hash(self.hash(scope, name)).map(|(number, recorder)| (*number, recorder));
        let mut named: Vec<_> = all.filter(|(_, recorder)| is_named(recorder, scope, name)).collect();
        named.sort_unstable_by_key(|(number, _)| *number);
        named.into_iter().map(|(_, recorder)| recorder.clone()).collect()
    }

    /// Takes note of an instrument that the engine has taken.
    pub(crate) fn remember(&self, recorder: &Recorder) {
        let Instrument { scope, name, .. } = recorder.instrument();
        let hash = self.hash(scope, name);
        let mut recorders = lock(&self.recorders);
        let is_known = recorders.iter_hash(hash).any(|(_, known)| {
            is_named(known, scope, name) && is_same(known.instrument(), recorder.instrument())
        });
        if !is_known {
            let number = recorders.len() as u64;
            let hash_of = |(_, known): &(u64, Recorder)| {
                let Instrument { scope, name, .. } = known.instrument();
                self.hash(scope, name)
            };
            recorders.insert_unique(hash, (number, recorder.clone()), hash_of);
        }
    }

    fn hash(&self, scope: &Scope, name: &str) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        scope.hash(&mut hasher);
        name.bytes().for_each(|byte| hasher.write_u8(byte.to_ascii_lowercase()));
        hasher.finish()
    }
}

fn is_named(recorder: &Recorder, scope: &Arc<Scope>, name: &str) -> bool {
    let known = recorder.instrument();
    known.scope == *scope && known.name.eq_ignore_ascii_case(name)
}

/// True for two of one name and scope that one thing is recorded into.
pub(crate) fn is_same(one: &Instrument, other: &Instrument) -> bool {
    (one.kind, one.number, &one.unit, &one.description)
        == (other.kind, other.number, &other.unit, &other.description)
}
