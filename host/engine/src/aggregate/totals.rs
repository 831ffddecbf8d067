//! What a histogram keeps beside its buckets.

use super::{DoubleSum, Extreme, Kept};

/// The count, sum, and smallest and largest value of a histogram.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Totals {
    count: u64,
    sum: Option<DoubleSum>,
    min: Kept,
    max: Kept,
}

impl Default for Totals {
    /// Those of no values, whose sum is known.
    fn default() -> Self {
        Self { count: 0, sum: Some(DoubleSum::default()), min: Kept::None, max: Kept::None }
    }
}

impl Totals {
    /// Takes one measured value in.
    #[inline]
    pub(super) fn record(&mut self, value: f64) {
        self.count = self.count.saturating_add(1);
        if let Some(sum) = &mut self.sum {
            sum.add(value);
        }
        self.measured((value, value));
    }

    /// Takes `count` measured values in that add up to `sum`, if that is known.
    #[inline]
    pub(super) fn absorb(&mut self, count: u64, sum: Option<DoubleSum>, extremes: (f64, f64)) {
        self.count = self.count.saturating_add(count);
        match (&mut self.sum, sum) {
            (Some(mine), Some(sum)) => mine.merge(sum),
            (mine, _) => *mine = None,
        }
        self.measured(extremes);
    }

    fn measured(&mut self, (min, max): (f64, f64)) {
        self.min.merge(Extreme::Interval(min), true, f64::min);
        self.max.merge(Extreme::Interval(max), true, f64::max);
    }

    /// Takes a contribution in: its sum is the first number less the second; `whole` as in [`Kept::merge`]. False if there are now more
    /// values than can be counted.
    #[inline]
    pub(super) fn merge(
        &mut self,
        count: u64,
        sum: Option<(f64, f64)>,
        (min, max): (Extreme, Extreme),
        whole: bool,
    ) -> bool {
        let total = self.count.checked_add(count);
        self.count = total.unwrap_or(u64::MAX);
        match (&mut self.sum, sum) {
            (Some(sum), Some((now, before))) => {
                sum.add(-before);
                sum.add(now);
            }
            (sum, _) => *sum = None,
        }
        if count > 0 {
            self.min.merge(min, whole, f64::min);
            self.max.merge(max, whole, f64::max);
        }
        total.is_some()
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// `None` if a contribution did not tell.
    pub(crate) fn sum(&self) -> Option<f64> {
        self.sum.map(DoubleSum::get)
    }

    pub(super) fn exact_sum(&self) -> Option<DoubleSum> {
        self.sum
    }

    pub(crate) fn min(&self) -> Option<f64> {
        self.min.get()
    }

    pub(crate) fn max(&self) -> Option<f64> {
        self.max.get()
    }
}
