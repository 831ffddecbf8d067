//! What is known by its encoding.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use wasmeter_model::batch::{Batch, BatchBuilder, MetricName};
use wasmeter_model::frame::SetId;
use wasmeter_model::{Attributes, EntityRef, EntityRefs, Resource, Scope};

use super::cursor::{Cursor, Elements};
use super::decode::{self, Name};
use super::known::Known;
use super::sets::{KnownSets, Last};
use super::walk::Walk;

/// What so many bytes take in a block of memory of their own.
const fn apart(bytes: usize) -> usize {
    bytes + 32
}

/// What references to entities take beside their encoding. Their keys may share the text of those of attributes, or not.
fn entities_size(entities: &EntityRefs) -> usize {
    let of_keys = |keys: &[Arc<str>]| {
        keys.iter().map(|key| size_of::<Arc<str>>() + apart(key.len())).sum::<usize>() + 32
    };
    let of_entity = |entity: &EntityRef| {
        let texts = apart(entity.schema_url.len()) + apart(entity.entity_type.len());
        size_of::<EntityRef>() + texts + of_keys(&entity.id_keys) + of_keys(&entity.description_keys)
    };
    entities.as_slice().iter().map(of_entity).sum()
}

/// Names of resources, scopes, metrics and series by the bytes they came in. One for all who read requests; bounded.
#[derive(Debug)]
pub struct Names(RwLock<Tables>);

#[derive(Debug)]
struct Tables {
    sets: KnownSets,
    resources: Known<Name<Resource>>,
    scopes: Known<Name<Scope>>,
    metrics: Known<Name<MetricName>>,
}

impl Names {
    /// Nothing is known yet; what will be takes at most `bytes_max`. A set of five attributes is taken for about 260 bytes. Of what is too
    /// much, that goes first which was not asked for.
    pub fn new(bytes_max: usize) -> Self {
        // Series are what there are many of.
        let others = bytes_max / 8;
        Self(RwLock::new(Tables {
            sets: KnownSets::new(bytes_max - 3 * others),
            resources: Known::new(others),
            scopes: Known::new(others),
            metrics: Known::new(others),
        }))
    }

    /// Reads a request; `None` if it has anything unusual and is to be decoded, see the module.
    ///
    /// Takes one pass over the bytes. A name that is not known yet is decoded, once.
    pub fn read(&self, request: &[u8]) -> Option<Batch<'static>> {
        let mut walk = Walk::new(self.lookup());
        walk.request(request)?;
        let (batch, lookup) = walk.finish();
        let Lookup { tables, new, .. } = lookup;
        drop(tables);
        if !new.is_empty() {
            self.learn(new);
        }
        Some(batch)
    }

    pub(super) fn lookup<'n, 'a>(&'n self) -> Lookup<'n, 'a> {
        Lookup::new(self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn learn(&self, new: New<'_>) {
        let mut tables = self.0.write().unwrap_or_else(PoisonError::into_inner);
        tables.sets.insert(new.sets);
        for (key, resource) in new.resources {
            let size = resource.value.attributes.size() + entities_size(&resource.value.entities) + key.len();
            tables.resources.insert(&key, resource, size);
        }
        for (key, scope) in new.scopes {
            let size = scope.value.attributes.size() + key.len();
            tables.scopes.insert(&key, scope, size);
        }
        for (key, name) in new.metrics {
            let size = name.value.metadata.size() + key.len();
            tables.metrics.insert(&key, name, size);
        }
    }

    /// How many sets of attributes are known, and what all that is known takes, in bytes.
    pub fn size(&self) -> (usize, usize) {
        let tables = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (sets, bytes) = tables.sets.size();
        let others = [tables.resources.size(), tables.scopes.size(), tables.metrics.size()];
        (sets, bytes + others.iter().map(|(_, bytes)| bytes).sum::<usize>())
    }
}

/// What a request says that was not known.
#[derive(Default)]
struct New<'a> {
    /// In the order they came in.
    sets: Vec<Attributes>,
    /// The places of the sets, by their lists.
    places: HashMap<&'a [u8], usize>,
    resources: HashMap<Vec<u8>, Name<Resource>>,
    scopes: HashMap<Vec<u8>, Name<Scope>>,
    metrics: HashMap<Vec<u8>, Name<MetricName>>,
}

impl New<'_> {
    fn is_empty(&self) -> bool {
        self.sets.is_empty() && self.resources.is_empty() && self.scopes.is_empty() && self.metrics.is_empty()
    }
}

/// What a list of attributes is a part of: the fields have other numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PartOf {
    /// A point of a gauge, sum or summary, or an exemplar.
    Number,
    Histogram,
    Exponential,
}

impl PartOf {
    /// The tag of each of the attributes.
    #[inline]
    const fn tag(self) -> u8 {
        match self {
            Self::Number => 0x3a,
            Self::Histogram => 0x4a,
            Self::Exponential => 0x0a,
        }
    }
}

/// Finds what bytes say, while a request is read. Others read meanwhile, and nobody learns.
pub(super) struct Lookup<'n, 'a> {
    tables: RwLockReadGuard<'n, Tables>,
    last_set: Last,
    new: New<'a>,
}

impl<'n, 'a> Lookup<'n, 'a> {
    fn new(tables: RwLockReadGuard<'n, Tables>) -> Self {
        Self { tables, last_set: Last::default(), new: New::default() }
    }

    /// The set of the list of attributes at a cursor, for the batch that is built; passes the list over. Counts the attributes.
    #[inline]
    pub(super) fn set(
        &mut self,
        cursor: &mut Cursor<'a>,
        of: PartOf,
        builder: &mut BatchBuilder,
        elements: &mut Elements,
    ) -> Option<SetId> {
        let tag = of.tag();
        // A list that is known to its last element need not be walked through, if there is not one more.
        let is_end = |rest: &[u8]| rest.first() != Some(&tag);
        if let Some(known) = self.tables.sets.guess_next(&mut self.last_set, cursor.rest(), is_end) {
            elements.add(known.attributes.len())?;
            cursor.skip(known.attributes.fields().len())?;
            return Some(builder.known_set(known.run, known.at));
        }
        let list = cursor.list(tag, elements)?;
        match self.tables.sets.get_next(&mut self.last_set, list) {
            Some(known) => Some(builder.known_set(known.run, known.at)),
            None => self.new_set(list, tag).map(|set| builder.set(set)),
        }
    }

    #[cold]
    fn new_set(&mut self, list: &'a [u8], tag: u8) -> Option<Attributes> {
        if let Some(known) = self.new.places.get(list).and_then(|place| self.new.sets.get(*place)) {
            return Some(known.clone());
        }
        let set = Attributes::from_encoded(list, tag)?;
        self.new.places.insert(list, self.new.sets.len());
        self.new.sets.push(set.clone());
        Some(set)
    }

    /// The resource of a message and the schema beside it.
    pub(super) fn resource(&mut self, message: &[u8], schema_url: &[u8]) -> Option<Name<Resource>> {
        let key = joined(message, schema_url);
        find(&self.tables.resources, &mut self.new.resources, key, || decode::resource(message, schema_url))
    }

    /// The scope of a message and the schema beside it.
    pub(super) fn scope(&mut self, message: &[u8], schema_url: &[u8]) -> Option<Name<Scope>> {
        let key = joined(message, schema_url);
        find(&self.tables.scopes, &mut self.new.scopes, key, || decode::scope(message, schema_url))
    }

    /// The name of a metric by all of its fields but its points: what stands before them and behind them.
    pub(super) fn metric(&mut self, before: &[u8], behind: &[u8]) -> Option<Name<MetricName>> {
        if behind.is_empty()
            && let Some(known) = self.tables.metrics.get(before)
        {
            return Some(known.clone());
        }
        let fields = [before, behind].concat();
        let name = || decode::metric(&fields);
        find(&self.tables.metrics, &mut self.new.metrics, fields.clone(), name)
    }
}

/// Two strings of bytes as one, from which both can be told.
fn joined(one: &[u8], other: &[u8]) -> Vec<u8> {
    [one, other, &(one.len() as u64).to_le_bytes()].concat()
}

fn find<T>(
    known: &Known<Name<T>>,
    new: &mut HashMap<Vec<u8>, Name<T>>,
    key: Vec<u8>,
    decode: impl FnOnce() -> Option<Name<T>>,
) -> Option<Name<T>> {
    if let Some(known) = known.get(&key).or_else(|| new.get(&key)) {
        return Some(known.clone());
    }
    let name = decode()?;
    new.insert(key, name.clone());
    Some(name)
}
