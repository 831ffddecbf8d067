//! Exponential histograms as native histograms (compatibility specification, "Exponential Histograms").

use wasmeter_guest::frame::{Buckets, ExponentialHistogram};

/// The finest resolution there is, and the coarsest.
const SCHEMA_MAX: i32 = 8;
const SCHEMA_MIN: i32 = -4;
/// Where the zero bucket ends if a histogram does not say.
const ZERO_THRESHOLD: f64 = 1e-128;
/// How many empty buckets in a row are sent rather than left out, which takes a span.
const GAP_MAX: i64 = 2;

/// A native histogram of whole counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Native {
    pub(crate) count: u64,
    /// NaN if it is not known.
    pub(crate) sum: f64,
    pub(crate) schema: i32,
    pub(crate) zero_threshold: f64,
    pub(crate) zero_count: u64,
    pub(crate) negative: Side,
    pub(crate) positive: Side,
}

/// The buckets on one side of zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Side {
    /// Runs of buckets: how far the first is from the end of the run before, or from bucket 0, and how many there are.
    pub(crate) spans: Vec<(i32, u32)>,
    /// Each count less the one before.
    pub(crate) deltas: Vec<i64>,
}

/// The same histogram; or why there is none like it.
pub(crate) fn native(data: &ExponentialHistogram<'_>) -> Result<Native, &'static str> {
    if data.scale < SCHEMA_MIN {
        return Err("exponential histograms of a scale below -4");
    }
    let side =
        |buckets| side(buckets, data.scale).ok_or("exponential histograms of buckets beyond all bounds");
    Ok(Native {
        count: data.count,
        sum: data.sum.unwrap_or(f64::NAN),
        schema: data.scale.min(SCHEMA_MAX),
        zero_threshold: if data.zero_threshold > 0.0 { data.zero_threshold } else { ZERO_THRESHOLD },
        zero_count: data.zero_count,
        negative: side(&data.negative)?,
        positive: side(&data.positive)?,
    })
}

impl Native {
    /// What marks the end of a series.
    pub(crate) fn stale(stale: f64) -> Self {
        Self {
            count: stale.to_bits(),
            sum: stale,
            schema: 0,
            zero_threshold: 0.0,
            zero_count: 0,
            negative: Side::default(),
            positive: Side::default(),
        }
    }
}

/// `None` if a number does not fit.
fn side(buckets: &Buckets<'_>, scale: i32) -> Option<Side> {
    // Of a resolution that is too fine, so many neighbours become one.
    let shift = scale.saturating_sub(SCHEMA_MAX).clamp(0, 63);
    let mut merged: Vec<(i64, u64)> = Vec::new();
    for (index, count) in (i64::from(buckets.offset)..).zip(buckets.counts.iter().copied()) {
        // OTLP counts buckets by their lower bound, Prometheus by the upper one.
        let index = (index >> shift) + 1;
        match merged.last_mut() {
            Some((last, sum)) if *last == index => *sum = sum.checked_add(count)?,
            _ if count > 0 => merged.push((index, count)),
            _ => {}
        }
    }
    let mut side = Side::default();
    let (mut next, mut before) = (0, 0);
    for (index, count) in merged {
        let gap = index - next;
        match side.spans.last_mut() {
            Some((_, length)) if gap <= GAP_MAX => {
                for _ in 0..gap {
                    side.deltas.push(-before);
                    before = 0;
                }
                *length = length.checked_add(u32::try_from(gap + 1).ok()?)?;
            }
            _ => side.spans.push((i32::try_from(gap).ok()?, 1)),
        }
        let count = i64::try_from(count).ok()?;
        side.deltas.push(count - before);
        (next, before) = (index + 1, count);
    }
    Some(side)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(scale: i32, offset: i32, counts: &[u64]) -> ExponentialHistogram<'static> {
        let positive = Buckets { offset, counts: counts.to_vec().into() };
        let count = counts.iter().sum();
        ExponentialHistogram { scale, count, sum: Some(1.5), positive, ..ExponentialHistogram::default() }
    }

    #[test]
    fn buckets_are_named_by_their_upper_bound() {
        // At scale 0 bucket 0 of OTLP is (1, 2], which is bucket 1 of Prometheus.
        let native = native(&histogram(0, 0, &[3, 1])).unwrap();
        assert_eq!(native.positive, Side { spans: vec![(1, 2)], deltas: vec![3, -2] });
        assert_eq!((native.schema, native.count, native.sum, native.zero_threshold), (0, 4, 1.5, 1e-128));
    }

    #[test]
    fn small_gaps_are_filled_and_large_ones_are_spans() {
        let native = native(&histogram(0, -4, &[1, 0, 0, 2, 0, 0, 0, 4, 0])).unwrap();
        assert_eq!(native.positive, Side { spans: vec![(-3, 4), (3, 1)], deltas: vec![1, -1, 0, 2, 2] });
    }

    #[test]
    fn what_is_too_fine_is_merged_below_zero_too() {
        // Of two steps at once: -5 is in -2, -4 to -1 in -1, 0 in 0.
        let native = native(&histogram(10, -5, &[1, 2, 3, 4, 5, 6])).unwrap();
        assert_eq!(native.schema, 8);
        assert_eq!(native.positive, Side { spans: vec![(-1, 3)], deltas: vec![1, 13, -8] });
    }

    #[test]
    fn what_cannot_be_is_told() {
        assert_eq!(native(&histogram(-4, 0, &[1])).unwrap().schema, -4);
        assert!(native(&histogram(-5, 0, &[1])).unwrap_err().contains("below -4"));
        assert!(native(&histogram(0, i32::MAX, &[1])).unwrap_err().contains("beyond"));
        assert!(native(&histogram(0, 0, &[u64::MAX])).unwrap_err().contains("beyond"));
        let unknown = ExponentialHistogram { sum: None, zero_threshold: 0.5, ..histogram(0, 0, &[1]) };
        let native = native(&unknown).unwrap();
        assert!(native.sum.is_nan());
        assert_eq!(native.zero_threshold, 0.5);
    }
}
