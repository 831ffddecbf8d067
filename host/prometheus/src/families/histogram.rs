//! Explicit-bucket histograms as classic Prometheus histograms.

use wasmeter_model::frame::HistogramRef;

/// A classic histogram.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Buckets {
    /// Finite upper bounds (or `-Inf`), strictly ascending, each with the count of all values up to it.
    pub(crate) cumulative: Vec<(f64, u64)>,
    /// Left out where the sender does not know it, as with negative values.
    pub(crate) sum: Option<f64>,
    /// The count of all values: that of the bucket up to `+Inf`.
    pub(crate) count: u64,
}

/// The buckets of a point; `None` if bounds, counts and total do not fit each other.
///
/// A histogram without buckets (the data model allows that) has only the bucket up to `+Inf`.
pub(crate) fn explicit(point: &HistogramRef<'_>) -> Option<Buckets> {
    let empty = Buckets { cumulative: Vec::new(), sum: point.sum, count: point.count };
    if point.counts.is_empty() && point.bounds.is_empty() {
        return Some(empty);
    }
    let ascending = point.bounds.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    let fits = point.counts.len() == point.bounds.len().checked_add(1)?;
    if !ascending || !fits || point.bounds.iter().any(|bound| bound.is_nan()) {
        return None;
    }
    let mut running = 0_u64;
    let mut cumulative = Vec::with_capacity(point.bounds.len());
    for (bound, count) in point.bounds.iter().zip(point.counts) {
        running = running.checked_add(*count)?;
        // An explicit bound at infinity is the bucket that every histogram ends in anyway.
        if *bound < f64::INFINITY {
            // Negative zero would be an `le` of its own.
            cumulative.push((*bound + 0.0, running));
        }
    }
    let total = running.checked_add(point.counts.last().copied()?)?;
    (total == point.count).then_some(Buckets { cumulative, ..empty })
}
