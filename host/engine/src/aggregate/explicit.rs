//! Explicit-bucket histograms (metrics SDK, "Explicit Bucket Histogram Aggregation").

use std::cell::OnceCell;
use std::sync::Arc;

use super::approximate::Middle;
use super::{ExponentialDelta, Extreme, Totals};
use crate::record::StagedExplicit;

/// What one received point adds: it minus the point before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExplicitDelta {
    /// Upper bounds of all buckets but the last.
    pub(crate) bounds: Arc<[f64]>,
    /// One more than bounds.
    pub(crate) counts: Vec<u64>,
    /// Their sum.
    pub(crate) count: u64,
    /// The sum now and the sum before, kept apart so that nothing is rounded; `None` if the sender did not tell.
    pub(crate) sum: Option<(f64, f64)>,
    /// The smallest value.
    pub(crate) min: Extreme,
    /// The largest value.
    pub(crate) max: Extreme,
    /// Of the buckets, if they were asked for.
    pub(super) middles: OnceCell<Box<[Middle]>>,
}

/// A histogram of fixed bounds.
#[derive(Clone, Debug)]
pub(crate) struct ExplicitHistogram {
    bounds: Arc<[f64]>,
    counts: Vec<u64>,
    totals: Totals,
}

/// True if the bounds are equal. Mostly they are the same ones, and then it costs no look at them.
pub(crate) fn are_equal(one: &[f64], other: &[f64]) -> bool {
    std::ptr::eq(one, other) || one == other
}

/// True if every bound of `coarse` is one of `fine`, so that counts can be moved without guessing.
fn is_subset(coarse: &[f64], fine: &[f64]) -> bool {
    coarse.iter().all(|bound| fine.binary_search_by(|probe| probe.total_cmp(bound)).is_ok())
}

/// The counts of `fine` bounds under `coarse` ones, which are a subset.
fn coarsen(counts: &[u64], fine: &[f64], coarse: &[f64]) -> Vec<u64> {
    let mut coarser = vec![0u64; coarse.len() + 1];
    for (bucket, count) in counts.iter().enumerate() {
        let target = match fine.get(bucket) {
            Some(upper) => coarse.partition_point(|bound| bound < upper),
            None => coarse.len(),
        };
        if let Some(total) = coarser.get_mut(target) {
            *total = total.saturating_add(*count);
        }
    }
    coarser
}

impl ExplicitHistogram {
    /// An empty histogram.
    pub(crate) fn new(bounds: Arc<[f64]>) -> Self {
        Self { counts: vec![0; bounds.len() + 1], bounds, totals: Totals::default() }
    }

    /// Empties it and keeps its memory.
    pub(crate) fn clear(&mut self) {
        self.counts.fill(0);
        self.totals = Totals::default();
    }

    /// True if it was made for these bounds.
    pub(crate) fn has_bounds(&self, bounds: &Arc<[f64]>) -> bool {
        Arc::ptr_eq(&self.bounds, bounds)
    }

    /// The bounds a series gets whose first contribution has the bounds `received`, where the View asks for `wanted`:
    /// the wanted ones if they are exact. The second result says whether the wish was granted.
    pub(crate) fn bounds_for(wanted: Option<&Arc<[f64]>>, received: &Arc<[f64]>) -> (Arc<[f64]>, bool) {
        match wanted {
            Some(wanted) if is_subset(wanted, received) => (wanted.clone(), true),
            Some(_) => (received.clone(), false),
            None => (received.clone(), true),
        }
    }

    /// Counts one measured value: buckets are `(lower, upper]`.
    pub(crate) fn record(&mut self, value: f64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
        self.totals.record(value);
    }

    /// Adds measurements that were counted apart; false if the bounds differ.
    pub(crate) fn absorb(&mut self, other: &StagedExplicit) -> bool {
        if !are_equal(&self.bounds, &other.bounds) {
            return false;
        }
        for (total, count) in self.counts.iter_mut().zip(&other.counts) {
            *total = total.saturating_add(*count);
        }
        self.totals.absorb(other.counts.iter().sum(), Some(other.sum), (other.min, other.max));
        true
    }

    /// True if the contribution's buckets can be counted in these bounds exactly.
    #[inline]
    pub(crate) fn accepts(&self, bounds: &Arc<[f64]>) -> bool {
        are_equal(&self.bounds, bounds) || is_subset(&self.bounds, bounds)
    }

    /// Gives up the bounds that `other` has not, so that contributions with those are accepted.
    pub(crate) fn coarsen_to_common(&mut self, other: &[f64]) {
        let common: Arc<[f64]> =
            self.bounds.iter().copied().filter(|bound| is_subset(&[*bound], other)).collect();
        self.counts = coarsen(&self.counts, &self.bounds, &common);
        self.bounds = common;
    }

    /// Adds a contribution that is [accepted](Self::accepts); `whole` as in [`super::Kept::merge`].
    pub(crate) fn merge(&mut self, delta: &ExplicitDelta, whole: bool) {
        let coarser;
        let counts = if are_equal(&self.bounds, &delta.bounds) {
            &delta.counts
        } else {
            coarser = coarsen(&delta.counts, &delta.bounds, &self.bounds);
            &coarser
        };
        let all = self.counts.iter_mut().zip(counts);
        if self.totals.merge(delta.count, delta.sum, (delta.min, delta.max), whole) {
            // No bucket counts more than all of them together, so that none overflows either, and all are added at once.
            all.for_each(|(total, count)| *total = total.wrapping_add(*count));
        } else {
            all.for_each(|(total, count)| *total = total.saturating_add(*count));
        }
    }

    /// Adds explicit buckets of any bounds as if each value had been in the middle of its own; `whole` as in [`super::Kept::merge`]. What is
    /// known beside the buckets stays exact.
    pub(crate) fn approximate(&mut self, delta: &ExplicitDelta, whole: bool) {
        let mut bucket = 0;
        // They ascend, so that each search goes on where the one before ended.
        for (middle, count) in delta.middles().iter().zip(&delta.counts) {
            while self.bounds.get(bucket).is_some_and(|bound| *bound < middle.value) {
                bucket += 1;
            }
            if let Some(total) = self.counts.get_mut(bucket) {
                *total = total.saturating_add(*count);
            }
        }
        self.totals.merge(delta.count, delta.sum, (delta.min, delta.max), whole);
    }

    /// The same of exponential buckets.
    pub(crate) fn approximate_exponential(&mut self, delta: &ExponentialDelta, whole: bool) {
        delta.place(&self.bounds, &mut self.counts);
        self.totals.merge(delta.count, delta.sum, (delta.min, delta.max), whole);
    }

    pub(crate) fn bounds(&self) -> &[f64] {
        &self.bounds
    }

    /// The same, to be kept elsewhere.
    pub(crate) fn shared_bounds(&self) -> Arc<[f64]> {
        self.bounds.clone()
    }

    pub(crate) fn counts(&self) -> &[u64] {
        &self.counts
    }

    pub(crate) fn totals(&self) -> &Totals {
        &self.totals
    }
}

impl StagedExplicit {
    /// The histogram as a contribution.
    pub(crate) fn to_delta(&self) -> ExplicitDelta {
        ExplicitDelta {
            bounds: self.bounds.clone(),
            counts: self.counts.to_vec(),
            count: self.counts.iter().sum(),
            sum: Some((self.sum.get(), 0.0)),
            min: Extreme::Interval(self.min),
            max: Extreme::Interval(self.max),
            middles: OnceCell::new(),
        }
    }
}

/// A received point where it was read, checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExplicitRow<'a> {
    /// Upper bounds of all buckets but the last, ascending.
    pub(crate) bounds: &'a Arc<[f64]>,
    /// One more than bounds.
    pub(crate) counts: &'a [u64],
    /// Their sum.
    pub(crate) count: u64,
    pub(crate) sum: Option<f64>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
}

/// What is kept of a received cumulative point to subtract it from the next.
#[derive(Clone, Debug)]
pub(crate) struct ExplicitPoint {
    bounds: Arc<[f64]>,
    counts: Vec<u64>,
    pub(crate) count: u64,
    sum: Option<f64>,
}

fn extreme(value: Option<f64>, case: fn(f64) -> Extreme) -> Extreme {
    value.map_or(Extreme::Unknown, case)
}

/// Makes each of `before` what it is `now`, and each of `more` by how much that is more; true if one of them is less. None of
/// them is above `max`.
fn step(now: &[u64], before: &mut [u64], more: &mut [u64], max: u64) -> bool {
    let all = before.iter_mut().zip(now).zip(more);
    // Looked at once all are subtracted: that is faster than a way out at each.
    if max <= i64::MAX as u64 {
        // The first bit of a difference is set where it is less than nothing.
        let mut differences = 0;
        for ((before, now), more) in all {
            *more = now.wrapping_sub(*before);
            differences |= *more;
            *before = *now;
        }
        return differences > i64::MAX as u64;
    }
    let mut has_shrunk = false;
    for ((before, now), more) in all {
        let (difference, is_less) = now.overflowing_sub(*before);
        (*before, *more, has_shrunk) = (*now, difference, has_shrunk | is_less);
    }
    has_shrunk
}

impl ExplicitDelta {
    /// Becomes a point as a contribution of its own; `running` if it is not the first of its writer. Keeps its memory.
    pub(crate) fn set_whole(&mut self, row: &ExplicitRow<'_>, running: bool) {
        let case = if running { Extreme::Running } else { Extreme::Interval };
        self.set_bounds(row.bounds);
        self.counts.clear();
        self.counts.extend_from_slice(row.counts);
        self.count = row.count;
        self.sum = row.sum.map(|sum| (sum, 0.0));
        (self.min, self.max) = (extreme(row.min, case), extreme(row.max, case));
    }

    /// Those of the point before mostly are the same ones, and to count that costs more than to see it.
    fn set_bounds(&mut self, bounds: &Arc<[f64]>) {
        if !Arc::ptr_eq(&self.bounds, bounds) {
            self.bounds = bounds.clone();
            self.middles.take();
        }
    }
}

impl ExplicitPoint {
    /// Of the first point of a writer.
    pub(crate) fn new(row: &ExplicitRow<'_>) -> Self {
        Self { bounds: row.bounds.clone(), counts: row.counts.to_vec(), count: row.count, sum: row.sum }
    }

    /// Becomes the next point, and `delta` becomes what that adds. All of it if the count of some bucket has shrunk, which means a
    /// reset. Bounds that are a subset of the earlier ones are compared exactly, others mean a reset too.
    pub(crate) fn advance(&mut self, row: &ExplicitRow<'_>, delta: &mut ExplicitDelta) {
        if !Arc::ptr_eq(&self.bounds, row.bounds) {
            if !are_equal(&self.bounds, row.bounds) {
                if !is_subset(row.bounds, &self.bounds) {
                    *self = Self::new(row);
                    return delta.set_whole(row, true);
                }
                self.counts = coarsen(&self.counts, &self.bounds, row.bounds);
            }
            self.bounds = row.bounds.clone();
        }
        delta.counts.resize(row.counts.len(), 0);
        let has_shrunk = step(row.counts, &mut self.counts, &mut delta.counts, row.count.max(self.count));
        let count = row.count.checked_sub(self.count).filter(|_| !has_shrunk);
        let sum = row.sum.zip(self.sum);
        (self.count, self.sum) = (row.count, row.sum);
        let Some(count) = count else { return delta.set_whole(row, true) };
        delta.set_bounds(row.bounds);
        (delta.count, delta.sum) = (count, sum);
        (delta.min, delta.max) = (extreme(row.min, Extreme::Running), extreme(row.max, Extreme::Running));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g6_a_value_on_a_bound_belongs_to_the_bucket_below() {
        let mut histogram = ExplicitHistogram::new([1.0, 2.0].into());
        for value in [1.0, 1.5, 2.0, 2.5] {
            histogram.record(value);
        }
        assert_eq!(histogram.counts(), [1, 2, 1]);
        assert_eq!(
            (histogram.totals.sum(), histogram.totals.min(), histogram.totals.max()),
            (Some(7.0), Some(1.0), Some(2.5))
        );
    }

    fn row<'a>(bounds: &'a Arc<[f64]>, counts: &'a [u64]) -> ExplicitRow<'a> {
        ExplicitRow { bounds, counts, count: counts.iter().sum(), sum: None, min: None, max: None }
    }

    fn whole(bounds: &Arc<[f64]>, counts: &[u64]) -> ExplicitDelta {
        let mut delta = ExplicitDelta::default();
        delta.set_whole(&row(bounds, counts), false);
        delta
    }

    /// What `now` adds to `before`, in the memory of something else; whoever comes next is compared with `now`.
    fn added((old, before): (&Arc<[f64]>, &[u64]), (new, now): (&Arc<[f64]>, &[u64])) -> (Vec<u64>, u64) {
        let (mut point, mut delta) = (ExplicitPoint::new(&row(old, before)), whole(&[7.0].into(), &[8, 9]));
        point.advance(&row(new, now), &mut delta);
        assert_eq!((&delta.bounds, &point.bounds, &point.counts[..]), (new, new, now));
        assert_eq!(point.count, now.iter().sum());
        (delta.counts, delta.count)
    }

    #[test]
    fn counts_of_any_size_are_subtracted_exactly_or_have_shrunk() {
        const HALF: u64 = 1 << 63;
        let bounds: Arc<[f64]> = [1.0].into();
        for (before, now, more) in [
            ([1, 2], [3, 2], Some([2, 0])),
            ([1, 2], [3, 1], None),
            ([0, 0], [HALF - 1, 0], Some([HALF - 1, 0])),
            ([0, 1], [HALF, 1], Some([HALF, 0])),
            ([1, 0], [HALF, 1], Some([HALF - 1, 1])),
            ([HALF, 0], [0, HALF + 7], None),
            ([0, HALF], [1, u64::MAX - 1], Some([1, HALF - 2])),
        ] {
            // After a reset all of it is new.
            let expected = more.unwrap_or(now);
            let found = added((&bounds, &before), (&bounds, &now));
            assert_eq!(found, (expected.to_vec(), expected.iter().sum()), "{now:?} after {before:?}");
        }
    }

    #[test]
    fn bounds_that_change_are_compared_as_far_as_they_can_be() {
        let bounds = |bounds: &[f64]| Arc::<[f64]>::from(bounds);
        let (fine, coarse, other) = (bounds(&[1.0, 2.0, 3.0]), bounds(&[2.0]), bounds(&[1.5]));
        let before = [1, 2, 4, 8];
        for (new, now, expected) in [
            (&bounds(&[1.0, 2.0, 3.0]), &[2, 2, 5, 9][..], &[1, 0, 1, 1][..]),
            (&coarse, &[4, 14], &[1, 2]),
            (&coarse, &[2, 14], &[2, 14]),
            (&other, &[4, 14], &[4, 14]),
        ] {
            let found = added((&fine, &before), (new, now));
            assert_eq!(found, (expected.to_vec(), expected.iter().sum()), "{now:?} of {new:?}");
        }
    }

    #[test]
    fn counts_that_are_too_many_stay_at_the_most_there_can_be() {
        let bounds: Arc<[f64]> = [1.0].into();
        let mut histogram = ExplicitHistogram::new(bounds.clone());
        histogram.merge(&whole(&bounds, &[u64::MAX - 5, 3]), true);
        assert_eq!((histogram.counts(), histogram.totals.count()), (&[u64::MAX - 5, 3][..], u64::MAX - 2));
        histogram.merge(&whole(&bounds, &[4, 4]), true);
        assert_eq!((histogram.counts(), histogram.totals.count()), (&[u64::MAX - 1, 7][..], u64::MAX));
    }

    #[test]
    fn coarser_bounds_keep_every_count() {
        let counts = coarsen(&[1, 2, 4, 8, 16], &[1.0, 2.0, 3.0, 4.0], &[2.0, 4.0]);
        assert_eq!(counts, [3, 12, 16]);
        assert_eq!(coarsen(&[1, 2], &[5.0], &[]), [3]);
    }

    #[test]
    fn bounds_that_are_no_subset_are_not_granted() {
        let received: Arc<[f64]> = [1.0, 2.0, 3.0].into();
        let (bounds, granted) = ExplicitHistogram::bounds_for(Some(&[1.5].into()), &received);
        assert_eq!((&bounds[..], granted), (&received[..], false));
        let (bounds, granted) = ExplicitHistogram::bounds_for(Some(&[2.0].into()), &received);
        assert_eq!((&bounds[..], granted), (&[2.0][..], true));
    }
}
