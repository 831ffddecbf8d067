//! A provider with a clock of its own and a manual reader, and a readable form of what comes out. Times are whole seconds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, ContextGuard, KeyValue};
use wasmeter_api::model::frame::{Frame, MetricRef, PointKind, PointRef};
use wasmeter_api::model::{Number, Temporality, TemporalityPreference, Timestamp, ValueRef};
use wasmeter_api::{
    DiagnosticKind, ExportError, ManualReader, MeterProvider, MeterProviderBuilder, PushExporter,
};

pub(crate) const CUMULATIVE: TemporalityPreference = TemporalityPreference::Cumulative;
pub(crate) const DELTA: TemporalityPreference = TemporalityPreference::Delta;

/// Longer than anything here takes; only a failure waits this long.
pub(crate) const AGES: Duration = Duration::from_secs(300);

/// What was told.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<(DiagnosticKind, String)>>>);

impl Told {
    pub(crate) fn take(&self) -> Vec<(DiagnosticKind, String)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    pub(crate) fn kinds(&self) -> Vec<DiagnosticKind> {
        self.take().into_iter().map(|(kind, _)| kind).collect()
    }
}

/// Virtual time.
#[derive(Clone)]
pub(crate) struct Time(Arc<AtomicU64>);

impl Time {
    pub(crate) fn set(&self, secs: u64) {
        self.0.store(secs, Ordering::SeqCst);
    }
}

/// A builder at 1 s.
pub(crate) fn builder() -> (MeterProviderBuilder, Time, Told) {
    let (time, told) = (Time(Arc::new(AtomicU64::new(1))), Told::default());
    let (clock, ear) = (time.0.clone(), told.0.clone());
    let builder = MeterProvider::builder()
        .with_clock(move || Timestamp::from_secs(clock.load(Ordering::SeqCst)))
        .with_diagnostics(move |diagnostic| {
            ear.lock().unwrap().push((diagnostic.kind, diagnostic.to_string()));
        });
    (builder, time, told)
}

/// A provider that began at 1 s, with a manual reader.
pub(crate) struct Setup {
    pub(crate) provider: MeterProvider,
    pub(crate) reader: ManualReader,
    pub(crate) time: Time,
    pub(crate) told: Told,
}

pub(crate) fn setup(temporality: TemporalityPreference) -> Setup {
    setup_with(temporality, |builder| builder)
}

pub(crate) fn setup_with(
    temporality: TemporalityPreference,
    more: impl FnOnce(MeterProviderBuilder) -> MeterProviderBuilder,
) -> Setup {
    let (builder, time, told) = builder();
    let reader = ManualReader::new(temporality);
    let provider = more(builder.with_reader(&reader)).build().unwrap();
    Setup { provider, reader, time, told }
}

impl Setup {
    /// Asserts the rows of a collection at `secs`; their order does not matter.
    #[track_caller]
    pub(crate) fn expect(&self, secs: u64, expected: &[&str]) {
        self.time.set(secs);
        let mut expected: Vec<String> = expected.iter().map(|row| (*row).to_owned()).collect();
        expected.sort();
        assert_eq!(rows(&self.reader.collect().unwrap()), expected);
    }
}

pub(crate) fn a(value: &'static str) -> [KeyValue; 1] {
    [KeyValue::new("a", value)]
}

/// An exporter that hands on what it gets, and answers as it was told to.
pub(crate) struct Channel {
    rows: Mutex<Sender<Vec<String>>>,
    pub(crate) answer: Arc<Mutex<Result<(), ExportError>>>,
    pub(crate) calls: Arc<Mutex<Vec<&'static str>>>,
    temporality: TemporalityPreference,
}

impl Channel {
    pub(crate) fn new(temporality: TemporalityPreference) -> (Self, Receiver<Vec<String>>) {
        let (rows, received) = channel();
        let (answer, calls) = (Arc::new(Mutex::new(Ok(()))), Arc::default());
        (Self { rows: Mutex::new(rows), answer, calls, temporality }, received)
    }
}

impl PushExporter for Channel {
    fn export(&self, frame: &Frame, deadline: Instant) -> Result<(), ExportError> {
        assert!(deadline > Instant::now());
        self.calls.lock().unwrap().push("export");
        self.rows.lock().unwrap().send(rows(frame)).unwrap();
        self.answer.lock().unwrap().clone()
    }

    fn temporality(&self) -> TemporalityPreference {
        self.temporality
    }

    fn force_flush(&self, _: Instant) -> Result<(), ExportError> {
        self.calls.lock().unwrap().push("flush");
        Ok(())
    }

    fn shutdown(&self, _: Instant) -> Result<(), ExportError> {
        self.calls.lock().unwrap().push("shutdown");
        Ok(())
    }
}

/// The rows of a frame, sorted, one text each.
pub(crate) fn rows(frame: &Frame) -> Vec<String> {
    let mut rows: Vec<String> = frame.metrics().flat_map(metric_rows).collect();
    rows.sort();
    rows
}

fn metric_rows(metric: MetricRef<'_>) -> Vec<String> {
    let kind = match (metric.kind(), metric.monotonic()) {
        (PointKind::Gauge, _) => "gauge",
        (PointKind::Sum, true) => "sum+",
        (PointKind::Sum, false) => "sum",
        (PointKind::Histogram, _) => "hist",
        (PointKind::ExponentialHistogram, _) => "expo",
        _ => "other",
    };
    let temporality = match (metric.kind(), metric.temporality()) {
        (PointKind::Gauge, _) => "",
        (_, Some(Temporality::Delta)) => " delta",
        _ => " cum",
    };
    let row = |point: PointRef<'_>, value: String| {
        let secs = |time: Timestamp| time.0 / 1_000_000_000;
        let text = |value| match value {
            ValueRef::String(text) => text.to_owned(),
            ValueRef::Bool(truth) => truth.to_string(),
            ValueRef::Int(int) => int.to_string(),
            other => format!("{other:?}"),
        };
        let pairs: Vec<String> = point.pairs().map(|(key, found)| format!("{key}={}", text(found))).collect();
        let value = if point.is_ended() { "end".to_owned() } else { value };
        let (start, time) = (secs(point.start()), secs(point.time()));
        format!("{}{{{}}} {kind}{temporality} {value} @{start}..{time}", metric.name(), pairs.join(","))
    };
    let number = |value| match value {
        Some(Number::Int(int)) => int.to_string(),
        Some(Number::Double(double)) => format!("{double:?}"),
        None => "none".to_owned(),
    };
    let numbers = metric.numbers().map(|point| row(point.point, number(point.value)));
    let histograms = metric.histograms().map(|point| {
        let sum = point.sum.unwrap_or(f64::NAN);
        row(point.point, format!("n={} sum={sum} {:?}:{:?}", point.count, point.bounds, point.counts))
    });
    let exponentials = metric.exponentials().map(|point| row(point.point, format!("n={}", point.count)));
    numbers.chain(histograms).chain(exponentials).collect()
}

/// Makes a span the current one of this thread, until the result is dropped.
pub(crate) fn enter(trace: u128, span: u64, flags: TraceFlags) -> ContextGuard {
    let span = SpanContext::new(TraceId::from(trace), SpanId::from(span), flags, false, TraceState::NONE);
    Context::new().with_remote_span_context(span).attach()
}
