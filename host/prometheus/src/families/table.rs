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
        let Self { labels, series, places, hasher } = self;
        series.reserve(more);
        places.reserve(more, |place| hasher.hash_one(labels_of(labels, series, *place)));
    }

    /// Adds a series, or adds to the one that has the same labels.
    pub(crate) fn add(&mut self, added: &[LabelId], one: Series) -> Added {
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
                labels.extend_from_slice(added);
                series.push((labels.len(), one));
                Added::New
            }
        }
    }

    /// Every series with its labels.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[LabelId], &Series)> {
        let all = self.series.iter().enumerate();
        all.map(|(place, (_, one))| (labels_of(&self.labels, &self.series, place), one))
    }

    /// Every series.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Series> {
        self.series.iter().map(|(_, one)| one)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.series.is_empty()
    }
}
