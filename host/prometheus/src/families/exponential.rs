//! Exponential histograms as classic ones.
//!
//! The format has no native histograms; the specification allows "fixed-bucket histograms" instead. Buckets are merged
//! down to one scale, which is exact because the buckets of a coarser scale are unions of those of a finer one. Then
//! every boundary within the histogram's range becomes an `le`, empty buckets included, so that the set of series only
//! grows with the range:
//!
//! - negative buckets, whose upper bound excludes the bound itself, while `le` includes it: a value exactly on a boundary
//!   counts one bucket higher than it would natively;
//! - the zero bucket, up to the zero threshold, if it or a negative bucket has values;
//! - the lower bound of the first positive bucket, so that interpolation does not start from zero; then the positive
//!   buckets. Boundaries beyond the doubles are the bucket up to `+Inf`.

use wasmeter_model::frame::{ExponentialRef, PackedCounts};

use super::Buckets;

/// The resolution of a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    /// -10 to 8.
    scale_max: i32,
    /// At least 2.
    buckets_max: usize,
}

const SCALE_MIN: i32 = -10;
const SCALE_MAX: i32 = 8;

impl Grid {
    /// Limits outside the possible are taken as the nearest.
    pub(crate) fn new(scale_max: i32, buckets_max: usize) -> Self {
        Self { scale_max: scale_max.clamp(SCALE_MIN, SCALE_MAX), buckets_max: buckets_max.max(2) }
    }
}

/// The buckets of a point; `None` if counts and total do not fit each other, or a number is out of range.
pub(crate) fn buckets(point: &ExponentialRef<'_>, grid: Grid) -> Option<Buckets> {
    let (positive, negative) = (Side::new(point.positive), Side::new(point.negative));
    let total = positive.total()?.checked_add(negative.total()?)?.checked_add(point.zero_count)?;
    if total != point.count || !(0.0..f64::INFINITY).contains(&point.zero_threshold) {
        return None;
    }
    let mut scale = point.scale.min(grid.scale_max);
    while scale > SCALE_MIN
        && (positive.width(point.scale, scale) > grid.buckets_max
            || negative.width(point.scale, scale) > grid.buckets_max)
    {
        scale -= 1;
    }
    let (positive, negative) = (positive.merged(point.scale, scale), negative.merged(point.scale, scale));

    let mut bounds = Bounds::default();
    for (position, count) in negative.counts.iter().enumerate().rev() {
        bounds.push(-power(negative.first.checked_add(i64::try_from(position).ok()?)?, scale), *count);
    }
    if point.zero_count > 0 || !negative.counts.is_empty() {
        bounds.push(point.zero_threshold, point.zero_count);
    }
    if !positive.counts.is_empty() {
        bounds.push(power(positive.first, scale), 0);
    }
    for (position, count) in positive.counts.iter().enumerate() {
        let upper = positive.first.checked_add(i64::try_from(position).ok()?)?.checked_add(1)?;
        bounds.push(power(upper, scale), *count);
    }
    Some(Buckets { cumulative: bounds.cumulative(), sum: point.sum, count: point.count })
}

/// The buckets of one sign, from the first to the last that has values.
#[derive(Debug)]
struct Side {
    first: i64,
    counts: Vec<u64>,
}

impl Side {
    fn new((offset, counts): (i32, PackedCounts<'_>)) -> Self {
        let mut counts = counts.to_vec();
        let filled = |count: &u64| *count > 0;
        let start = counts.iter().position(filled).unwrap_or(counts.len());
        let end = counts.iter().rposition(filled).map_or(start, |last| last.saturating_add(1));
        let first = i64::from(offset).saturating_add(i64::try_from(start).unwrap_or(i64::MAX));
        counts.truncate(end);
        counts.drain(..start);
        Self { first, counts }
    }

    fn total(&self) -> Option<u64> {
        self.counts.iter().try_fold(0_u64, |total, count| total.checked_add(*count))
    }

    /// The index at `scale` of the bucket at `position`.
    fn index(&self, position: usize, from: i32, scale: i32) -> i64 {
        let index = self.first.saturating_add(i64::try_from(position).unwrap_or(i64::MAX));
        let shift = u32::try_from(i64::from(from) - i64::from(scale)).unwrap_or(0).min(63);
        index >> shift
    }

    /// How many buckets there are at `scale`.
    fn width(&self, from: i32, scale: i32) -> usize {
        let Some(last) = self.counts.len().checked_sub(1) else {
            return 0;
        };
        let width = self.index(last, from, scale) - self.index(0, from, scale);
        usize::try_from(width).unwrap_or(usize::MAX).saturating_add(1)
    }

    fn merged(&self, from: i32, scale: i32) -> Self {
        let first = self.index(0, from, scale);
        let mut counts = vec![0_u64; self.width(from, scale)];
        for (position, count) in self.counts.iter().enumerate() {
            let index = self.index(position, from, scale) - first;
            if let Some(bucket) = usize::try_from(index).ok().and_then(|index| counts.get_mut(index)) {
                // The total was checked to fit.
                *bucket = bucket.saturating_add(*count);
            }
        }
        Self { first, counts }
    }
}

/// Buckets by their upper bound, strictly ascending.
#[derive(Debug, Default)]
struct Bounds(Vec<(f64, u64)>);

impl Bounds {
    fn push(&mut self, upper: f64, count: u64) {
        // Negative zero would be an `le` of its own.
        let upper = upper + 0.0;
        match self.0.last_mut() {
            // Below the bound before it: where the zero bucket overlaps positive ones, or doubles run out.
            Some((last, known)) if upper <= *last => *known = known.saturating_add(count),
            _ => self.0.push((upper, count)),
        }
    }

    fn cumulative(self) -> Vec<(f64, u64)> {
        let mut running = 0_u64;
        let all = self.0.into_iter().map(|(upper, count)| {
            running = running.saturating_add(count);
            (upper, running)
        });
        all.filter(|(upper, _)| *upper < f64::INFINITY).collect()
    }
}

/// `2^(index * 2^-scale)`, the lower bound of a bucket.
///
/// From square roots and products only, which IEEE 754 defines to the bit: `exp2` differs between platforms in the last
/// digit, and that would be another `le`.
fn power(index: i64, scale: i32) -> f64 {
    if scale <= 0 {
        // At scale -63 one step is beyond all doubles already.
        let shift = scale.unsigned_abs().min(62);
        return two_to(index.saturating_mul(1_i64 << shift));
    }
    let steps = 1_i64 << scale.min(62);
    let mut fraction = index.rem_euclid(steps);
    let (mut root, mut product) = (2.0_f64, 1.0_f64);
    let mut half = steps;
    while half > 1 {
        half /= 2;
        root = root.sqrt();
        if fraction >= half {
            fraction -= half;
            product *= root;
        }
    }
    product * two_to(index.div_euclid(steps))
}

/// A power of two from its bits; `powi` is free to take the reciprocal, which loses the smallest ones.
fn two_to(exponent: i64) -> f64 {
    let bits = match exponent {
        1024.. => return f64::INFINITY,
        -1022..1024 => exponent.saturating_add(1023).cast_unsigned() << 52,
        -1074..-1022 => 1 << exponent.saturating_add(1074).cast_unsigned(),
        _ => 0,
    };
    f64::from_bits(bits)
}

#[cfg(test)]
mod tests;
