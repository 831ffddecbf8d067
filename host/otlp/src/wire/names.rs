//! What is known by its encoding.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use wasmeter_model::batch::{Batch, MetricName};
use wasmeter_model::{Attributes, Resource, Scope};

use super::decode;
use super::known::Known;
use super::walk::Walk;

/// What a set takes beside its encoding: it is one block of memory, see [`Attributes`].
fn set_size(attributes: &Attributes) -> usize {
    24 + 32 * attributes.len()
}

/// Names of resources, scopes, metrics and series by the bytes they came in. One for all who read requests; bounded.
#[derive(Debug)]
pub struct Names(RwLock<Tables>);

#[derive(Debug)]
struct Tables {
    sets: Known<Attributes>,
    resources: Known<Arc<Resource>>,
    scopes: Known<Arc<Scope>>,
    metrics: Known<Arc<MetricName>>,
}

impl Names {
    /// Nothing is known yet; what will be takes at most `bytes_max`. A set of five attributes is taken for about 550 bytes. Of what is too
    /// much, that goes first which was not asked for.
    pub fn new(bytes_max: usize) -> Self {
        // Series are what there are many of.
        let others = bytes_max / 8;
        Self(RwLock::new(Tables {
            sets: Known::new(bytes_max - 3 * others),
            resources: Known::new(others),
            scopes: Known::new(others),
            metrics: Known::new(others),
        }))
    }

    /// Reads a request; `None` if it has anything unusual and is to be decoded, see the module.
    ///
    /// Takes one pass over the bytes. A name that is not known yet is decoded, once.
    pub fn read(&self, request: &[u8]) -> Option<Batch<'static>> {
        let mut walk = Walk::new(Lookup::new(self.0.read().unwrap_or_else(PoisonError::into_inner)));
        walk.request(request)?;
        let (batch, lookup) = walk.finish();
        let Lookup { tables, new } = lookup;
        drop(tables);
        if !new.is_empty() {
            self.learn(new);
        }
        Some(batch)
    }

    fn learn(&self, new: New<'_>) {
        let mut tables = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (key, set) in new.sets {
            // Longer texts of a set are not in its block.
            let size = set_size(&set) + key.len();
            tables.sets.insert(key, set, size);
        }
        for (key, resource) in new.resources {
            let size = set_size(&resource.attributes) + key.len();
            tables.resources.insert(&key, resource, size);
        }
        for (key, scope) in new.scopes {
            let size = set_size(&scope.attributes) + key.len();
            tables.scopes.insert(&key, scope, size);
        }
        for (key, name) in new.metrics {
            let size = set_size(&name.metadata) + key.len();
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
    sets: HashMap<&'a [u8], Attributes>,
    resources: HashMap<Vec<u8>, Arc<Resource>>,
    scopes: HashMap<Vec<u8>, Arc<Scope>>,
    metrics: HashMap<Vec<u8>, Arc<MetricName>>,
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

/// Finds what bytes say, while a request is read. Others read meanwhile, and nobody learns.
pub(super) struct Lookup<'n, 'a> {
    tables: RwLockReadGuard<'n, Tables>,
    new: New<'a>,
}

impl<'n, 'a> Lookup<'n, 'a> {
    fn new(tables: RwLockReadGuard<'n, Tables>) -> Self {
        Self { tables, new: New::default() }
    }

    /// The set of a list of attributes, tags included.
    #[inline]
    pub(super) fn set(&mut self, list: &'a [u8], of: PartOf) -> Option<Attributes> {
        if list.is_empty() {
            return Some(Attributes::empty());
        }
        match self.tables.sets.get(list) {
            Some(known) => Some(known.clone()),
            None => self.new_set(list, of),
        }
    }

    #[cold]
    fn new_set(&mut self, list: &'a [u8], of: PartOf) -> Option<Attributes> {
        if let Some(known) = self.new.sets.get(list) {
            return Some(known.clone());
        }
        let set = decode::set(list, of)?;
        self.new.sets.insert(list, set.clone());
        Some(set)
    }

    /// The resource of a message and the schema beside it.
    pub(super) fn resource(&mut self, message: &[u8], schema_url: &[u8]) -> Option<Arc<Resource>> {
        let key = joined(message, schema_url);
        find(&self.tables.resources, &mut self.new.resources, key, || decode::resource(message, schema_url))
    }

    /// The scope of a message and the schema beside it.
    pub(super) fn scope(&mut self, message: &[u8], schema_url: &[u8]) -> Option<Arc<Scope>> {
        let key = joined(message, schema_url);
        find(&self.tables.scopes, &mut self.new.scopes, key, || decode::scope(message, schema_url))
    }

    /// The name of a metric by all of its fields but its points: what stands before them and behind them.
    pub(super) fn metric(&mut self, before: &[u8], behind: &[u8]) -> Option<Arc<MetricName>> {
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
    known: &Known<Arc<T>>,
    new: &mut HashMap<Vec<u8>, Arc<T>>,
    key: Vec<u8>,
    decode: impl FnOnce() -> Option<T>,
) -> Option<Arc<T>> {
    if let Some(known) = known.get(&key).or_else(|| new.get(&key)) {
        return Some(known.clone());
    }
    let value = Arc::new(decode()?);
    new.insert(key, value.clone());
    Some(value)
}
