//! What received points say together: where each series stands in the end.

use std::collections::HashMap;

use anyhow::{bail, ensure};
use prost::Message;
use wasmeter_otlp::messages::{
    AggregationTemporality, ExportMetricsServiceRequest, KeyValue, Metric, NumberDataPoint, metric,
    number_data_point,
};

use crate::requests::INSTRUMENT;

/// Where a series stands, and since when.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    time: u64,
    value: f64,
}

/// Sums, what histograms count, and last values, of the instrument of the load; programs send metrics of their own, too.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) points: u64,
    /// Of these, those that came while the clock ran.
    pub(crate) points_timed: u64,
    /// By attributes in the order of their keys, encoded.
    series: HashMap<Vec<u8>, Standing>,
}

fn value(point: &NumberDataPoint) -> anyhow::Result<f64> {
    match point.value {
        Some(number_data_point::Value::AsInt(value)) => Ok(value as f64),
        Some(number_data_point::Value::AsDouble(value)) => Ok(value),
        None => bail!("a point has no value"),
    }
}

/// True if points add up to their series.
fn is_delta(temporality: i32) -> anyhow::Result<bool> {
    match AggregationTemporality::try_from(temporality) {
        Ok(AggregationTemporality::Delta) => Ok(true),
        Ok(AggregationTemporality::Cumulative) => Ok(false),
        _ => bail!("a metric's temporality is {temporality}"),
    }
}

impl Totals {
    /// What all series together stand at.
    pub(crate) fn sum(&self) -> f64 {
        self.series.values().map(|standing| standing.value).sum()
    }

    pub(crate) fn series(&self) -> usize {
        self.series.len()
    }

    pub(crate) fn add(&mut self, request: ExportMetricsServiceRequest) -> anyhow::Result<()> {
        let scopes = request.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
        for metric in scopes.flat_map(|scope| scope.metrics).filter(|metric| metric.name == INSTRUMENT) {
            self.add_metric(metric)?;
        }
        Ok(())
    }

    fn add_metric(&mut self, metric: Metric) -> anyhow::Result<()> {
        match metric.data {
            Some(metric::Data::Sum(data)) => {
                let is_delta = is_delta(data.aggregation_temporality)?;
                for point in data.data_points {
                    let value = value(&point)?;
                    self.add_point(point.attributes, point.time_unix_nano, value, is_delta);
                }
            }
            Some(metric::Data::Gauge(data)) => {
                for point in data.data_points {
                    let value = value(&point)?;
                    self.add_point(point.attributes, point.time_unix_nano, value, false);
                }
            }
            Some(metric::Data::Histogram(data)) => {
                let is_delta = is_delta(data.aggregation_temporality)?;
                for point in data.data_points {
                    ensure!(
                        point.bucket_counts.iter().sum::<u64>() == point.count,
                        "buckets do not count what their point counts"
                    );
                    self.add_point(point.attributes, point.time_unix_nano, point.count as f64, is_delta);
                }
            }
            Some(metric::Data::ExponentialHistogram(data)) => {
                let is_delta = is_delta(data.aggregation_temporality)?;
                for point in data.data_points {
                    let buckets = point
                        .positive
                        .iter()
                        .chain(&point.negative)
                        .flat_map(|buckets| &buckets.bucket_counts);
                    let counted = buckets.sum::<u64>() + point.zero_count;
                    ensure!(counted == point.count, "buckets do not count what their point counts");
                    self.add_point(point.attributes, point.time_unix_nano, point.count as f64, is_delta);
                }
            }
            other => bail!("found {other:?}, expected are sums, gauges and histograms"),
        }
        Ok(())
    }

    fn add_point(&mut self, mut attributes: Vec<KeyValue>, time: u64, value: f64, is_delta: bool) {
        self.points += 1;
        attributes.sort_by(|one, other| one.key.cmp(&other.key));
        let name = attributes.iter().flat_map(Message::encode_length_delimited_to_vec).collect();
        let standing = self.series.entry(name).or_default();
        if is_delta {
            standing.value += value;
        } else if time >= standing.time {
            *standing = Standing { time, value };
        }
    }
}
