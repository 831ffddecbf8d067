//! Values that a bucket has counted, where they have to be counted in other buckets.
//!
//! Nobody knows where in its bucket a value was, so each is taken to be in the middle: a function of the bucket alone, so that
//! what is added up over time and over senders is the same as if it had been moved at once. Where a bucket of the source lies
//! within one of the target, this moves its count exactly.

use super::exponential::finest_bucket_of;
use super::{ExplicitDelta, ExponentialDelta};

/// The middle of a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Middle {
    pub(super) value: f64,
    /// Of the exponential bucket of the finest scale that it is in, of either sign; nothing if it is zero.
    pub(super) finest: i64,
}

impl ExplicitDelta {
    /// Where the values are taken to be, ascending, and how many there are.
    pub(super) fn values(&self) -> impl Iterator<Item = (Middle, u64)> {
        let middles = self.middles.get_or_init(|| middles(&self.bounds)).iter().copied();
        middles.zip(self.counts.iter().copied()).filter(|(_, count)| *count > 0)
    }
}

/// The middles of all buckets of these bounds.
fn middles(bounds: &[f64]) -> Box<[Middle]> {
    let uppers = bounds.iter().copied().map(Some).chain([None]);
    let lowers = [None].into_iter().chain(bounds.iter().copied().map(Some));
    let values = lowers.zip(uppers).map(|(lower, upper)| middle(lower, upper));
    values.map(|value| Middle { value, finest: finest_bucket_of(value) }).collect()
}

impl ExponentialDelta {
    /// Where the values are taken to be, ascending, and how many there are.
    pub(super) fn values(&self) -> impl Iterator<Item = (f64, u64)> {
        let positive = self.positive.middles(self.scale);
        let negative = self.negative.middles(self.scale).rev().map(|(value, count)| (-value, count));
        let zero = (self.zero_count > 0).then_some((0.0, self.zero_count));
        negative.chain(zero).chain(positive)
    }
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

    proptest! {
        #[test]
        fn the_middle_is_in_the_bucket(one in any::<f64>(), other in any::<f64>()) {
            prop_assume!(one.is_finite() && other.is_finite() && one != other);
            let (lower, upper) = (one.min(other), one.max(other));
            let found = middle(Some(lower), Some(upper));
            prop_assert!(found > lower && found <= upper, "{found} in ({lower}, {upper}]");
        }
    }
}
