//! The series of a family, each set of labels once.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::Series;
use super::merge::{self, Added};
use crate::labels::LabelId;

/// Series by their labels, in the order they were added in.
#[derive(Debug, Default)]
pub(crate) struct SeriesTable {
    /// The labels of all series, back to back.
    labels: Vec<LabelId>,
    /// Each series, and where its labels end.
    series: Vec<(usize, Series)>,
    /// Where the series stand, those of them that were added when they had to be looked for.
    places: HashTable<usize>,
    hasher: RandomState,
}

fn labels_of<'a>(labels: &'a [LabelId], series: &[(usize, Series)], place: usize) -> &'a [LabelId] {
    let start = place.checked_sub(1).and_then(|before| series.get(before)).map_or(0, |(end, _)| *end);
    let end = series.get(place).map_or(start, |(end, _)| *end);
    labels.get(start..end).unwrap_or_default()
}

impl SeriesTable {
    /// Room for so many series more.
    pub(crate) fn reserve(&mut self, more: usize) {
        self.series.reserve(more);
    }

    /// Adds a series, or adds to the one that has the same labels.
    pub(crate) fn add(&mut self, added: &[LabelId], one: Series) -> Added {
        self.find_all();
        let Self { labels, series, places, hasher } = self;
        let is_same = |place: &usize| labels_of(labels, series, *place) == added;
        let rehash = |place: &usize| hasher.hash_one(labels_of(labels, series, *place));
        match places.entry(hasher.hash_one(added), is_same, rehash) {
            Entry::Occupied(known) => match series.get_mut(*known.get()) {
                Some((_, earlier)) => merge::into(earlier, one),
                None => Added::Refused,
            },
            Entry::Vacant(free) => {
                free.insert(series.len());
                self.push(added, one);
                Added::New
            }
        }
    }

    /// Adds a series that is known to have other labels than each of those before it: nothing is looked for.
    pub(crate) fn push(&mut self, added: &[LabelId], one: Series) {
        let Self { labels, series, .. } = self;
        if labels.capacity() - labels.len() < added.len() {
            // Those that there is room for already are mostly labelled like this one.
            labels.reserve(added.len() * (series.capacity() - series.len()).max(1));
        }
        labels.extend_from_slice(added);
        series.push((labels.len(), one));
    }

    /// Makes sure that every series is found by its labels.
    fn find_all(&mut self) {
        let Self { labels, series, places, hasher } = self;
        let rehash = |place: &usize| hasher.hash_one(labels_of(labels, series, *place));
        // Series are never removed, and are found from the first one on.
        for place in places.len()..series.len() {
            places.insert_unique(rehash(&place), place, rehash);
        }
    }

    /// The series at a place, with its labels.
    pub(crate) fn get(&self, place: usize) -> Option<(&[LabelId], &Series)> {
        let (_, one) = self.series.get(place)?;
        Some((labels_of(&self.labels, &self.series, place), one))
    }

    /// Every series.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Series> {
        self.series.iter().map(|(_, one)| one)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.series.is_empty()
    }
}
