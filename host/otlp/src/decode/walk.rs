//! From the messages of a request to the rows of a frame.

use std::collections::HashSet;

use wasmeter_model::frame::{
    ExemplarRow, ExponentialRow, FrameBuilder, HistogramRow, MetricRow, NumberRow, PointHeader, PointKind,
    SetId, SummaryRow,
};
use wasmeter_model::{Number, Temporality, Timestamp};

use super::entities::entities;
use super::points::{check_exponential, check_histogram, check_number, check_summary};
use super::value::{is_nested, is_profile_reference, nested_text, value_ref};
use super::{Decoded, Fault, Refused, Warnings};
use crate::messages::{
    AggregationTemporality, Exemplar, ExponentialHistogramDataPoint, ExportMetricsServiceRequest,
    HistogramDataPoint, KeyValue, Metric, NumberDataPoint, ScopeMetrics, SummaryDataPoint, exemplar, metric,
    number_data_point,
};

/// Writes all that is sound in `request` to a frame.
pub(super) fn decode(request: &ExportMetricsServiceRequest) -> Decoded {
    let mut walk = Walk::default();
    for resource_metrics in &request.resource_metrics {
        let resource = resource_metrics.resource.as_ref();
        let attributes =
            walk.set(resource.map(|resource| resource.attributes.as_slice()).unwrap_or_default());
        let dropped = resource.map(|resource| resource.dropped_attributes_count).unwrap_or_default();
        walk.builder.resource(attributes, &resource_metrics.schema_url, dropped);
        if let Some(resource) = resource {
            let (entities, malformed) = entities(resource);
            walk.builder.entities(&entities);
            walk.warnings.malformed_entity_references += malformed;
        }
        for scope_metrics in &resource_metrics.scope_metrics {
            walk.scope(scope_metrics);
        }
    }
    Decoded { frame: walk.builder.finish(), refused: walk.refused, warnings: walk.warnings }
}

#[derive(Default)]
struct Walk {
    builder: FrameBuilder,
    refused: Refused,
    warnings: Warnings,
}

impl Walk {
    fn scope(&mut self, scope_metrics: &ScopeMetrics) {
        let scope = scope_metrics.scope.as_ref();
        let attributes = self.set(scope.map(|scope| scope.attributes.as_slice()).unwrap_or_default());
        self.builder.scope(
            scope.map(|scope| scope.name.as_str()).unwrap_or_default(),
            scope.map(|scope| scope.version.as_str()).unwrap_or_default(),
            &scope_metrics.schema_url,
            attributes,
            scope.map(|scope| scope.dropped_attributes_count).unwrap_or_default(),
        );
        for metric in &scope_metrics.metrics {
            self.metric(metric);
        }
    }

    fn metric(&mut self, metric: &Metric) {
        if metric.name.is_empty() {
            return self.refused.add("", Fault::EmptyName, point_count(metric));
        }
        let (kind, temporality, monotonic) = match &metric.data {
            None => (PointKind::None, None, false),
            Some(metric::Data::Gauge(_)) => (PointKind::Gauge, None, false),
            Some(metric::Data::Sum(sum)) => {
                (PointKind::Sum, Some(sum.aggregation_temporality), sum.is_monotonic)
            }
            Some(metric::Data::Histogram(data)) => {
                (PointKind::Histogram, Some(data.aggregation_temporality), false)
            }
            Some(metric::Data::ExponentialHistogram(data)) => {
                (PointKind::ExponentialHistogram, Some(data.aggregation_temporality), false)
            }
            Some(metric::Data::Summary(_)) => (PointKind::Summary, None, false),
        };
        let row = MetricRow {
            name: &metric.name,
            description: &metric.description,
            unit: &metric.unit,
            kind,
            temporality: temporality.map_or(Some(Temporality::Cumulative), known_temporality),
            monotonic,
        };
        let metadata = self.set(&metric.metadata);
        self.builder.metric(row, metadata);
        if let (None, Some(found)) = (row.temporality, temporality) {
            return self.refused.add(
                &metric.name,
                Fault::UnspecifiedTemporality { found },
                point_count(metric),
            );
        }
        match &metric.data {
            None => {}
            Some(metric::Data::Gauge(data)) => {
                self.points(metric, &data.data_points, check_number, Self::number)
            }
            Some(metric::Data::Sum(data)) => {
                self.points(metric, &data.data_points, check_number, Self::number)
            }
            Some(metric::Data::Histogram(data)) => {
                self.points(metric, &data.data_points, check_histogram, Self::histogram);
            }
            Some(metric::Data::ExponentialHistogram(data)) => {
                self.points(metric, &data.data_points, check_exponential, Self::exponential);
            }
            Some(metric::Data::Summary(data)) => {
                self.points(metric, &data.data_points, check_summary, Self::summary);
            }
        }
    }

    fn points<P>(
        &mut self,
        metric: &Metric,
        points: &[P],
        check: impl Fn(&P) -> Result<(), Fault>,
        add: impl Fn(&mut Self, &P),
    ) {
        for point in points {
            match check(point) {
                Ok(()) => add(self, point),
                Err(fault) => self.refused.add(&metric.name, fault, 1),
            }
        }
    }

    fn number(&mut self, point: &NumberDataPoint) {
        let header =
            self.header(&point.attributes, point.start_time_unix_nano, point.time_unix_nano, point.flags);
        self.exemplars(&point.exemplars);
        let value = point.value.map(|value| match value {
            number_data_point::Value::AsInt(int) => Number::Int(int),
            number_data_point::Value::AsDouble(double) => Number::Double(double),
        });
        self.builder.number(NumberRow { header, value });
    }

    fn histogram(&mut self, point: &HistogramDataPoint) {
        let header =
            self.header(&point.attributes, point.start_time_unix_nano, point.time_unix_nano, point.flags);
        self.exemplars(&point.exemplars);
        self.builder.histogram(HistogramRow {
            header,
            count: point.count,
            sum: point.sum,
            min: point.min,
            max: point.max,
            bounds: &point.explicit_bounds,
            counts: &point.bucket_counts,
        });
    }

    fn exponential(&mut self, point: &ExponentialHistogramDataPoint) {
        let header =
            self.header(&point.attributes, point.start_time_unix_nano, point.time_unix_nano, point.flags);
        self.exemplars(&point.exemplars);
        let positive = point.positive.as_ref();
        let negative = point.negative.as_ref();
        self.builder.exponential(ExponentialRow {
            header,
            count: point.count,
            sum: point.sum,
            min: point.min,
            max: point.max,
            scale: point.scale,
            zero_count: point.zero_count,
            zero_threshold: point.zero_threshold,
            positive: positive
                .map(|buckets| (buckets.offset, (&buckets.bucket_counts).into()))
                .unwrap_or_default(),
            negative: negative
                .map(|buckets| (buckets.offset, (&buckets.bucket_counts).into()))
                .unwrap_or_default(),
        });
    }

    fn summary(&mut self, point: &SummaryDataPoint) {
        let header =
            self.header(&point.attributes, point.start_time_unix_nano, point.time_unix_nano, point.flags);
        let quantiles: Vec<_> =
            point.quantile_values.iter().map(|pair| (pair.quantile, pair.value)).collect();
        self.builder.summary(SummaryRow {
            header,
            count: point.count,
            sum: point.sum,
            quantiles: &quantiles,
        });
    }

    fn header(&mut self, attributes: &[KeyValue], start: u64, time: u64, flags: u32) -> PointHeader {
        PointHeader {
            attributes: self.set(attributes),
            start: Timestamp(start),
            time: Timestamp(time),
            flags,
        }
    }

    fn exemplars(&mut self, exemplars: &[Exemplar]) {
        for exemplar in exemplars {
            let row = ExemplarRow {
                attributes: self.set(&exemplar.filtered_attributes),
                time: Timestamp(exemplar.time_unix_nano),
                value: exemplar.value.map(|value| match value {
                    exemplar::Value::AsInt(int) => Number::Int(int),
                    exemplar::Value::AsDouble(double) => Number::Double(double),
                }),
                trace_id: u128::from_be_bytes(self.id(&exemplar.trace_id)),
                span_id: u64::from_be_bytes(self.id(&exemplar.span_id)),
            };
            self.builder.exemplar(row);
        }
    }

    /// An id of `N` bytes; zero if there is none or it has another length.
    fn id<const N: usize>(&mut self, bytes: &[u8]) -> [u8; N] {
        bytes.try_into().unwrap_or_else(|_| {
            self.warnings.malformed_ids += u64::from(!bytes.is_empty());
            [0; N]
        })
    }

    fn set(&mut self, attributes: &[KeyValue]) -> SetId {
        self.warn(attributes);
        let texts: Vec<Option<String>> = match attributes.iter().any(|pair| is_nested(pair.value.as_ref())) {
            true => attributes.iter().map(nested_text).collect(),
            false => Vec::new(),
        };
        self.builder.set(attributes.iter().enumerate().map(|(index, pair)| {
            let text = texts.get(index).and_then(Option::as_deref);
            (pair.key.as_str(), value_ref(pair.value.as_ref(), text))
        }))
    }

    fn warn(&mut self, attributes: &[KeyValue]) {
        let references =
            |pair: &KeyValue| pair.key_strindex != 0 || is_profile_reference(pair.value.as_ref());
        self.warnings.profile_references += attributes.iter().filter(|pair| references(pair)).count() as u64;
        self.warnings.duplicate_keys += duplicates(attributes);
    }
}

/// How many attributes repeat a key. Sets are small as a rule, and then comparing beats hashing.
fn duplicates(attributes: &[KeyValue]) -> u64 {
    const SMALL: usize = 16;
    let repeated = if attributes.len() <= SMALL {
        let seen_before = |(index, pair): &(usize, &KeyValue)| {
            attributes.iter().take(*index).any(|earlier| earlier.key == pair.key)
        };
        attributes.iter().enumerate().filter(seen_before).count()
    } else {
        let distinct: HashSet<&str> = attributes.iter().map(|pair| pair.key.as_str()).collect();
        attributes.len() - distinct.len()
    };
    repeated as u64
}

fn known_temporality(code: i32) -> Option<Temporality> {
    match AggregationTemporality::try_from(code) {
        Ok(AggregationTemporality::Delta) => Some(Temporality::Delta),
        Ok(AggregationTemporality::Cumulative) => Some(Temporality::Cumulative),
        Ok(AggregationTemporality::Unspecified) | Err(_) => None,
    }
}

fn point_count(metric: &Metric) -> u64 {
    let points = match &metric.data {
        None => 0,
        Some(metric::Data::Gauge(data)) => data.data_points.len(),
        Some(metric::Data::Sum(data)) => data.data_points.len(),
        Some(metric::Data::Histogram(data)) => data.data_points.len(),
        Some(metric::Data::ExponentialHistogram(data)) => data.data_points.len(),
        Some(metric::Data::Summary(data)) => data.data_points.len(),
    };
    points as u64
}
