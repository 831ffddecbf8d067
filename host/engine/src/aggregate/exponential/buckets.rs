//! Buckets of one sign, and which of them a value belongs to.

/// Consecutive buckets of one sign. Invariant: neither the first nor the last count is zero.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Buckets {
    pub(super) first: i64,
    pub(super) counts: Vec<u64>,
}

impl Clone for Buckets {
    fn clone(&self) -> Self {
        Self { first: self.first, counts: self.counts.clone() }
    }

    /// Keeps its memory.
    fn clone_from(&mut self, other: &Self) {
        self.first = other.first;
        self.counts.clone_from(&other.counts);
    }
}

impl Buckets {
    /// Buckets as a point has them; empty ones at the ends are cut off.
    pub(crate) fn new(offset: i32, counts: &[u64]) -> Self {
        let mut buckets = Self::default();
        buckets.set(offset, counts);
        buckets
    }

    /// Becomes [`Buckets::new`] of these in its own memory.
    pub(crate) fn set(&mut self, offset: i32, counts: &[u64]) {
        self.counts.clear();
        self.first = 0;
        let Some(start) = counts.iter().position(|count| *count > 0) else { return };
        let end = counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        self.first = i64::from(offset).saturating_add(i64::try_from(start).unwrap_or(i64::MAX));
        self.counts.extend_from_slice(counts.get(start..end).unwrap_or_default());
    }

    /// True if every bucket holds some double, subnormal ones included: this bounds how far two sets of buckets can be
    /// apart, and with it what merging them costs.
    pub(crate) fn is_within_doubles(&self, scale: i8) -> bool {
        let index = |exponent: i64| match scale {
            0.. => exponent << scale.unsigned_abs(),
            _ => exponent >> scale.unsigned_abs(),
        };
        let end = index(i64::from(f64::MAX_EXP) - 1) + index(1).max(1) - 1;
        self.counts.is_empty() || (self.first >= index(-1075) && self.last() <= end)
    }

    pub(super) fn last(&self) -> i64 {
        self.first + i64::try_from(self.counts.len()).unwrap_or(0) - 1
    }

    /// The index of the first bucket and the counts, as a point has them.
    pub(crate) fn parts(&self) -> (i32, &[u64]) {
        (i32::try_from(self.first).unwrap_or(0), &self.counts)
    }

    /// Joins `2^steps` neighbours to one bucket each.
    pub(super) fn downscale(&mut self, steps: u32) {
        if steps == 0 || self.counts.is_empty() {
            return;
        }
        let steps = steps.min(62);
        let first = self.first >> steps;
        let length = usize::try_from((self.last() >> steps) - first + 1).unwrap_or(1);
        // In place: a bucket never moves up.
        for (index, at) in (self.first..).zip(0..self.counts.len()) {
            let count = self.counts.get_mut(at).map_or(0, std::mem::take);
            let to = usize::try_from((index >> steps) - first).unwrap_or(0);
            if let Some(total) = self.counts.get_mut(to) {
                *total = total.saturating_add(count);
            }
        }
        self.counts.truncate(length);
        self.first = first;
    }

    /// How many scales down it takes until these buckets and those from `first` to `last` fit into `max_size`.
    pub(super) fn steps_to_fit(&self, first: i64, last: i64, max_size: u32) -> u32 {
        let (mut low, mut high) = if self.counts.is_empty() {
            (first, last)
        } else {
            (self.first.min(first), self.last().max(last))
        };
        let mut steps = 0;
        while high - low + 1 > i64::from(max_size) {
            low >>= 1;
            high >>= 1;
            steps += 1;
        }
        steps
    }

    /// Adds `count` values to bucket `index`, growing as needed.
    #[inline]
    pub(super) fn add(&mut self, index: i64, count: u64) {
        let at = usize::try_from(index.wrapping_sub(self.first)).ok();
        match at.and_then(|at| self.counts.get_mut(at)) {
            Some(total) => *total = total.saturating_add(count),
            None => self.grow(index, count),
        }
    }

    /// As [`Buckets::add`] where there is no such bucket yet.
    #[cold]
    fn grow(&mut self, index: i64, count: u64) {
        if count > 0 {
            self.cover(index, index);
            self.add(index, count);
        }
    }

    /// Has buckets from `first` to `last`. Whoever calls it adds to both.
    pub(super) fn cover(&mut self, first: i64, last: i64) {
        if self.counts.is_empty() {
            self.first = first;
        }
        if first < self.first {
            let more = usize::try_from(self.first - first).unwrap_or(0);
            self.counts.splice(0..0, std::iter::repeat_n(0, more));
            self.first = first;
        }
        let length = usize::try_from(last - self.first + 1).unwrap_or(0);
        if length > self.counts.len() {
            self.counts.resize(length, 0);
        }
    }

    /// Adds all of others; both together have to be few enough.
    pub(super) fn add_all(&mut self, more: &Self) {
        if self.counts.is_empty() {
            return self.clone_from(more);
        }
        if more.counts.is_empty() {
            return;
        }
        self.cover(more.first, more.last());
        let from = usize::try_from(more.first - self.first).unwrap_or(0);
        for (total, count) in self.counts.iter_mut().skip(from).zip(&more.counts) {
            *total = total.saturating_add(*count);
        }
    }

    /// Takes what there was before away; false if some bucket has shrunk, and then what is left means nothing.
    pub(super) fn subtract(&mut self, before: &Self) -> bool {
        for (index, old) in (before.first..).zip(&before.counts) {
            if *old == 0 {
                continue;
            }
            let now = usize::try_from(index - self.first).ok().and_then(|at| self.counts.get_mut(at));
            let Some(now) = now.filter(|now| **now >= *old) else { return false };
            *now -= *old;
        }
        self.trim();
        true
    }

    /// Cuts empty buckets off at both ends.
    fn trim(&mut self) {
        let end = self.counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        self.counts.truncate(end);
        let start = self.counts.iter().position(|count| *count > 0).unwrap_or(0);
        self.counts.drain(..start);
        self.first = if end == 0 { 0 } else { self.first + i64::try_from(start).unwrap_or(0) };
    }

    pub(super) fn total(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The middle of each bucket that has counted something, as a positive value, and what it has counted.
    pub(crate) fn middles(&self, scale: i8) -> impl DoubleEndedIterator<Item = (f64, u64)> {
        let counted = self.counts.iter().copied().enumerate().filter(|(_, count)| *count > 0);
        let index = |at: usize| self.first + i64::try_from(at).unwrap_or(0);
        counted.map(move |(at, count)| (middle_of(index(at), scale), count))
    }

    /// Takes out the buckets that begin below `threshold` and returns how many values they held, with the upper bound of
    /// the last of them: values in a bucket that straddles the threshold cannot be told apart.
    pub(super) fn take_below(&mut self, threshold: f64, scale: i8) -> (u64, f64) {
        let mut widened = threshold;
        let mut taken = 0u64;
        let mut cut = 0;
        for (index, count) in (self.first..).zip(&self.counts) {
            if upper_bound(index - 1, scale) >= threshold {
                break;
            }
            taken = taken.saturating_add(*count);
            if *count > 0 {
                widened = widened.max(upper_bound(index, scale));
            }
            cut += 1;
        }
        if cut > 0 {
            let rest = self.counts.split_off(cut);
            let first = i32::try_from(self.first + i64::try_from(cut).unwrap_or(0)).unwrap_or(i32::MAX);
            *self = Self::new(first, &rest);
        }
        (taken, widened)
    }
}

/// The upper bound of bucket `index`, at most the largest double: no value lies beyond it.
#[expect(clippy::cast_precision_loss, reason = "indices of finite doubles fit 31 bits")]
pub(super) fn upper_bound(index: i64, scale: i8) -> f64 {
    ((index + 1) as f64 * f64::exp2(-f64::from(scale))).exp2().min(f64::MAX)
}

/// The middle of bucket `index` on the scale of the buckets, as a normal, finite value.
#[expect(clippy::cast_precision_loss, reason = "indices of finite doubles fit 31 bits")]
pub(in super::super) fn middle_of(index: i64, scale: i8) -> f64 {
    let middle = ((index as f64 + 0.5) * f64::exp2(-f64::from(scale))).exp2();
    middle.clamp(f64::MIN_POSITIVE, f64::MAX)
}

/// The bucket of a positive finite value.
#[expect(clippy::cast_possible_truncation, reason = "the result is within 31 bits for scales up to 20")]
pub(in super::super) fn bucket_of(value: f64, scale: i8) -> i64 {
    // Subnormal doubles have no full significand; the data model allows treating them as the smallest normal one.
    let value = value.max(f64::MIN_POSITIVE);
    let bits = value.to_bits();
    let exponent = ((bits >> 52) & 0x7ff).cast_signed() - 1023;
    let is_power_of_two = bits & ((1 << 52) - 1) == 0;
    if scale <= 0 {
        // The bucket's upper bound is inclusive, so an exact power of two belongs to the bucket below.
        let index = if is_power_of_two { exponent - 1 } else { exponent };
        return index >> u32::from(scale.unsigned_abs());
    }
    if is_power_of_two {
        return (exponent << scale.unsigned_abs()) - 1;
    }
    let factor = f64::exp2(f64::from(scale));
    let index = (value.log2() * factor).floor() as i64;
    // The logarithm may round across the next power of two, whose buckets are known exactly.
    index.clamp(exponent << scale.unsigned_abs(), ((exponent + 1) << scale.unsigned_abs()) - 1)
}
