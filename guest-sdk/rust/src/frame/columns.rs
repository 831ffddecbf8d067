//! The columns of a frame's rows, by the names the plugin contract gives them.

/// Declares tables of public columns.
macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident { $($column:ident: $rows:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub(crate) struct $table {
            $(pub(crate) $column: $rows,)*
        }
    )*};
}

tables! {
    /// Lists of bucket bounds, each kept once.
    Bounds { bounds: Vec<f64>, ends: Vec<u32>, }
    /// The entities that produced the data.
    Resources { attributes: Vec<u32>, schema_url: Vec<u32>, dropped_attributes: Vec<u32>, }
    /// The instrumentation scopes.
    Scopes {
        resource: Vec<u32>,
        name: Vec<u32>,
        version: Vec<u32>,
        schema_url: Vec<u32>,
        attributes: Vec<u32>,
        dropped_attributes: Vec<u32>,
    }
    /// The metrics; `points` says how many each has.
    Metrics {
        scope: Vec<u32>,
        name: Vec<u32>,
        description: Vec<u32>,
        unit: Vec<u32>,
        kind: Vec<u8>,
        temporality: Vec<u8>,
        monotonic: Vec<u8>,
        metadata: Vec<u32>,
        points: Vec<u32>,
    }
    /// What points of every kind have; `exemplars` says how many each has.
    Points {
        attributes: Vec<u32>,
        start: Vec<u64>,
        time: Vec<u64>,
        flags: Vec<u32>,
        exemplars: Vec<u32>,
    }
    /// Points of gauges and sums.
    Numbers { points: Points, tags: Vec<u8>, bits: Vec<u64>, }
    /// Points of explicit histograms.
    Histograms {
        points: Points,
        count: Vec<u64>,
        known: Vec<u8>,
        sum: Vec<f64>,
        min: Vec<f64>,
        max: Vec<f64>,
        bounds: Vec<u32>,
        counts: Vec<u64>,
        counts_ends: Vec<u32>,
    }
    /// Points of exponential histograms.
    Exponentials {
        points: Points,
        count: Vec<u64>,
        known: Vec<u8>,
        sum: Vec<f64>,
        min: Vec<f64>,
        max: Vec<f64>,
        scale: Vec<i32>,
        zero_count: Vec<u64>,
        zero_threshold: Vec<f64>,
        positive_offset: Vec<i32>,
        positive: Vec<u64>,
        positive_ends: Vec<u32>,
        negative_offset: Vec<i32>,
        negative: Vec<u64>,
        negative_ends: Vec<u32>,
    }
    /// Points of summaries.
    Summaries {
        points: Points,
        count: Vec<u64>,
        sum: Vec<f64>,
        quantiles: Vec<f64>,
        quantile_values: Vec<f64>,
        quantile_ends: Vec<u32>,
    }
    /// Sampled measurements.
    Exemplars {
        attributes: Vec<u32>,
        time: Vec<u64>,
        tags: Vec<u8>,
        bits: Vec<u64>,
        trace_id_high: Vec<u64>,
        trace_id_low: Vec<u64>,
        span_id: Vec<u64>,
    }
}

impl Bounds {
    /// The list of a row.
    pub(crate) fn list(&self, row: u32) -> &[f64] {
        slice(&self.bounds, &self.ends, row as usize)
    }
}

/// Bits of `known`.
pub(crate) const HAS_SUM: u8 = 1;
pub(crate) const HAS_MIN: u8 = 2;
pub(crate) const HAS_MAX: u8 = 4;

/// Item `row`, or the default beyond the end, which a frame from the host never has.
pub(crate) fn at<T: Copy + Default>(column: &[T], row: usize) -> T {
    column.get(row).copied().unwrap_or_default()
}

/// Range `row` of ranges given by their ends.
pub(crate) fn range(ends: &[u32], row: usize) -> std::ops::Range<usize> {
    let start = if row == 0 { 0 } else { at(ends, row - 1) as usize };
    start..at(ends, row) as usize
}

/// The items of range `row`.
pub(crate) fn slice<'a, T>(items: &'a [T], ends: &[u32], row: usize) -> &'a [T] {
    items.get(range(ends, row)).unwrap_or_default()
}
