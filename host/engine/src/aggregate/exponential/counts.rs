//! What buckets have counted, in as few bytes as it takes.
//!
//! An exponential histogram has up to 160 buckets of either sign, and most of them count little. In two bytes each they are a quarter
//! of what they are in eight, and so is what every point and every collection has to look at.

use std::ops::Range;

use wasmeter_model::frame::{PackedCounts, RowCounts};

/// Counts of neighbouring buckets: of two bytes each as long as that is enough for all of them.
#[derive(Clone, Debug)]
pub(super) enum Counts {
    Narrow(Vec<u16>),
    Wide(Vec<u64>),
}

/// The same of either width.
macro_rules! of_any {
    ($counts:expr, $list:ident => $result:expr) => {
        match $counts {
            Counts::Narrow($list) => $result,
            Counts::Wide($list) => $result,
        }
    };
}

/// A count in so many bytes.
trait Width: Copy + Default + Into<u64> {
    /// What fits of a count.
    fn of(count: u64) -> Self;

    /// The sum, and whether it does not fit.
    fn plus(self, more: Self) -> (Self, bool);
}

impl Width for u16 {
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "whoever asks knows that it fits")]
    fn of(count: u64) -> Self {
        count as Self
    }

    #[inline]
    fn plus(self, more: Self) -> (Self, bool) {
        self.overflowing_add(more)
    }
}

impl Width for u64 {
    #[inline]
    fn of(count: u64) -> Self {
        count
    }

    #[inline]
    fn plus(self, more: Self) -> (Self, bool) {
        self.overflowing_add(more)
    }
}

/// True if a sum does not fit. `more` are no wider than `totals`.
#[inline]
fn exceeds<T: Width, M: Width>(totals: &[T], more: &[M]) -> bool {
    // All are looked at, since that is faster than a way out at each.
    let pairs = totals.iter().zip(more);
    pairs.fold(false, |exceeds, (total, count)| exceeds | total.plus(T::of((*count).into())).1)
}

/// Adds where all sums fit.
#[inline]
fn add<T: Width, M: Width>(totals: &mut [T], more: &[M]) {
    for (total, count) in totals.iter_mut().zip(more) {
        *total = total.plus(T::of((*count).into())).0;
    }
}

/// Takes earlier counts away; false if one is less than it was.
#[inline]
fn subtract<T: Width, M: Width>(now: &mut [T], before: &[M]) -> bool {
    let mut has_shrunk = false;
    for (now, before) in now.iter_mut().zip(before) {
        let (difference, is_less) = (*now).into().overflowing_sub((*before).into());
        (*now, has_shrunk) = (T::of(difference), has_shrunk | is_less);
    }
    !has_shrunk
}

/// What a bucket has counted, which is nothing from now on.
fn take<T: Width>(counts: &mut [T], at: usize) -> u64 {
    counts.get_mut(at).map_or(0, |count| std::mem::take(count).into())
}

#[inline]
fn sums<T: Width>(counts: &[T], ends: impl Iterator<Item = usize>, mut tell: impl FnMut(u64)) {
    let mut from = 0;
    for end in ends {
        let end = end.clamp(from, counts.len());
        let neighbours = counts.get(from..end).unwrap_or_default();
        tell(neighbours.iter().copied().map(Into::<u64>::into).sum());
        from = end;
    }
}

impl Default for Counts {
    fn default() -> Self {
        Self::Narrow(Vec::new())
    }
}

impl PartialEq for Counts {
    /// However wide they are.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl From<Vec<u64>> for Counts {
    fn from(counts: Vec<u64>) -> Self {
        let bits = counts.iter().fold(0, |bits, count| bits | count);
        match bits <= u16::MAX.into() {
            true => Self::Narrow(counts.into_iter().map(u16::of).collect()),
            false => Self::Wide(counts),
        }
    }
}

impl Counts {
    /// Becomes a copy of others and keeps its memory if they are as wide.
    pub(super) fn copy(&mut self, other: &Self) {
        match (self, other) {
            (Self::Narrow(counts), Self::Narrow(others)) => counts.clone_from(others),
            (Self::Wide(counts), Self::Wide(others)) => counts.clone_from(others),
            (counts, others) => *counts = others.clone(),
        }
    }

    /// Becomes those of a point and keeps its memory if they are as wide.
    pub(super) fn set(&mut self, packed: PackedCounts<'_>) {
        if !matches!(self, Self::Narrow(_)) {
            *self = Self::default();
        }
        let Self::Narrow(counts) = self else { return };
        counts.clear();
        let bytes = packed.bytes();
        // Counts of a byte each are the rule.
        if bytes.is_ascii() {
            return counts.extend(bytes.iter().map(|byte| u16::from(*byte)));
        }
        counts.reserve(bytes.len());
        for count in packed.iter() {
            match u16::try_from(count) {
                Ok(count) => counts.push(count),
                Err(_) => return *self = Self::Wide(packed.to_vec()),
            }
        }
    }

    /// Has eight bytes for each.
    fn widen(&mut self) -> &mut Vec<u64> {
        if let Self::Narrow(counts) = self {
            *self = Self::Wide(counts.iter().map(|count| u64::from(*count)).collect());
        }
        match self {
            Self::Wide(counts) => counts,
            Self::Narrow(_) => unreachable!("they have just been made wide"),
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        of_any!(self, counts => counts.len())
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn clear(&mut self) {
        of_any!(self, counts => counts.clear());
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = u64> + ExactSizeIterator {
        (0..self.len()).map(|at| self.get(at))
    }

    /// What a bucket has counted; nothing if there is no such bucket.
    #[inline]
    pub(super) fn get(&self, at: usize) -> u64 {
        of_any!(self, counts => counts.get(at).copied().map_or(0, u64::from))
    }

    /// As [`super::Buckets::sums`].
    pub(super) fn sums(&self, ends: impl Iterator<Item = usize>, tell: impl FnMut(u64)) {
        of_any!(self, counts => sums(counts, ends, tell));
    }

    /// What all have counted, at most what can be counted.
    pub(super) fn total(&self) -> u64 {
        match self {
            Self::Narrow(counts) => counts.iter().copied().map(u64::from).sum(),
            Self::Wide(counts) => counts.iter().fold(0, |sum, count| sum.saturating_add(*count)),
        }
    }

    /// Adds to a bucket; false if there is no such bucket.
    #[inline]
    pub(super) fn add(&mut self, at: usize, count: u64) -> bool {
        if let Self::Narrow(counts) = self {
            let Some(total) = counts.get_mut(at) else { return false };
            if let Some(sum) = u16::try_from(count).ok().and_then(|count| total.checked_add(count)) {
                *total = sum;
                return true;
            }
        }
        let Some(total) = self.widen().get_mut(at) else { return false };
        *total = total.saturating_add(count);
        true
    }

    /// Adds others to the buckets from `at` on, of which there are as many; `fits` as in [`super::Buckets::add_all`].
    pub(super) fn add_all(&mut self, at: usize, more: &Self, fits: bool) {
        if let Self::Narrow(counts) = self
            && let Self::Narrow(more) = more
        {
            let counts = counts.get_mut(at..).unwrap_or_default();
            if !exceeds(counts, more) {
                return add(counts, more);
            }
        }
        let counts = self.widen().get_mut(at..).unwrap_or_default();
        match fits {
            true => of_any!(more, more => add(counts, more)),
            false => counts
                .iter_mut()
                .zip(more.iter())
                .for_each(|(total, count)| *total = total.saturating_add(count)),
        }
    }

    /// Takes those of the same buckets of an earlier point away, the first of which is here at `at`; false if one of these has shrunk, and
    /// then what is left means nothing.
    pub(super) fn subtract(&mut self, at: usize, before: &Self) -> bool {
        of_any!(self, counts => {
            let Some(counts) = counts.get_mut(at..) else { return false };
            counts.len() >= before.len() && of_any!(before, before => subtract(counts, before))
        })
    }

    /// Has so many more empty buckets in front.
    pub(super) fn grow_front(&mut self, more: usize) {
        of_any!(self, counts => drop(counts.splice(0..0, std::iter::repeat_n(0, more))));
    }

    /// Has so many buckets, empty ones at the end.
    pub(super) fn resize(&mut self, length: usize) {
        of_any!(self, counts => counts.resize(length, 0));
    }

    /// Has only these buckets.
    pub(super) fn keep(&mut self, buckets: Range<usize>) {
        of_any!(self, counts => {
            counts.truncate(buckets.end);
            counts.drain(..buckets.start.min(counts.len()));
        });
    }

    /// The first bucket that has counted something, and the end of the last.
    pub(super) fn filled(&self) -> Range<usize> {
        of_any!(self, counts => {
            let start = counts.iter().position(|count| *count > 0).unwrap_or(counts.len());
            start..counts.iter().rposition(|count| *count > 0).map_or(start, |last| last + 1)
        })
    }

    /// Moves each count to the bucket that `to` says, which is none behind its own, and cuts off what is behind `length`.
    pub(super) fn join(&mut self, length: usize, to: impl Fn(usize) -> usize) {
        // In place: a bucket never moves up.
        for at in 0..self.len() {
            let count = of_any!(self, counts => take(counts, at));
            self.add(to(at), count);
        }
        self.resize(length);
    }

    /// As a frame takes them.
    pub(super) fn row(&self) -> RowCounts<'_> {
        match self {
            Self::Narrow(counts) => RowCounts::Narrow(counts),
            Self::Wide(counts) => RowCounts::List(counts),
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use wasmeter_model::frame::BucketCounts;

    use super::*;

    /// Around where two bytes end, and around where eight do.
    fn counts(length: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<u64>> {
        vec(prop_oneof![4 => 0..4_u64, 1 => 65_530..65_540_u64, 1 => u64::MAX - 3..=u64::MAX], length)
    }

    fn listed(counts: &Counts) -> Vec<u64> {
        counts.iter().collect()
    }

    proptest! {
        #[test]
        fn sums_are_those_of_any_width(
            (totals, more, at) in (0..12_usize, 0..6_usize).prop_flat_map(|(many, at)| (counts(many + at), counts(many), Just(at))),
            fits in any::<bool>(),
        ) {
            let mut expected = totals.clone();
            let mut has_room = true;
            for (total, count) in expected.iter_mut().skip(at).zip(&more) {
                has_room &= total.checked_add(*count).is_some();
                *total = total.saturating_add(*count);
            }
            let mut found = Counts::from(totals);
            found.add_all(at, &more.into(), fits && has_room);
            prop_assert_eq!(listed(&found), expected);
        }

        #[test]
        fn differences_are_those_of_any_width(
            (before, more, at) in (0..12_usize, 0..6_usize).prop_flat_map(|(many, at)| (counts(many), counts(many + at), Just(at))),
        ) {
            let now: Vec<_> = more.iter().enumerate().map(|(place, more)| {
                let before = place.checked_sub(at).and_then(|place| before.get(place)).copied().unwrap_or_default();
                before.saturating_add(*more)
            }).collect();
            let differences = now.iter().enumerate().map(|(place, now)| {
                now - place.checked_sub(at).and_then(|place| before.get(place)).copied().unwrap_or_default()
            });
            let expected: Vec<_> = differences.collect();
            let mut found = Counts::from(now.clone());
            prop_assert!(found.subtract(at, &before.clone().into()));
            prop_assert_eq!(listed(&found), expected);

            let mut shrunk = now;
            for place in 0..before.len() {
                if before[place] > 0 {
                    shrunk[at + place] = before[place] - 1;
                    prop_assert!(!Counts::from(shrunk.clone()).subtract(at, &before.clone().into()));
                    shrunk[at + place] = before[place];
                }
            }
            shrunk.truncate(at + before.len().saturating_sub(1));
            prop_assert!(before.is_empty() || !Counts::from(shrunk).subtract(at, &before.into()));
        }

        #[test]
        fn a_point_is_read_into_any_memory(rows in vec(counts(0..12), 1..5)) {
            let mut found = Counts::default();
            for row in &rows {
                let column = BucketCounts::from_column("t", "c", row, vec![row.len() as u32]).unwrap();
                found.set(column.get(0));
                prop_assert_eq!(&listed(&found), row);
                let mut copy = Counts::from(vec![u64::MAX]);
                copy.copy(&found);
                prop_assert_eq!(&copy, &found);
                prop_assert_eq!(found.row().total(), row.iter().map(|count| u128::from(*count)).sum::<u128>());
            }
        }

        #[test]
        fn neighbours_are_joined_whatever_they_count(row in counts(0..20), steps in 0..4_u32, first in 0..9_usize) {
            let to = |at: usize| ((first + at) >> steps) - (first >> steps);
            let length = row.len().checked_sub(1).map_or(0, |last| to(last) + 1);
            let mut expected = vec![0_u64; length];
            for (at, count) in row.iter().enumerate() {
                expected[to(at)] = expected[to(at)].saturating_add(*count);
            }
            let mut found = Counts::from(row);
            found.join(length, to);
            prop_assert_eq!(listed(&found), expected);
        }
    }

    #[test]
    fn they_are_narrow_as_long_as_they_can_be() {
        let mut counts = Counts::from(vec![65_534, 0]);
        assert!(counts.add(0, 1) && matches!(counts, Counts::Narrow(_)));
        assert!(counts.add(0, 1) && matches!(counts, Counts::Wide(_)));
        assert_eq!((listed(&counts), counts.add(2, 1)), (vec![65_536, 0], false));
        assert!(counts.add(0, u64::MAX) && counts.get(0) == u64::MAX);
        assert_eq!(counts.total(), u64::MAX);
    }
}
