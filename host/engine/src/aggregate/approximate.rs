//! Values that a bucket has counted, where they have to be counted in other buckets.
//!
//! Nobody knows where in its bucket a value was, so each is taken to be in the middle: a function of the bucket alone, so that
//! what is added up over time and over senders is the same as if it had been moved at once. Where a bucket of the source lies
//! within one of the target, this moves its count exactly.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use wasmeter_model::limits::{EXPONENTIAL_SCALE_MAX, EXPONENTIAL_SCALE_MIN};

use super::exponential::{Buckets, bucket_of, middle_of};
use super::{ExplicitDelta, ExponentialDelta};

/// The middle of a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Middle {
    pub(super) value: f64,
    /// Of the exponential bucket of the finest scale that it is in, of either sign; nothing if it is zero.
    pub(super) finest: i64,
}

/// Middles of neighbouring buckets, and what these have counted. Neither the first nor the last has counted nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counted<'a> {
    pub(super) middles: &'a [Middle],
    pub(super) counts: &'a [u64],
}

impl ExplicitDelta {
    /// Where the values are taken to be, ascending, one for each count.
    pub(super) fn middles(&self) -> &[Middle] {
        self.middles.get_or_init(|| middles(&self.bounds))
    }

    /// Some of the buckets, less empty ones at both ends.
    pub(super) fn counted(&self, buckets: Range<usize>) -> Counted<'_> {
        let counts = self.counts.get(buckets.clone()).unwrap_or_default();
        let middles = self.middles().get(buckets).unwrap_or_default();
        let first = counts.iter().position(|count| *count > 0);
        let last = counts.iter().rposition(|count| *count > 0);
        let Some(counted) = first.zip(last).map(|(first, last)| first..=last) else {
            return Counted::default();
        };
        let counts = counts.get(counted.clone()).unwrap_or_default();
        Counted { middles: middles.get(counted).unwrap_or_default(), counts }
    }
}

/// The middles of all buckets of these bounds.
fn middles(bounds: &[f64]) -> Box<[Middle]> {
    let uppers = bounds.iter().copied().map(Some).chain([None]);
    let lowers = [None].into_iter().chain(bounds.iter().copied().map(Some));
    let values = lowers.zip(uppers).map(|(lower, upper)| middle(lower, upper));
    let finest = |value: f64| bucket_of(value.abs(), EXPONENTIAL_SCALE_MAX);
    values.map(|value| Middle { value, finest: finest(value) }).collect()
}

impl ExponentialDelta {
    /// Adds its values to buckets of these bounds, each where the middle of its own bucket is.
    pub(super) fn place(&self, bounds: &Arc<[f64]>, counts: &mut [u64]) {
        let mut bucket = 0;
        let negative = self.negative.middles(self.scale).rev().map(|(value, count)| (-value, count));
        for (value, count) in negative.chain([(0.0, self.zero_count)]) {
            while bounds.get(bucket).is_some_and(|bound| *bound < value) {
                bucket += 1;
            }
            add(counts, bucket, count);
        }
        self.ends.with(bounds, self.scale, |ends| place_positive(&self.positive, ends, counts));
    }
}

fn add(counts: &mut [u64], bucket: usize, count: u64) {
    if let Some(total) = counts.get_mut(bucket) {
        *total = total.saturating_add(count);
    }
}

/// Adds buckets to those that end with `ends`, and all beyond to the one behind them.
fn place_positive(buckets: &Buckets, ends: &[i64], counts: &mut [u64]) {
    let behind = |end: &i64| end.saturating_sub(buckets.first()).saturating_add(1);
    let ends = ends.iter().map(|end| usize::try_from(behind(end)).unwrap_or(0)).chain([usize::MAX]);
    let mut totals = counts.iter_mut();
    // They are no more than the count of the point, so that they can be added up.
    buckets.sums(ends, |sum| {
        if let Some(total) = totals.next() {
            *total = total.saturating_add(sum);
        }
    });
}

/// The last positive exponential bucket whose middle is within each of some bounds: so that whoever has many points of the same bounds and
/// of few scales computes no powers for each.
#[derive(Debug, Default)]
pub(super) struct Ends(RefCell<EndsOf>);

#[derive(Debug, Default)]
struct EndsOf {
    bounds: Arc<[f64]>,
    /// By scale, from the lowest; empty where there was no such point.
    scales: Vec<Box<[i64]>>,
}

impl Clone for Ends {
    /// They are found again if they are asked for.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Ends {
    fn with(&self, bounds: &Arc<[f64]>, scale: i8, then: impl FnOnce(&[i64])) {
        let mut known = self.0.borrow_mut();
        if !Arc::ptr_eq(&known.bounds, bounds) {
            *known = EndsOf { bounds: bounds.clone(), scales: Vec::new() };
        }
        let scales = usize::from(EXPONENTIAL_SCALE_MAX.abs_diff(EXPONENTIAL_SCALE_MIN)) + 1;
        known.scales.resize_with(scales, Box::default);
        let at = usize::from(scale.abs_diff(EXPONENTIAL_SCALE_MIN));
        let Some(ends) = known.scales.get_mut(at) else { return };
        if ends.len() < bounds.len() {
            *ends = bounds.iter().map(|bound| last_within(*bound, scale)).collect();
        }
        then(ends);
    }
}

/// The last positive bucket whose middle is not above a bound.
fn last_within(bound: f64, scale: i8) -> i64 {
    if bound < f64::MIN_POSITIVE {
        return i64::MIN;
    }
    if bound >= f64::MAX {
        return i64::MAX;
    }
    // The bucket that the bound is in, or one of those beside it.
    let mut index = bucket_of(bound, scale) + 2;
    while middle_of(index, scale) > bound {
        index -= 1;
    }
    index
}

/// The middle of `(lower, upper]`: on the scale of exponential buckets if zero is not between them.
///
/// The first bucket is taken to begin at zero if it ends above it, as Prometheus does, and otherwise to be its bound; of the last one no
/// more is known than that it is above its bound.
fn middle(lower: Option<f64>, upper: Option<f64>) -> f64 {
    let (lower, upper) = match (lower, upper) {
        (None, None) => return 0.0,
        (Some(lower), None) => return lower.next_up().min(f64::MAX),
        (None, Some(upper)) if upper <= 0.0 => return upper,
        (None, Some(upper)) => (0.0, upper),
        (Some(lower), Some(upper)) => (lower, upper),
    };
    let middle = if lower > 0.0 {
        lower.sqrt() * upper.sqrt()
    } else if upper < 0.0 {
        -((-lower).sqrt() * (-upper).sqrt())
    } else {
        // Halved first, so that neither is too large.
        lower / 2.0 + upper / 2.0
    };
    // Bounds may be so near each other that nothing is between them.
    if middle > lower && middle <= upper { middle } else { upper }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use proptest::prelude::*;
    use wasmeter_model::frame::BucketCounts;

    use super::*;

    #[test]
    fn the_middle_of_a_bucket() {
        for (lower, upper, expected) in [
            (Some(1.0), Some(4.0), 2.0),
            (Some(-4.0), Some(-1.0), -2.0),
            (Some(0.0), Some(5.0), 2.5),
            (Some(-5.0), Some(0.0), -2.5),
            (Some(-1.0), Some(3.0), 1.0),
            (None, Some(5.0), 2.5),
            (None, Some(0.0), 0.0),
            (None, Some(-3.0), -3.0),
            (Some(10_000.0), None, 10_000.0_f64.next_up()),
            (Some(f64::MAX), None, f64::MAX),
            (None, None, 0.0),
            (Some(1e200), Some(1e300), 1e250),
            (Some(-f64::MAX), Some(f64::MAX), 0.0),
        ] {
            let found = middle(lower, upper);
            assert!((found - expected).abs() <= expected.abs() * 1e-12, "{found} in ({lower:?}, {upper:?}]");
        }
    }

    #[test]
    fn the_last_bucket_within_a_bound_is_the_last() {
        let bounds =
            [f64::MIN_POSITIVE, 1e-300, 0.005, 0.1, 1.0, 2.0, 2.5, 1000.0, 1e300, f64::MAX.next_down()];
        for (bound, scale) in bounds.into_iter().flat_map(|bound| {
            (EXPONENTIAL_SCALE_MIN..=EXPONENTIAL_SCALE_MAX).map(move |scale| (bound, scale))
        }) {
            let last = last_within(bound, scale);
            let is_within = |index: i64| middle_of(index, scale) <= bound;
            assert!(is_within(last) && !is_within(last + 1), "{bound} at scale {scale}: {last}");
        }
        assert_eq!([0.0, -1.0, 1e-310].map(|bound| last_within(bound, 3)), [i64::MIN; 3]);
        assert_eq!(last_within(f64::MAX, 3), i64::MAX);
    }

    /// Each value looked for by itself.
    fn placed(delta: &ExponentialDelta, bounds: &[f64]) -> Vec<u64> {
        let mut counts = vec![0; bounds.len() + 1];
        let positive = delta.positive.middles(delta.scale);
        let negative = delta.negative.middles(delta.scale).map(|(value, count)| (-value, count));
        for (value, count) in positive.chain(negative).chain([(0.0, delta.zero_count)]) {
            counts[bounds.partition_point(|bound| *bound < value)] += count;
        }
        counts
    }

    fn buckets() -> impl Strategy<Value = (i32, Vec<u64>)> {
        (-40..40i32, prop::collection::vec(0..5u64, 0..30))
    }

    proptest! {
        #[test]
        fn values_are_placed_one_by_one_or_all_at_once(
            points in prop::collection::vec((-4..5i8, buckets(), buckets(), 0..3u64), 1..6),
            bounds in prop::collection::btree_set(-80..80i32, 0..12),
        ) {
            let bounds: Arc<[f64]> = bounds.into_iter().map(|bound| f64::from(bound).exp2()).collect();
            let shifted: Arc<[f64]> = bounds.iter().map(|bound| bound - 1.0).collect();
            let mut delta = ExponentialDelta::default();
            for (scale, positive, negative, zero_count) in points {
                for (side, (offset, counts)) in [(&mut delta.positive, positive), (&mut delta.negative, negative)] {
                    let row = BucketCounts::from_column("t", "c", &counts, vec![counts.len() as u32]).unwrap();
                    side.set(offset, row.get(0));
                }
                (delta.scale, delta.zero_count) = (scale, zero_count);
                // One delta has the points of one metric, which may go to several streams.
                for bounds in [&bounds, &shifted] {
                    if !bounds.is_sorted_by(|one, other| one < other) {
                        continue;
                    }
                    let mut counts = vec![0; bounds.len() + 1];
                    delta.place(bounds, &mut counts);
                    prop_assert_eq!(counts, placed(&delta, bounds));
                }
            }
        }

        #[test]
        fn the_middle_is_in_the_bucket(one in any::<f64>(), other in any::<f64>()) {
            prop_assume!(one.is_finite() && other.is_finite() && one != other);
            let (lower, upper) = (one.min(other), one.max(other));
            let found = middle(Some(lower), Some(upper));
            prop_assert!(found > lower && found <= upper, "{found} in ({lower}, {upper}]");
        }
    }
}
