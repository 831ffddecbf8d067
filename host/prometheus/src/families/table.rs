//! The series of a family, each set of labels once.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::Series;
use super::merge::{self, Added};
use crate::labels::LabelsId;
use crate::out::Out;

/// Series by their labels, in the order they were added in.
#[derive(Debug, Default)]
pub(crate) struct SeriesTable {
    labels: Vec<LabelsId>,
    /// Each series, in the order of their labels.
    series: Vec<Series>,
    /// Where the series stand, by the hash of their labels' text: those of them that were added when they had to be looked for.
    places: HashTable<(u64, usize)>,
    hasher: RandomState,
    /// Labels that are being looked for, and others they are compared with.
    text: Out,
    other: Out,
}

impl SeriesTable {
    /// Room for so many series more.
    pub(crate) fn reserve(&mut self, more: usize) {
        self.labels.reserve(more);
        self.series.reserve(more);
    }

    /// Adds a series, or adds to the one that has the same labels; `write` writes labels.
    pub(crate) fn add(
        &mut self,
        added: LabelsId,
        one: Series,
        mut write: impl FnMut(&mut Out, LabelsId),
    ) -> Added {
        self.find_all(&mut write);
        let Self { labels, series, places, hasher, text, other } = self;
        text.clear();
        write(text, added);
        let hash = hasher.hash_one(text.as_bytes());
        let mut is_same = |(known, place): &(u64, usize)| {
            other.clear();
            let labels = labels.get(*place).filter(|_| *known == hash);
            labels.is_some_and(|labels| {
                write(other, *labels);
                text == other
            })
        };
        match places.entry(hash, &mut is_same, |(hash, _)| *hash) {
            Entry::Occupied(known) => match series.get_mut(known.get().1) {
                Some(earlier) => merge::into(earlier, one),
                None => Added::Refused,
            },
            Entry::Vacant(free) => {
                free.insert((hash, series.len()));
                self.push(added, one);
                Added::New
            }
        }
    }

    /// Adds a series that is known to have other labels than each of those before it: nothing is looked for.
    pub(crate) fn push(&mut self, added: LabelsId, one: Series) {
        self.labels.push(added);
        self.series.push(one);
    }

    /// Makes sure that every series is found by its labels.
    fn find_all(&mut self, mut write: impl FnMut(&mut Out, LabelsId)) {
        let Self { labels, places, hasher, text, .. } = self;
        // Series are never removed, and are found from the first one on.
        for (place, labels) in labels.iter().enumerate().skip(places.len()) {
            text.clear();
            write(text, *labels);
            let hash = hasher.hash_one(text.as_bytes());
            places.insert_unique(hash, (hash, place), |(hash, _)| *hash);
        }
    }

    /// The series at a place, with its labels.
    pub(crate) fn get(&self, place: usize) -> Option<(LabelsId, &Series)> {
        Some((*self.labels.get(place)?, self.series.get(place)?))
    }

    /// Every series.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Series> {
        self.series.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.series.is_empty()
    }
}
