//! The page before it is text: families by name, each with its series by labels.
//!
//! **Invariant:** no two families have a series name in common, and no two series of a family have the same labels.
//! Prometheus refuses a whole scrape over either.

mod exponential;
mod histogram;
mod merge;
mod summary;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};

use wasmeter_model::Number;

use crate::FamilyKind;

pub(crate) use exponential::{Grid, buckets as exponential_buckets};
pub(crate) use histogram::{Buckets, explicit as explicit_buckets};
pub(crate) use merge::Added;
pub(crate) use summary::Quantiles;

/// All families of a page.
#[derive(Debug, Default)]
pub(crate) struct Families {
    /// Sorted, so that pages of equal frames are equal.
    pub(crate) by_name: BTreeMap<String, Family>,
    /// The names that series of the families have.
    claims: HashSet<String>,
}

/// The metrics of one name.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) kind: FamilyKind,
    /// Empty if no metric has a description.
    pub(crate) help: String,
    /// Set once metrics differ in their description.
    pub(crate) help_conflict: bool,
    /// By their labels as text.
    pub(crate) series: BTreeMap<String, Value>,
}

/// What a series says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// One number.
    Number {
        value: Number,
        /// Whether another one may be added: true for sums, whose meaning is additive.
        additive: bool,
    },
    /// A classic histogram.
    Histogram(Buckets),
    /// A summary.
    Summary(Quantiles),
}

impl Families {
    /// The family of a name, opened if it is new. `None` if the name, or one its series would have, belongs to another
    /// type or family.
    pub(crate) fn open(&mut self, name: &str, kind: FamilyKind) -> Option<&mut Family> {
        if !self.by_name.contains_key(name) {
            // The family's own name is claimed too: it has the `# TYPE` line.
            let claims: Vec<String> = std::iter::once("")
                .chain(kind.sample_suffixes().iter().copied())
                .map(|suffix| format!("{name}{suffix}"))
                .collect();
            if claims.iter().any(|claim| self.claims.contains(claim)) {
                return None;
            }
            self.claims.extend(claims);
            let family = Family { kind, help: String::new(), help_conflict: false, series: BTreeMap::new() };
            self.by_name.insert(name.to_owned(), family);
        }
        self.by_name.get_mut(name).filter(|family| family.kind == kind)
    }
}

impl Families {
    /// Keeps a name from metrics.
    pub(crate) fn reserve(&mut self, name: &str) {
        self.claims.insert(name.to_owned());
    }

    /// Adds a family under a reserved name, if it has series.
    pub(crate) fn add_reserved(
        &mut self,
        name: &str,
        kind: FamilyKind,
        help: &str,
        series: BTreeMap<String, Value>,
    ) {
        if !series.is_empty() {
            let family = Family { kind, help: help.to_owned(), help_conflict: false, series };
            self.by_name.insert(name.to_owned(), family);
        }
    }
}

impl Family {
    /// Takes a metric's description. Gives the one that is kept and the one that is not, the first time they differ.
    pub(crate) fn describe(&mut self, description: &str) -> Option<(String, String)> {
        if self.help.is_empty() {
            self.help = description.to_owned();
        }
        if description.is_empty() || self.help == description || self.help_conflict {
            return None;
        }
        self.help_conflict = true;
        Some((self.help.clone(), description.to_owned()))
    }

    /// Adds a series, or adds to the one that has the same labels.
    pub(crate) fn add(&mut self, labels: String, value: Value) -> Added {
        match self.series.entry(labels) {
            Entry::Vacant(free) => {
                free.insert(value);
                Added::New
            }
            Entry::Occupied(mut taken) => merge::into(taken.get_mut(), value),
        }
    }
}
