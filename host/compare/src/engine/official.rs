//! The engine of `opentelemetry_sdk`.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Meter, MeterProvider as _};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{
    self as sdk, Instrument, InstrumentKind, ManualReader, Pipeline, SdkMeterProvider, Stream,
};

use super::row::{Row, histogram, number, sorted};
use super::{Aggregation, Engine, Setup, Temporality, ViewSpec};

pub(super) struct Official {
    provider: SdkMeterProvider,
    readers: Vec<Shared>,
    /// Used again by each timed collection, as its periodic reader does.
    metrics: Mutex<ResourceMetrics>,
}

/// Its readers belong to the provider that is given them; this one can be collected from, too.
#[derive(Clone, Debug)]
struct Shared(Arc<ManualReader>);

impl MetricReader for Shared {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }

    fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.collect(metrics)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> sdk::Temporality {
        self.0.temporality(kind)
    }
}

impl Official {
    pub(super) fn new(setup: &Setup) -> Self {
        let readers: Vec<Shared> = setup.readers.iter().map(|temporality| reader(*temporality)).collect();
        let mut builder = SdkMeterProvider::builder();
        for reader in &readers {
            builder = builder.with_reader(reader.clone());
        }
        for view in setup.views.clone() {
            builder = builder.with_view(move |instrument| stream(&view, instrument));
        }
        Self { provider: builder.build(), readers, metrics: Mutex::default() }
    }
}

fn reader(temporality: Temporality) -> Shared {
    let temporality = match temporality {
        Temporality::Cumulative => sdk::Temporality::Cumulative,
        Temporality::Delta => sdk::Temporality::Delta,
    };
    Shared(Arc::new(ManualReader::builder().with_temporality(temporality).build()))
}

fn stream(view: &ViewSpec, instrument: &Instrument) -> Option<Stream> {
    if instrument.name() != view.instrument {
        return None;
    }
    let mut stream = Stream::builder();
    if let Some(keys) = view.keep {
        stream = stream.with_allowed_attribute_keys(keys.iter().map(|key| (*key).into()));
    }
    if let Some(wanted) = view.aggregation {
        stream = stream.with_aggregation(aggregation(wanted));
    }
    stream.build().ok()
}

fn aggregation(aggregation: Aggregation) -> sdk::Aggregation {
    match aggregation {
        Aggregation::Sum => sdk::Aggregation::Sum,
        Aggregation::Histogram => sdk::Aggregation::ExplicitBucketHistogram {
            boundaries: wasmeter_api::model::limits::BOUNDARIES_DEFAULT.to_vec(),
            record_min_max: true,
        },
        Aggregation::Exponential => {
            sdk::Aggregation::Base2ExponentialHistogram { max_size: 160, max_scale: 20, record_min_max: true }
        }
    }
}

impl Engine for Official {
    fn meter(&self) -> Meter {
        self.provider.meter("compare")
    }

    fn collect(&self, reader: usize) -> Result<Vec<Row>, String> {
        let reader = self.readers.get(reader).ok_or("there is no such reader")?;
        let mut metrics = ResourceMetrics::default();
        reader.collect(&mut metrics).map_err(|error| error.to_string())?;
        let metrics = metrics.scope_metrics().flat_map(|scope| scope.metrics());
        Ok(sorted(metrics.flat_map(|metric| rows(metric).into_iter()).collect()))
    }

    fn collect_only(&self) -> bool {
        let mut metrics = self.metrics.lock().unwrap_or_else(PoisonError::into_inner);
        self.readers.first().is_some_and(|reader| reader.collect(std::hint::black_box(&mut metrics)).is_ok())
    }
}

fn rows(metric: &Metric) -> Vec<Row> {
    // Rows are of small numbers, which doubles hold.
    match metric.data() {
        AggregatedMetrics::F64(data) => rows_of(metric.name(), data, |value| value),
        AggregatedMetrics::U64(data) => rows_of(metric.name(), data, |value| value as f64),
        AggregatedMetrics::I64(data) => rows_of(metric.name(), data, |value| value as f64),
    }
}

fn rows_of<T: Copy>(metric: &str, data: &MetricData<T>, double: impl Fn(T) -> f64) -> Vec<Row> {
    match data {
        MetricData::Gauge(gauge) => gauge
            .data_points()
            .map(|point| Row::new(metric, pairs(point.attributes()), "gauge", number(double(point.value()))))
            .collect(),
        MetricData::Sum(sum) => sum
            .data_points()
            .map(|point| {
                let kind = if sum.is_monotonic() { "sum+" } else { "sum" };
                Row::new(metric, pairs(point.attributes()), kind, number(double(point.value())))
            })
            .collect(),
        MetricData::Histogram(data) => data
            .data_points()
            .map(|point| {
                let (range, buckets) = (
                    (point.min().map(&double), point.max().map(&double)),
                    point.bucket_counts().collect::<Vec<_>>(),
                );
                let value = histogram(point.count(), double(point.sum()), range, &buckets);
                Row::new(metric, pairs(point.attributes()), "histogram", value)
            })
            .collect(),
        MetricData::ExponentialHistogram(data) => data
            .data_points()
            .map(|point| {
                let buckets = point.positive_bucket();
                let range = (point.min().map(&double), point.max().map(&double));
                let counts: Vec<u64> = buckets.counts().collect();
                let value = histogram(point.count() as u64, double(point.sum()), range, &counts);
                let kind = format!("exponential at {} from {}", point.scale(), buckets.offset());
                Row::new(metric, pairs(point.attributes()), &kind, value)
            })
            .collect(),
    }
}

fn pairs<'a>(
    attributes: impl Iterator<Item = &'a KeyValue> + 'a,
) -> impl Iterator<Item = (String, String)> + 'a {
    attributes.map(|pair| (pair.key.to_string(), pair.value.to_string()))
}
