//! wasmeter's engine.

use std::sync::Arc;

use opentelemetry::metrics::{Meter, MeterProvider as _};
use wasmeter_api::model::frame::{MetricRef, PointKind, PointRef};
use wasmeter_api::model::{
    self, AttributeRule, Number, Pattern, StreamSpec, TemporalityPreference, ValueRef,
};
use wasmeter_api::{ManualReader, MeterProvider, NativeView, View};

use super::row::{Row, histogram, number, sorted};
use super::{Aggregation, Engine, Setup, Temporality, ViewSpec};

pub(super) struct Ours {
    provider: MeterProvider,
    readers: Vec<ManualReader>,
}

impl Ours {
    pub(super) fn new(setup: &Setup, plugins: Vec<Arc<dyn View>>) -> Self {
        let readers: Vec<ManualReader> =
            setup.readers.iter().map(|temporality| ManualReader::new(preference(*temporality))).collect();
        let mut builder = MeterProvider::builder();
        for reader in &readers {
            builder = builder.with_reader(reader);
        }
        for view in &setup.views {
            builder = builder.with_view(native(view));
        }
        let provider = builder.with_plugins(plugins).build();
        let provider = provider.expect("readers are new, and manual ones need no thread");
        Self { provider, readers }
    }
}

fn preference(temporality: Temporality) -> TemporalityPreference {
    match temporality {
        Temporality::Cumulative => TemporalityPreference::Cumulative,
        Temporality::Delta => TemporalityPreference::Delta,
    }
}

fn native(view: &ViewSpec) -> Arc<NativeView> {
    let name = view.instrument;
    let keep =
        view.keep.map(|keys| AttributeRule::Include(keys.iter().map(|key| Pattern::new(*key)).collect()));
    let spec = StreamSpec {
        attributes: keep.into_iter().collect(),
        aggregation: view.aggregation.map(aggregation).unwrap_or_default(),
        ..StreamSpec::default()
    };
    NativeView::new(name, move |instrument| *instrument.name == *name, spec)
}

fn aggregation(aggregation: Aggregation) -> model::Aggregation {
    match aggregation {
        Aggregation::Sum => model::Aggregation::Sum,
        Aggregation::Histogram => {
            model::Aggregation::ExplicitBucketHistogram { boundaries: None, record_min_max: true }
        }
        Aggregation::Exponential => model::Aggregation::Base2ExponentialBucketHistogram {
            max_size: 160,
            max_scale: 20,
            record_min_max: true,
        },
    }
}

impl Engine for Ours {
    fn meter(&self) -> Meter {
        self.provider.meter("compare")
    }

    fn collect(&self, reader: usize) -> Result<Vec<Row>, String> {
        let reader = self.readers.get(reader).ok_or("there is no such reader")?;
        let frame = reader.collect().map_err(|error| error.to_string())?;
        Ok(sorted(frame.metrics().flat_map(rows).collect()))
    }

    fn collect_only(&self) -> bool {
        self.readers.first().is_some_and(|reader| std::hint::black_box(reader.collect()).is_ok())
    }
}

fn rows(metric: MetricRef<'_>) -> Vec<Row> {
    let row = |point: PointRef<'_>, kind: &str, value| {
        let pairs = point.pairs().map(|(key, value)| (key.to_owned(), plain(value)));
        Row::new(metric.name(), pairs, kind, value)
    };
    let kind = match (metric.kind(), metric.monotonic()) {
        (PointKind::Gauge, _) => "gauge",
        (_, true) => "sum+",
        _ => "sum",
    };
    let numbers = metric.numbers().map(|point| {
        let value = match point.value {
            // Rows are of small numbers, which doubles hold.
            Some(Number::Int(int)) => number(int as f64),
            Some(Number::Double(double)) => number(double),
            None => (0.0, "none".to_owned()),
        };
        row(point.point, kind, value)
    });
    let histograms = metric.histograms().map(|point| {
        let sum = point.sum.unwrap_or(f64::NAN);
        row(point.point, "histogram", histogram(point.count, sum, (point.min, point.max), point.counts))
    });
    let exponentials = metric.exponentials().map(|point| {
        let sum = point.sum.unwrap_or(f64::NAN);
        let value = histogram(point.count, sum, (point.min, point.max), &point.positive.1.to_vec());
        row(point.point, &format!("exponential at {} from {}", point.scale, point.positive.0), value)
    });
    numbers.chain(histograms).chain(exponentials).collect()
}

fn plain(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Bool(truth) => truth.to_string(),
        ValueRef::Int(int) => int.to_string(),
        ValueRef::Double(double) => double.to_string(),
        ValueRef::String(text) | ValueRef::Nested(text) => text.to_owned(),
        ValueRef::Empty | ValueRef::Bytes(_) => format!("{value:?}"),
    }
}
