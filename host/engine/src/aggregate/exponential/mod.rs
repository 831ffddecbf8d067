//! Base-2 exponential histograms (metrics data model, "ExponentialHistogram").
//!
//! Bucket `index` of scale `s` holds `(2^(index * 2^-s), 2^((index + 1) * 2^-s)]`. Going down one scale joins pairs of
//! neighbours exactly, which is what makes histograms of different scales mergeable.

mod buckets;
mod counts;

use wasmeter_model::limits::{EXPONENTIAL_SCALE_MAX, EXPONENTIAL_SCALE_MIN};

use super::approximate::{Counted, Ends};
use super::{ExplicitDelta, Extreme, Totals};
pub(crate) use buckets::Buckets;
pub(super) use buckets::{bucket_of, middle_of};

/// What one received point adds: it minus the point before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExponentialDelta {
    pub(crate) scale: i8,
    pub(crate) zero_count: u64,
    pub(crate) zero_threshold: f64,
    pub(crate) positive: Buckets,
    pub(crate) negative: Buckets,
    pub(crate) count: u64,
    /// As in [`super::ExplicitDelta::sum`].
    pub(crate) sum: Option<(f64, f64)>,
    pub(crate) min: Extreme,
    pub(crate) max: Extreme,
    /// What is known of explicit buckets that it was added to.
    pub(super) ends: Ends,
}

/// A histogram whose scale falls as its values spread.
#[derive(Clone, Debug)]
pub(crate) struct ExponentialHistogram {
    max_size: u32,
    scale: i8,
    zero_count: u64,
    zero_threshold: f64,
    positive: Buckets,
    negative: Buckets,
    totals: Totals,
}

impl ExponentialHistogram {
    /// An empty histogram of at most `max_size` buckets of either sign.
    pub(crate) fn new(max_size: u32, max_scale: i8) -> Self {
        Self {
            max_size: max_size.max(2),
            scale: max_scale.clamp(EXPONENTIAL_SCALE_MIN, EXPONENTIAL_SCALE_MAX),
            zero_count: 0,
            zero_threshold: 0.0,
            positive: Buckets::default(),
            negative: Buckets::default(),
            totals: Totals::default(),
        }
    }

    /// Goes down in scale, at most to the lowest there is, and returns by how much.
    fn downscale(&mut self, steps: u32) -> u32 {
        let steps =
            steps.min(u32::try_from(i32::from(self.scale) - i32::from(EXPONENTIAL_SCALE_MIN)).unwrap_or(0));
        self.positive.downscale(steps);
        self.negative.downscale(steps);
        self.scale -= i8::try_from(steps).unwrap_or(0);
        steps
    }

    /// Counts one measured, finite value.
    pub(crate) fn record(&mut self, value: f64) {
        self.totals.record(value);
        if value.abs() <= self.zero_threshold {
            self.zero_count = self.zero_count.saturating_add(1);
            return;
        }
        let index = bucket_of(value.abs(), self.scale);
        let side = if value > 0.0 { &self.positive } else { &self.negative };
        let steps = side.steps_to_fit(index, index, self.max_size);
        let steps = self.downscale(steps);
        let side = if value > 0.0 { &mut self.positive } else { &mut self.negative };
        side.add(index >> steps, 1);
    }

    /// Forgets all values and keeps the memory.
    pub(crate) fn clear(&mut self, max_scale: i8) {
        let empty = Self::new(self.max_size, max_scale);
        let sides = [&mut self.positive, &mut self.negative].map(|side| {
            side.counts.clear();
            std::mem::take(side)
        });
        let [positive, negative] = sides;
        *self = Self { positive, negative, ..empty };
    }

    /// Adds measurements that were counted apart.
    pub(crate) fn absorb(&mut self, other: &Self) {
        let (Some(min), Some(max)) = (other.totals.min(), other.totals.max()) else { return };
        let delta = ExponentialDelta {
            scale: other.scale,
            zero_count: other.zero_count,
            zero_threshold: other.zero_threshold,
            positive: other.positive.clone(),
            negative: other.negative.clone(),
            ..ExponentialDelta::default()
        };
        self.merge_buckets(&delta, false);
        self.totals.absorb(other.totals.count(), other.totals.exact_sum(), (min, max));
    }

    /// Adds a contribution of any scale; `whole` as in [`super::Kept::merge`].
    pub(crate) fn merge(&mut self, delta: &ExponentialDelta, whole: bool) {
        // No bucket counts more than all of them together.
        let fits = self.totals.merge(delta.count, delta.sum, (delta.min, delta.max), whole);
        self.merge_buckets(delta, fits);
    }

    fn merge_buckets(&mut self, other: &ExponentialDelta, fits: bool) {
        if self.is_aligned(other) {
            return self.add_buckets(other, fits);
        }
        let mut other = other.clone();
        self.align(&mut other);
        self.add_buckets(&other, fits);
    }

    /// Adds aligned ones; `fits` as in [`Buckets::add_all`].
    fn add_buckets(&mut self, other: &ExponentialDelta, fits: bool) {
        self.zero_count = self.zero_count.saturating_add(other.zero_count);
        self.positive.add_all(&other.positive, fits);
        self.negative.add_all(&other.negative, fits);
    }

    /// True if nothing has to be changed to add its buckets, as is the rule.
    fn is_aligned(&self, other: &ExponentialDelta) -> bool {
        self.scale == other.scale
            && self.zero_threshold.to_bits() == other.zero_threshold.to_bits()
            && self.steps_to_fit(other) == 0
    }

    /// How many scales down it takes to have room for buckets of the same scale.
    fn steps_to_fit(&self, other: &ExponentialDelta) -> u32 {
        [(&self.positive, &other.positive), (&self.negative, &other.negative)]
            .into_iter()
            .filter(|(_, more)| !more.counts.is_empty())
            .map(|(side, more)| side.steps_to_fit(more.first, more.last(), self.max_size))
            .max()
            .unwrap_or(0)
    }

    /// Adds explicit buckets as if each value had been in the middle of its own; `whole` as in [`super::Kept::merge`]. What is known beside
    /// the buckets stays exact.
    pub(crate) fn approximate(&mut self, delta: &ExplicitDelta, whole: bool) {
        let middles = delta.middles();
        let zero = middles.partition_point(|middle| middle.value < -self.zero_threshold)
            ..middles.partition_point(|middle| middle.value <= self.zero_threshold);
        let (negative, positive) = (delta.counted(0..zero.start), delta.counted(zero.end..middles.len()));
        for count in delta.counted(zero).counts {
            self.zero_count = self.zero_count.saturating_add(*count);
        }
        let coarser = finer_than(self.scale);
        let steps = [(&self.positive, positive), (&self.negative, negative)].map(|(side, counted)| {
            let span = counted.span(coarser);
            span.map_or(0, |(first, last)| side.steps_to_fit(first, last, self.max_size))
        });
        self.downscale(steps.into_iter().max().unwrap_or(0));
        let coarser = finer_than(self.scale);
        for (side, counted) in [(&mut self.positive, positive), (&mut self.negative, negative)] {
            let Some((first, last)) = counted.span(coarser) else { continue };
            side.cover(first, last);
            for (middle, count) in counted.middles.iter().zip(counted.counts) {
                side.add(middle.finest >> coarser, *count);
            }
        }
        self.totals.merge(delta.count, delta.sum, (delta.min, delta.max), whole);
    }

    /// Brings both to one zero bucket and to the finest scale at which both fit.
    fn align(&mut self, other: &mut ExponentialDelta) {
        // Where there are no buckets, the scale says nothing.
        let has_buckets = !other.positive.counts.is_empty() || !other.negative.counts.is_empty();
        if !has_buckets {
            other.scale = self.scale;
        }
        let common = self.scale.min(other.scale);
        self.downscale(u32::try_from(self.scale - common).unwrap_or(0));
        other.downscale(u32::try_from(other.scale - common).unwrap_or(0));
        // Folding one side into the zero bucket may widen it beyond a bucket of the other: repeat until both agree.
        while self.zero_threshold.to_bits() != other.zero_threshold.to_bits() {
            let threshold = self.zero_threshold.max(other.zero_threshold);
            self.zero_threshold = fold(
                &mut [&mut self.positive, &mut self.negative],
                &mut self.zero_count,
                threshold,
                self.scale,
            );
            other.zero_threshold = fold(
                &mut [&mut other.positive, &mut other.negative],
                &mut other.zero_count,
                threshold,
                other.scale,
            );
        }
        let steps = self.steps_to_fit(other);
        self.downscale(steps);
        other.downscale(u32::try_from(other.scale.saturating_sub(self.scale)).unwrap_or(0));
    }

    pub(crate) fn max_size(&self) -> u32 {
        self.max_size
    }

    pub(crate) fn scale(&self) -> i8 {
        self.scale
    }

    pub(crate) fn zero(&self) -> (u64, f64) {
        (self.zero_count, self.zero_threshold)
    }

    pub(crate) fn positive(&self) -> &Buckets {
        &self.positive
    }

    pub(crate) fn negative(&self) -> &Buckets {
        &self.negative
    }

    pub(crate) fn totals(&self) -> &Totals {
        &self.totals
    }
}

/// How many scales the finest one is above a scale: so many times two neighbours are one bucket of it.
fn finer_than(scale: i8) -> u32 {
    u32::from(EXPONENTIAL_SCALE_MAX.abs_diff(scale))
}

impl Counted<'_> {
    /// The first and the last bucket of their side that they count in, which is so many scales coarser than the finest.
    fn span(&self, coarser: u32) -> Option<(i64, i64)> {
        let [one, other] =
            [self.middles.first()?, self.middles.last()?].map(|middle| middle.finest >> coarser);
        Some((one.min(other), one.max(other)))
    }
}

fn fold(sides: &mut [&mut Buckets], zero_count: &mut u64, threshold: f64, scale: i8) -> f64 {
    let mut widened = threshold;
    for side in sides {
        let (taken, upper) = side.take_below(threshold, scale);
        *zero_count = zero_count.saturating_add(taken);
        widened = widened.max(upper);
    }
    widened
}

impl ExponentialDelta {
    fn downscale(&mut self, steps: u32) {
        self.positive.downscale(steps);
        self.negative.downscale(steps);
        self.scale = self.scale.saturating_sub(i8::try_from(steps).unwrap_or(i8::MAX));
    }
}

/// A received point, checked; a cumulative one is kept to subtract it from the next.
#[derive(Debug, Default)]
pub(crate) struct ExponentialPoint {
    pub(crate) scale: i8,
    pub(crate) zero_count: u64,
    pub(crate) zero_threshold: f64,
    pub(crate) positive: Buckets,
    pub(crate) negative: Buckets,
    pub(crate) count: u64,
    pub(crate) sum: Option<f64>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
}

impl Clone for ExponentialPoint {
    fn clone(&self) -> Self {
        let mut point = Self::default();
        point.clone_from(self);
        point
    }

    /// Keeps its memory.
    fn clone_from(&mut self, other: &Self) {
        let Self { scale, zero_count, zero_threshold, positive, negative, count, sum, min, max } = self;
        (*scale, *zero_count, *zero_threshold) = (other.scale, other.zero_count, other.zero_threshold);
        (*count, *sum, *min, *max) = (other.count, other.sum, other.min, other.max);
        positive.clone_from(&other.positive);
        negative.clone_from(&other.negative);
    }
}

impl ExponentialDelta {
    /// Becomes a point as a contribution of its own; `running` if it is not the first of its writer. Keeps its memory.
    pub(crate) fn set_whole(&mut self, point: &ExponentialPoint, running: bool) {
        let case = if running { Extreme::Running } else { Extreme::Interval };
        (self.scale, self.zero_threshold) = (point.scale, point.zero_threshold);
        (self.zero_count, self.count) = (point.zero_count, point.count);
        self.positive.clone_from(&point.positive);
        self.negative.clone_from(&point.negative);
        self.sum = point.sum.map(|sum| (sum, 0.0));
        self.min = point.min.map_or(Extreme::Unknown, case);
        self.max = point.max.map_or(Extreme::Unknown, case);
    }

    /// Takes what there was before away; false after a reset. Both have one scale and one zero bucket.
    fn subtract(&mut self, before: (u64, &Buckets, &Buckets), count: u64, sum: Option<f64>) -> bool {
        let (zero_count, positive, negative) = before;
        let counts = self.zero_count.checked_sub(zero_count).zip(self.count.checked_sub(count));
        let Some((zero_count, count)) = counts else { return false };
        (self.zero_count, self.count) = (zero_count, count);
        self.sum = self.sum.zip(sum).map(|((now, _), before)| (now, before));
        if !self.positive.subtract(positive) || !self.negative.subtract(negative) {
            return false;
        }
        let buckets = self.positive.total().saturating_add(self.negative.total());
        buckets.saturating_add(self.zero_count) == self.count
    }
}

impl ExponentialPoint {
    /// Becomes the next point, and `delta` becomes what that adds: all of it after a reset. A point of a lower scale than the one before is
    /// the normal course of things; a higher scale or another zero bucket with fewer values is not.
    pub(crate) fn advance(&mut self, next: &Self, delta: &mut ExponentialDelta) {
        delta.set_whole(next, true);
        if !self.subtract_from(delta) {
            delta.set_whole(next, true);
        }
        self.clone_from(next);
    }

    /// Takes this point away from the whole of the next; false after a reset.
    fn subtract_from(&self, next: &mut ExponentialDelta) -> bool {
        let Ok(steps) = u32::try_from(i32::from(self.scale) - i32::from(next.scale)) else { return false };
        let is_wider = next.zero_threshold > self.zero_threshold;
        if steps == 0 && !is_wider {
            let before = (self.zero_count, &self.positive, &self.negative);
            return next.subtract(before, self.count, self.sum);
        }
        let Self { mut zero_count, mut positive, mut negative, .. } = self.clone();
        positive.downscale(steps);
        negative.downscale(steps);
        if is_wider {
            let mut sides = [&mut positive, &mut negative];
            let threshold = fold(&mut sides, &mut zero_count, next.zero_threshold, next.scale);
            if threshold > next.zero_threshold {
                return false;
            }
        }
        next.subtract((zero_count, &positive, &negative), self.count, self.sum)
    }
}

#[cfg(test)]
mod tests {
    use super::buckets::upper_bound;
    use super::*;

    #[test]
    fn h4_values_fall_between_the_bounds_of_their_bucket() {
        for scale in EXPONENTIAL_SCALE_MIN..=EXPONENTIAL_SCALE_MAX {
            for value in [1e-300, 0.1, 0.5, 0.999_999, 1.0, 1.000_001, 1.5, 2.0, 3.0, 1024.0, 7e10, 1e300] {
                let index = bucket_of(value, scale);
                let (lower, upper) = (upper_bound(index - 1, scale), upper_bound(index, scale));
                let slack = 1.0 + 1e-12;
                assert!(
                    lower <= value * slack && value <= upper * slack,
                    "{value} at scale {scale}: ({lower}, {upper}]"
                );
            }
        }
    }

    #[test]
    fn h4_powers_of_two_are_the_upper_bound_of_their_bucket() {
        assert_eq!(bucket_of(1.0, 0), -1);
        assert_eq!(bucket_of(2.0, 0), 0);
        assert_eq!(bucket_of(4.0, 3), 15);
        assert_eq!(bucket_of(4.0, -1), 0);
        assert_eq!(bucket_of(4.1, -1), 1);
    }

    #[test]
    fn h6_merging_scales_equals_recording_everything_in_one() {
        let values = |seed: u32| (1..200u32).map(move |i| f64::from(i * seed % 997 + 1) * 0.37 - 40.0);
        let mut all = ExponentialHistogram::new(40, 20);
        values(7).chain(values(13)).for_each(|value| all.record(value));
        let mut merged = ExponentialHistogram::new(40, 20);
        for (seed, size) in [(7, 40), (13, 160)] {
            let mut part = ExponentialHistogram::new(size, 20);
            values(seed).for_each(|value| part.record(value));
            let point = ExponentialPoint {
                scale: part.scale,
                zero_count: part.zero_count,
                zero_threshold: 0.0,
                positive: part.positive.clone(),
                negative: part.negative.clone(),
                count: part.totals.count(),
                sum: part.totals.sum(),
                min: part.totals.min(),
                max: part.totals.max(),
            };
            let mut delta = ExponentialDelta::default();
            delta.set_whole(&point, true);
            merged.merge(&delta, true);
        }
        assert_eq!((merged.scale, merged.totals.count()), (all.scale, all.totals.count()));
        assert_eq!((&merged.positive, &merged.negative), (&all.positive, &all.negative));
        assert_eq!((merged.totals.min(), merged.totals.max()), (all.totals.min(), all.totals.max()));
    }

    #[test]
    fn counts_that_are_too_many_stay_at_the_most_there_can_be() {
        let mut histogram = ExponentialHistogram::new(160, 0);
        for (count, expected) in
            [(u64::MAX - 5, u64::MAX - 5), (4, u64::MAX - 1), (4, u64::MAX), (1, u64::MAX)]
        {
            let positive = Buckets { first: 6, counts: vec![count].into() };
            histogram.merge(&ExponentialDelta { count, positive, ..ExponentialDelta::default() }, true);
            assert_eq!(histogram.totals.count(), expected);
            assert_eq!(histogram.positive, Buckets { first: 6, counts: vec![expected].into() });
        }
    }

    #[test]
    fn h5_a_wider_zero_bucket_swallows_what_it_covers() {
        let mut histogram = ExponentialHistogram::new(160, 0);
        [0.75, 3.0, 100.0].into_iter().for_each(|value| histogram.record(value));
        let wide = ExponentialPoint {
            scale: 0,
            zero_count: 5,
            zero_threshold: 2.5,
            positive: Buckets { first: 6, counts: vec![1].into() },
            negative: Buckets::default(),
            count: 6,
            sum: None,
            min: None,
            max: None,
        };
        let mut delta = ExponentialDelta::default();
        delta.set_whole(&wide, false);
        histogram.merge(&delta, true);
        // 3.0 lies in (2, 4], which straddles 2.5: the zero bucket grows to 4.
        assert_eq!(histogram.zero(), (7, 4.0));
        assert_eq!(histogram.positive, Buckets { first: 6, counts: vec![2].into() });
        assert_eq!(histogram.totals.count(), 9);
    }
}
