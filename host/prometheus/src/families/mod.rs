//! The page before it is text: families by name, each with its series by labels.
//!
//! **Invariant:** no two families have a series name in common, and no two series of a family have the same labels.
//! Prometheus refuses a whole scrape over either.

mod exemplars;
mod exponential;
mod histogram;
mod merge;
mod summary;
mod table;

use std::collections::{BTreeMap, HashSet};

use wasmeter_model::{Number, Timestamp};

use crate::{FamilyKind, Format};

pub(crate) use exemplars::{Exemplar, Exemplars};
pub(crate) use exponential::{Grid, buckets as exponential_buckets};
pub(crate) use histogram::{Buckets, explicit as explicit_buckets};
pub(crate) use merge::Added;
pub(crate) use summary::Quantiles;
pub(crate) use table::SeriesTable;

/// All families of a page.
#[derive(Debug)]
pub(crate) struct Families {
    /// By their names in the text format 0.0.4.
    pub(crate) by_name: BTreeMap<String, Family>,
    /// The names that series of the families have.
    claims: HashSet<String>,
    format: Format,
}

/// The metrics of one name.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) kind: FamilyKind,
    /// Empty if no metric has a description.
    pub(crate) help: String,
    /// Set once metrics differ in their description.
    help_conflict: bool,
    /// In Prometheus' words; empty if no metric has one that the name ends in.
    pub(crate) unit: String,
    /// Set once metrics differ in their unit.
    unit_conflict: bool,
    pub(crate) series: SeriesTable,
}

/// One series, and what only OpenMetrics shows of it. There are as many as samples, so what few have is boxed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) value: Value,
    /// Since when it counts; unknown for current values.
    pub(crate) start: Timestamp,
    pub(crate) exemplars: Exemplars,
}

/// What a series says. A number lies flat, so that it is as small as a pointer and a tag.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// An integer.
    Int(i64, Additive),
    /// A double.
    Double(f64, Additive),
    /// A classic histogram.
    Histogram(Box<Buckets>),
    /// A summary.
    Summary(Box<Quantiles>),
}

/// Whether another number may be added: true for sums, whose meaning is additive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Additive(pub(crate) bool);

impl Value {
    pub(crate) const fn number(value: Number, additive: Additive) -> Self {
        match value {
            Number::Int(int) => Self::Int(int, additive),
            Number::Double(double) => Self::Double(double, additive),
        }
    }

    /// The number, if it is one.
    pub(crate) const fn as_number(&self) -> Option<(Number, Additive)> {
        match self {
            Self::Int(int, additive) => Some((Number::Int(*int), *additive)),
            Self::Double(double, additive) => Some((Number::Double(*double), *additive)),
            Self::Histogram(_) | Self::Summary(_) => None,
        }
    }
}

// There are as many as samples.
const _: () = assert!(size_of::<Value>() == 16 && size_of::<Series>() == 32);

impl Families {
    pub(crate) fn new(format: Format) -> Self {
        Self { by_name: BTreeMap::new(), claims: HashSet::new(), format }
    }

    /// The family of a name, opened if it is new. `None` if the name, or one its series would have, belongs to another
    /// type or family.
    pub(crate) fn open(&mut self, name: &str, kind: FamilyKind) -> Option<&mut Family> {
        if !self.by_name.contains_key(name) {
            // The family's own name is claimed too: it has the `# TYPE` line.
            let suffixes = match kind {
                // These have their suffix in the name already. What else they need in OpenMetrics they can do without.
                FamilyKind::Counter | FamilyKind::Info => &[],
                other => other.suffixes(self.format),
            };
            let claims: Vec<String> = std::iter::once("")
                .chain(suffixes.iter().copied())
                .map(|suffix| format!("{name}{suffix}"))
                .collect();
            if claims.iter().any(|claim| self.claims.contains(claim)) {
                return None;
            }
            self.claims.extend(claims);
            self.by_name.insert(name.to_owned(), Family::new(kind, ""));
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
    pub(crate) fn add_reserved(&mut self, name: &str, kind: FamilyKind, help: &str, series: SeriesTable) {
        if !series.is_empty() {
            self.by_name.insert(name.to_owned(), Family { series, ..Family::new(kind, help) });
        }
    }

    /// Claims names that a family needs beside its own; none of them if another has one.
    pub(crate) fn claim<const N: usize>(&mut self, names: [String; N]) -> bool {
        let free = names.iter().all(|name| !self.claims.contains(name));
        if free {
            self.claims.extend(names);
        }
        free
    }
}

impl Family {
    fn new(kind: FamilyKind, help: &str) -> Self {
        let (help, unit, series) = (help.to_owned(), String::new(), SeriesTable::default());
        Self { kind, help, help_conflict: false, unit, unit_conflict: false, series }
    }

    /// Takes a metric's description. Gives the one that is kept and the one that is not, the first time they differ.
    pub(crate) fn describe(&mut self, description: &str) -> Option<(String, String)> {
        first(&mut self.help, &mut self.help_conflict, description)
    }

    /// Takes a metric's unit, as [`Self::describe`] takes the description.
    pub(crate) fn measure(&mut self, unit: &str) -> Option<(String, String)> {
        first(&mut self.unit, &mut self.unit_conflict, unit)
    }
}

/// Keeps the first text that is not empty. Gives it and one that differs, the first time there is one.
fn first(kept: &mut String, conflict: &mut bool, text: &str) -> Option<(String, String)> {
    if kept.is_empty() {
        text.clone_into(kept);
    }
    if text.is_empty() || kept == text || *conflict {
        return None;
    }
    *conflict = true;
    Some((kept.clone(), text.to_owned()))
}
