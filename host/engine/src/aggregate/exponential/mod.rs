//! Base-2 exponential histograms (metrics data model, "ExponentialHistogram").
//!
//! Bucket `index` of scale `s` holds `(2^(index * 2^-s), 2^((index + 1) * 2^-s)]`. Going down one scale joins pairs of
//! neighbours exactly, which is what makes histograms of different scales mergeable.

mod buckets;

use wasmeter_model::limits::{EXPONENTIAL_SCALE_MAX, EXPONENTIAL_SCALE_MIN};

use super::{ExplicitDelta, Extreme, Totals};
pub(crate) use buckets::Buckets;
use buckets::bucket_of;

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
        self.place(value, 1);
    }

    /// Counts values in their bucket, which is made and fitted in if need be.
    fn place(&mut self, value: f64, count: u64) {
        if value.abs() <= self.zero_threshold {
            self.zero_count = self.zero_count.saturating_add(count);
            return;
        }
        let index = bucket_of(value.abs(), self.scale);
        let side = if value > 0.0 { &self.positive } else { &self.negative };
        let steps = side.steps_to_fit(index, index, self.max_size);
        let steps = self.downscale(steps);
        let side = if value > 0.0 { &mut self.positive } else { &mut self.negative };
        side.add(index >> steps, count);
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
        self.merge_buckets(ExponentialDelta {
            scale: other.scale,
            zero_count: other.zero_count,
            zero_threshold: other.zero_threshold,
            positive: other.positive.clone(),
            negative: other.negative.clone(),
            ..ExponentialDelta::default()
        });
        self.totals.absorb(other.totals.count(), other.totals.exact_sum(), (min, max));
    }

    /// Adds a contribution of any scale; `whole` as in [`super::Kept::merge`].
    pub(crate) fn merge(&mut self, delta: &ExponentialDelta, whole: bool) {
        self.merge_buckets(delta.clone());
        self.totals.merge(delta.count, delta.sum, (delta.min, delta.max), whole);
    }

    fn merge_buckets(&mut self, mut other: ExponentialDelta) {
        self.align(&mut other);
        self.zero_count = self.zero_count.saturating_add(other.zero_count);
        for (side, more) in [(&mut self.positive, &other.positive), (&mut self.negative, &other.negative)] {
            for (index, count) in (more.first..).zip(&more.counts) {
                side.add(index, *count);
            }
        }
    }

    /// Adds explicit buckets as if each value had been in the middle of its own; `whole` as in [`super::Kept::merge`]. What is known beside
    /// the buckets stays exact.
    pub(crate) fn approximate(&mut self, delta: &ExplicitDelta, whole: bool) {
        for (value, count) in delta.values() {
            self.place(value, count);
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
        let steps = [(&self.positive, &other.positive), (&self.negative, &other.negative)]
            .into_iter()
            .filter(|(_, more)| !more.counts.is_empty())
            .map(|(side, more)| side.steps_to_fit(more.first, more.last(), self.max_size))
            .max()
            .unwrap_or(0);
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

/// A received cumulative point, kept to subtract it from the next.
#[derive(Clone, Debug)]
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

impl ExponentialPoint {
    /// The point as a contribution of its own.
    pub(crate) fn whole(&self, running: bool) -> ExponentialDelta {
        let case = if running { Extreme::Running } else { Extreme::Interval };
        ExponentialDelta {
            scale: self.scale,
            zero_count: self.zero_count,
            zero_threshold: self.zero_threshold,
            positive: self.positive.clone(),
            negative: self.negative.clone(),
            count: self.count,
            sum: self.sum.map(|sum| (sum, 0.0)),
            min: self.min.map_or(Extreme::Unknown, case),
            max: self.max.map_or(Extreme::Unknown, case),
        }
    }

    /// What was added since `before`; `None` means a reset. A point of a lower scale than the one before is the normal
    /// course of things; a higher scale or another zero bucket with fewer values is not.
    pub(crate) fn since(&self, before: &Self) -> Option<ExponentialDelta> {
        let mut old = before.whole(true);
        old.downscale(u32::try_from(before.scale.checked_sub(self.scale)?).ok()?);
        if self.zero_threshold > old.zero_threshold {
            let mut sides = [&mut old.positive, &mut old.negative];
            let threshold = fold(&mut sides, &mut old.zero_count, self.zero_threshold, self.scale);
            if threshold > self.zero_threshold {
                return None;
            }
        }
        let delta = ExponentialDelta {
            zero_count: self.zero_count.checked_sub(old.zero_count)?,
            positive: self.positive.since(&old.positive)?,
            negative: self.negative.since(&old.negative)?,
            count: self.count.checked_sub(before.count)?,
            sum: self.sum.zip(before.sum),
            ..self.whole(true)
        };
        let buckets = delta.positive.total().saturating_add(delta.negative.total());
        (buckets.saturating_add(delta.zero_count) == delta.count).then_some(delta)
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
            merged.merge(&point.whole(true), true);
        }
        assert_eq!((merged.scale, merged.totals.count()), (all.scale, all.totals.count()));
        assert_eq!((&merged.positive, &merged.negative), (&all.positive, &all.negative));
        assert_eq!((merged.totals.min(), merged.totals.max()), (all.totals.min(), all.totals.max()));
    }

    #[test]
    fn h5_a_wider_zero_bucket_swallows_what_it_covers() {
        let mut histogram = ExponentialHistogram::new(160, 0);
        [0.75, 3.0, 100.0].into_iter().for_each(|value| histogram.record(value));
        let wide = ExponentialPoint {
            scale: 0,
            zero_count: 5,
            zero_threshold: 2.5,
            positive: Buckets::new(6, &[1]),
            negative: Buckets::default(),
            count: 6,
            sum: None,
            min: None,
            max: None,
        };
        histogram.merge(&wide.whole(false), true);
        // 3.0 lies in (2, 4], which straddles 2.5: the zero bucket grows to 4.
        assert_eq!(histogram.zero(), (7, 4.0));
        assert_eq!(histogram.positive.parts(), (6, &[2u64][..]));
        assert_eq!(histogram.totals.count(), 9);
    }
}
