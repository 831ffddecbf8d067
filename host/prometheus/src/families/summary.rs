//! Summaries.

use wasmeter_model::frame::SummaryRef;

/// A Prometheus summary.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Quantiles {
    /// Quantile and value; quantiles ascend strictly.
    pub(crate) values: Vec<(f64, f64)>,
    pub(crate) sum: f64,
    pub(crate) count: u64,
}

impl Quantiles {
    /// The summary of a point; `None` if a quantile is not within 0 and 1 or is given twice.
    pub(crate) fn new(point: &SummaryRef<'_>) -> Option<Self> {
        if point.quantiles.iter().any(|quantile| !(0.0..=1.0).contains(quantile)) {
            return None;
        }
        let mut values: Vec<(f64, f64)> =
            // `-0.0` is within 0 and 1 and would be written as a quantile of its own.
            point.quantiles.iter().map(|quantile| quantile.abs()).zip(point.quantile_values.iter().copied()).collect();
        values.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let ascending = values.windows(2).all(|pair| matches!(pair, [(a, _), (b, _)] if a < b));
        ascending.then_some(Self { values, sum: point.sum, count: point.count })
    }
}
