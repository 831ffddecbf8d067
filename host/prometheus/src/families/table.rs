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
    labels: LabelLists,
    /// Each series, in the order of their labels.
    series: Vec<Series>,
    /// Where the series stand, those of them that were added when they had to be looked for.
    places: HashTable<usize>,
    hasher: RandomState,
}

/// The labels of all series, back to back.
#[derive(Debug, Default)]
struct LabelLists {
    labels: Vec<LabelId>,
    /// How many each of the first ones has: those of a metric mostly have as many as each other.
    width: usize,
    /// How many have just as many.
    regular: usize,
    /// Where each of the others ends.
    ends: Vec<usize>,
}

impl LabelLists {
    fn push(&mut self, added: &[LabelId], expected: usize) {
        if self.labels.capacity() - self.labels.len() < added.len() {
            self.labels.reserve(added.len() * expected.max(1));
        }
        self.labels.extend_from_slice(added);
        if self.regular == 0 {
            self.width = added.len();
        }
        if self.ends.is_empty() && added.len() == self.width {
            self.regular += 1;
        } else {
            self.ends.push(self.labels.len());
        }
    }

    fn end(&self, place: usize) -> usize {
        match place.checked_sub(self.regular) {
            None => (place + 1) * self.width,
            Some(other) => self.ends.get(other).copied().unwrap_or(self.labels.len()),
        }
    }

    fn get(&self, place: usize) -> &[LabelId] {
        let start = place.checked_sub(1).map_or(0, |before| self.end(before));
        self.labels.get(start..self.end(place)).unwrap_or_default()
    }
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
        let is_same = |place: &usize| labels.get(*place) == added;
        let rehash = |place: &usize| hasher.hash_one(labels.get(*place));
        match places.entry(hasher.hash_one(added), is_same, rehash) {
            Entry::Occupied(known) => match series.get_mut(*known.get()) {
                Some(earlier) => merge::into(earlier, one),
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
        // Those that there is room for already are mostly labelled like this one.
        self.labels.push(added, self.series.capacity() - self.series.len());
        self.series.push(one);
    }

    /// Makes sure that every series is found by its labels.
    fn find_all(&mut self) {
        let Self { labels, series, places, hasher } = self;
        let rehash = |place: &usize| hasher.hash_one(labels.get(*place));
        // Series are never removed, and are found from the first one on.
        for place in places.len()..series.len() {
            places.insert_unique(rehash(&place), place, rehash);
        }
    }

    /// The series at a place, with its labels.
    pub(crate) fn get(&self, place: usize) -> Option<(&[LabelId], &Series)> {
        Some((self.labels.get(place), self.series.get(place)?))
    }

    /// Every series.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Series> {
        self.series.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.series.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_what_was_pushed_however_many_labels_each_has() {
        for widths in [vec![], vec![0], vec![0, 0, 2], vec![2, 2, 2], vec![3, 3, 1, 3, 0, 0, 4], vec![1, 0]] {
            let (mut lists, mut pushed, mut next) = (LabelLists::default(), Vec::new(), 0..);
            for width in widths {
                let list: Vec<LabelId> = next.by_ref().take(width).map(LabelId).collect();
                lists.push(&list, 0);
                pushed.push(list);
            }
            let found: Vec<_> = (0..pushed.len()).map(|place| lists.get(place).to_vec()).collect();
            assert_eq!(found, pushed);
        }
    }
}
