//! The points of each kind, as messages.

use wasmeter_model::Number;
use wasmeter_model::frame::{
    ExemplarRef, ExponentialRef, HistogramRef, NumberRef, PackedCounts, PointRef, SummaryRef,
};

use super::attributes;
use crate::messages::{
    Exemplar, ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint, SummaryDataPoint, exemplar,
    exponential_histogram_data_point::Buckets, number_data_point, summary_data_point::ValueAtQuantile,
};

pub(super) fn number(row: NumberRef<'_>) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(row.point.pairs()),
        start_time_unix_nano: row.point.start().0,
        time_unix_nano: row.point.time().0,
        exemplars: exemplars(&row.point),
        flags: row.point.flags(),
        value: row.value.map(|value| match value {
            Number::Int(int) => number_data_point::Value::AsInt(int),
            Number::Double(double) => number_data_point::Value::AsDouble(double),
        }),
    }
}

pub(super) fn histogram(row: HistogramRef<'_>) -> HistogramDataPoint {
    HistogramDataPoint {
        attributes: attributes(row.point.pairs()),
        start_time_unix_nano: row.point.start().0,
        time_unix_nano: row.point.time().0,
        count: row.count,
        sum: row.sum,
        bucket_counts: row.counts.to_vec(),
        explicit_bounds: row.bounds.to_vec(),
        exemplars: exemplars(&row.point),
        flags: row.point.flags(),
        min: row.min,
        max: row.max,
    }
}

pub(super) fn exponential(row: ExponentialRef<'_>) -> ExponentialHistogramDataPoint {
    ExponentialHistogramDataPoint {
        attributes: attributes(row.point.pairs()),
        start_time_unix_nano: row.point.start().0,
        time_unix_nano: row.point.time().0,
        count: row.count,
        sum: row.sum,
        scale: row.scale,
        zero_count: row.zero_count,
        positive: buckets(row.positive),
        negative: buckets(row.negative),
        flags: row.point.flags(),
        exemplars: exemplars(&row.point),
        min: row.min,
        max: row.max,
        zero_threshold: row.zero_threshold,
    }
}

pub(super) fn summary(row: SummaryRef<'_>) -> SummaryDataPoint {
    let pairs = row.quantiles.iter().zip(row.quantile_values);
    SummaryDataPoint {
        attributes: attributes(row.point.pairs()),
        start_time_unix_nano: row.point.start().0,
        time_unix_nano: row.point.time().0,
        count: row.count,
        sum: row.sum,
        quantile_values: pairs
            .map(|(quantile, value)| ValueAtQuantile { quantile: *quantile, value: *value })
            .collect(),
        flags: row.point.flags(),
    }
}

fn buckets((offset, counts): (i32, PackedCounts<'_>)) -> Option<Buckets> {
    let absent = offset == 0 && counts.is_empty();
    (!absent).then(|| Buckets { offset, bucket_counts: counts.to_vec() })
}

fn exemplars(point: &PointRef<'_>) -> Vec<Exemplar> {
    point.exemplars().map(exemplar).collect()
}

fn exemplar(row: ExemplarRef<'_>) -> Exemplar {
    Exemplar {
        filtered_attributes: attributes(row.pairs()),
        time_unix_nano: row.time.0,
        span_id: if row.span_id == 0 { Vec::new() } else { row.span_id.to_be_bytes().to_vec() },
        trace_id: if row.trace_id == 0 { Vec::new() } else { row.trace_id.to_be_bytes().to_vec() },
        value: row.value.map(|value| match value {
            Number::Int(int) => exemplar::Value::AsInt(int),
            Number::Double(double) => exemplar::Value::AsDouble(double),
        }),
    }
}
