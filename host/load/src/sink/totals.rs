//! What received points say together: where each series stands in the end.

use std::collections::{BTreeSet, HashMap};

use anyhow::{bail, ensure};
use prost::Message;
use wasmeter_otlp::messages::{
    AggregationTemporality, ExponentialHistogramDataPoint, ExportMetricsServiceRequest, HistogramDataPoint,
    KeyValue, Metric, NumberDataPoint, any_value, metric, number_data_point,
};

use crate::requests::{Flow, INSTRUMENT};
use crate::standings::{Form, Name, Shape, Standing, Standings};

/// A series, and when its last point was.
#[derive(Debug)]
struct Known {
    name: Name,
    time: u64,
    standing: Standing,
}

/// A point, whatever it is of.
struct Point {
    attributes: Vec<KeyValue>,
    time: u64,
    standing: Standing,
}

/// Points of the instrument of the load; programs send metrics of their own, too.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) points: u64,
    /// Of these, those that came while the clock ran.
    pub(crate) points_timed: u64,
    shapes: BTreeSet<Shape>,
    /// By attributes in the order of their keys, encoded.
    series: HashMap<Vec<u8>, Known>,
}

impl Totals {
    pub(crate) fn standings(self) -> Standings {
        let series = self.series.into_values().map(|known| (known.name, known.standing)).collect();
        Standings { shapes: self.shapes, series, repeated: None }
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
                let form = if data.is_monotonic { Form::Sum } else { Form::Balance };
                let shape = Shape { form, flow: Some(flow(data.aggregation_temporality)?) };
                self.add_points(shape, data.data_points, number)
            }
            Some(metric::Data::Gauge(data)) => {
                self.add_points(Shape { form: Form::Gauge, flow: None }, data.data_points, number)
            }
            Some(metric::Data::Histogram(data)) => {
                let flow = Some(flow(data.aggregation_temporality)?);
                self.add_points(Shape { form: Form::Explicit, flow }, data.data_points, explicit)
            }
            Some(metric::Data::ExponentialHistogram(data)) => {
                let flow = Some(flow(data.aggregation_temporality)?);
                self.add_points(Shape { form: Form::Exponential, flow }, data.data_points, exponential)
            }
            other => bail!("found {other:?}, expected are sums, gauges and histograms"),
        }
    }

    fn add_points<T>(
        &mut self,
        shape: Shape,
        points: Vec<T>,
        read: impl Fn(T) -> anyhow::Result<Point>,
    ) -> anyhow::Result<()> {
        self.shapes.insert(shape);
        for point in points {
            let Point { mut attributes, time, standing } = read(point)?;
            self.points += 1;
            attributes.sort_by(|one, other| one.key.cmp(&other.key));
            let encoded = attributes.iter().flat_map(Message::encode_length_delimited_to_vec).collect();
            match self.series.entry(encoded) {
                std::collections::hash_map::Entry::Vacant(place) => {
                    place.insert(Known { name: name(&attributes), time, standing });
                }
                std::collections::hash_map::Entry::Occupied(mut known) => {
                    let known = known.get_mut();
                    if shape.flow == Some(Flow::Delta) {
                        known.standing = known.standing + standing;
                    } else if time >= known.time {
                        (known.time, known.standing) = (time, standing);
                    }
                }
            }
        }
        Ok(())
    }
}

fn name(attributes: &[KeyValue]) -> Name {
    let text = |attribute: &KeyValue| match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        // The load has none of these.
        other => format!("{other:?}"),
    };
    Name::new(attributes.iter().map(|attribute| (attribute.key.clone(), text(attribute))).collect())
}

/// Whether points add up to their series.
fn flow(temporality: i32) -> anyhow::Result<Flow> {
    match AggregationTemporality::try_from(temporality) {
        Ok(AggregationTemporality::Delta) => Ok(Flow::Delta),
        Ok(AggregationTemporality::Cumulative) => Ok(Flow::Cumulative),
        _ => bail!("a metric's temporality is {temporality}"),
    }
}

fn number(point: NumberDataPoint) -> anyhow::Result<Point> {
    let value = match point.value {
        Some(number_data_point::Value::AsInt(value)) => value as f64,
        Some(number_data_point::Value::AsDouble(value)) => value,
        None => bail!("a point has no value"),
    };
    let standing = Standing { value, sum: None };
    Ok(Point { attributes: point.attributes, time: point.time_unix_nano, standing })
}

fn explicit(point: HistogramDataPoint) -> anyhow::Result<Point> {
    let counted = point.bucket_counts.iter().sum::<u64>();
    ensure!(counted == point.count, "buckets count {counted} of what their point counts, {}", point.count);
    let standing = Standing { value: point.count as f64, sum: point.sum };
    Ok(Point { attributes: point.attributes, time: point.time_unix_nano, standing })
}

fn exponential(point: ExponentialHistogramDataPoint) -> anyhow::Result<Point> {
    let buckets = point.positive.iter().chain(&point.negative).flat_map(|buckets| &buckets.bucket_counts);
    let counted = buckets.sum::<u64>() + point.zero_count;
    ensure!(counted == point.count, "buckets count {counted} of what their point counts, {}", point.count);
    let standing = Standing { value: point.count as f64, sum: point.sum };
    Ok(Point { attributes: point.attributes, time: point.time_unix_nano, standing })
}
