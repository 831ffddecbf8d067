//! Buckets of one sign, and which of them a value belongs to.

use wasmeter_model::frame::{PackedCounts, RowCounts};

use super::counts::Counts;

/// Consecutive buckets of one sign. Invariant: neither the first nor the last count is zero.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Buckets {
    pub(super) first: i64,
    pub(super) counts: Counts,
}

impl Clone for Buckets {
    fn clone(&self) -> Self {
        Self { first: self.first, counts: self.counts.clone() }
    }

    /// Keeps its memory.
    fn clone_from(&mut self, other: &Self) {
        self.first = other.first;
        self.counts.copy(&other.counts);
    }
}

impl Buckets {
    /// Becomes those of a point in its own memory; empty ones at the ends are cut off.
    pub(crate) fn set(&mut self, offset: i32, counts: PackedCounts<'_>) {
        self.first = offset.into();
        self.counts.set(counts);
        self.trim();
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

    /// The index of the first bucket, and the counts, as a frame takes them.
    pub(crate) fn row(&self) -> (i32, RowCounts<'_>) {
        (i32::try_from(self.first).unwrap_or(0), self.counts.row())
    }

    /// The index of the first bucket.
    pub(crate) fn first(&self) -> i64 {
        self.first
    }

    /// Tells what neighbours have counted together, from the first bucket to the first end, from there to the next one and so on; none
    /// of which may exceed 64 bits. The ends ascend.
    pub(crate) fn sums(&self, ends: impl Iterator<Item = usize>, tell: impl FnMut(u64)) {
        self.counts.sums(ends, tell);
    }

    /// Joins `2^steps` neighbours to one bucket each.
    pub(super) fn downscale(&mut self, steps: u32) {
        if steps == 0 || self.counts.is_empty() {
            return;
        }
        let steps = steps.min(62);
        let first = self.first >> steps;
        let length = usize::try_from((self.last() >> steps) - first + 1).unwrap_or(1);
        let before = self.first;
        let to = |at: usize| {
            let index = before + i64::try_from(at).unwrap_or(0);
            usize::try_from((index >> steps) - first).unwrap_or(0)
        };
        self.counts.join(length, to);
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
        let at = usize::try_from(index.wrapping_sub(self.first));
        if !at.is_ok_and(|at| self.counts.add(at, count)) {
            self.grow(index, count);
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
            self.counts.grow_front(more);
            self.first = first;
        }
        let length = usize::try_from(last - self.first + 1).unwrap_or(0);
        if length > self.counts.len() {
            self.counts.resize(length);
        }
    }

    /// Adds all of others; both together have to be few enough. If it is known to `fit`, no bucket will have more than can be counted.
    pub(super) fn add_all(&mut self, more: &Self, fits: bool) {
        if self.counts.is_empty() {
            return self.clone_from(more);
        }
        if more.counts.is_empty() {
            return;
        }
        self.cover(more.first, more.last());
        let from = usize::try_from(more.first - self.first).unwrap_or(0);
        self.counts.add_all(from, &more.counts, fits);
    }

    /// Takes what there was before away; false if some bucket has shrunk, and then what is left means nothing.
    pub(super) fn subtract(&mut self, before: &Self) -> bool {
        // Neither end of the earlier ones is empty, so that they are all to be here.
        let at = usize::try_from(before.first - self.first).ok();
        let is_all =
            before.counts.is_empty() || at.is_some_and(|at| self.counts.subtract(at, &before.counts));
        self.trim();
        is_all
    }

    /// Cuts empty buckets off at both ends.
    fn trim(&mut self) {
        let filled = self.counts.filled();
        self.first = match filled.is_empty() {
            true => 0,
            false => self.first.saturating_add(i64::try_from(filled.start).unwrap_or(i64::MAX)),
        };
        if filled.len() < self.counts.len() {
            self.counts.keep(filled);
        }
    }

    pub(super) fn total(&self) -> u64 {
        self.counts.total()
    }

    /// The middle of each bucket that has counted something, as a positive value, and what it has counted.
    pub(crate) fn middles(&self, scale: i8) -> impl DoubleEndedIterator<Item = (f64, u64)> {
        let counted = self.counts.iter().enumerate().filter(|(_, count)| *count > 0);
        let index = |at: usize| self.first + i64::try_from(at).unwrap_or(0);
        counted.map(move |(at, count)| (middle_of(index(at), scale), count))
    }

    /// Takes out the buckets that begin below `threshold` and returns how many values they held, with the upper bound of
    /// the last of them: values in a bucket that straddles the threshold cannot be told apart.
    pub(super) fn take_below(&mut self, threshold: f64, scale: i8) -> (u64, f64) {
        let mut widened = threshold;
        let mut taken = 0u64;
        let mut cut = 0;
        for (index, count) in (self.first..).zip(self.counts.iter()) {
            if upper_bound(index - 1, scale) >= threshold {
                break;
            }
            taken = taken.saturating_add(count);
            if count > 0 {
                widened = widened.max(upper_bound(index, scale));
            }
            cut += 1;
        }
        if cut > 0 {
            self.counts.keep(cut..self.counts.len());
            self.first += i64::try_from(cut).unwrap_or(0);
            self.trim();
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
