//! Metrics from elsewhere, filters, and how a collection ended.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use opentelemetry::metrics::MeterProvider as _;
use wasmeter_api::model::frame::{Frame, FrameBuilder, MetricRow, NumberRow, PointHeader, PointKind};
use wasmeter_api::model::{Attributes, Number, Timestamp};
use wasmeter_api::{
    AttributesFilterResult, CollectFailure, CollectStatus, DiagnosticKind, ManualReader, MetricFilter,
    MetricFilterResult, MetricProducer, MetricStream, PeriodicReader, ProduceError, ProduceRequest, Produced,
    ReaderConfig,
};

use crate::support::*;

/// What a producer answers.
type Answer = Box<dyn Fn(&ProduceRequest<'_>) -> Result<Produced, ProduceError> + Send + Sync>;

struct Bridge(Answer);

impl MetricProducer for Bridge {
    fn name(&self) -> &str {
        "bridge"
    }

    fn produce(&self, request: &ProduceRequest<'_>) -> Result<Produced, ProduceError> {
        (self.0)(request)
    }
}

fn bridge(
    answer: impl Fn(&ProduceRequest<'_>) -> Result<Produced, ProduceError> + Send + Sync + 'static,
) -> Bridge {
    Bridge(Box::new(answer))
}

/// Gauges of these names, each with and without an attribute `a`.
fn gauges(request: &ProduceRequest<'_>, names: &[&str]) -> Frame {
    let mut frame = FrameBuilder::new();
    let resource = frame.attributes(&request.resource.attributes);
    frame.resource(resource, &request.resource.schema_url, 0);
    let none = frame.set([]);
    frame.scope("bridge", "1.0", "", none, 0);
    for name in names {
        let (kind, description, unit) = (PointKind::Gauge, "", "1");
        frame.metric(MetricRow { name, description, unit, kind, temporality: None, monotonic: false }, none);
        for set in [Attributes::empty(), [("a", "1")].into_iter().collect()] {
            let attributes = frame.attributes(&set);
            let header = PointHeader { attributes, start: Timestamp::UNKNOWN, time: request.now, flags: 0 };
            frame.number(NumberRow { header, value: Some(Number::Int(7)) });
        }
    }
    frame.finish()
}

/// A provider at 1 s with one counter, whose reader has producers.
fn producing(reader: ManualReader) -> Setup {
    let (builder, time, told) = builder();
    let provider = builder.with_reader(&reader).build().unwrap();
    provider.meter("shop").u64_counter("counter").build().add(1, &[]);
    Setup { provider, reader, time, told }
}

#[test]
fn n1_n2_o4_a_collection_includes_what_producers_have_under_the_resource_of_the_provider() {
    let one = bridge(|request| Ok(gauges(request, &["one"]).into()));
    let two = bridge(|request| Ok(gauges(request, &["two"]).into()));
    let setup = producing(ManualReader::new(CUMULATIVE).with_producer(one).with_producer(two));
    setup.expect(
        10,
        &[
            "counter{} sum+ cum 1 @1..10",
            "one{} gauge 7 @0..10",
            "one{a=1} gauge 7 @0..10",
            "two{} gauge 7 @0..10",
            "two{a=1} gauge 7 @0..10",
        ],
    );
    let collected = setup.reader.collect_with_status().unwrap();
    assert_eq!((collected.status(), collected.failures.len()), (CollectStatus::Succeeded, 0));
    let frame = collected.frame;
    assert_eq!(frame.resources.attributes.len(), 1, "all are of one resource");
    let scopes: Vec<_> = frame.metrics().map(|metric| metric.scope().name().to_owned()).collect();
    assert_eq!(scopes, ["shop", "bridge", "bridge"]);
    assert_eq!(setup.told.take(), []);
}

#[test]
fn n2_a_collection_says_what_is_missing_and_has_the_rest() {
    let outcome: Arc<Mutex<Result<Produced, ProduceError>>> =
        Arc::new(Mutex::new(Err(ProduceError::Timeout)));
    let answer = outcome.clone();
    let broken = bridge(move |_| answer.lock().unwrap().clone());
    let whole = bridge(|request| Ok(gauges(request, &["whole"]).into()));
    let setup = producing(ManualReader::new(CUMULATIVE).with_producer(broken).with_producer(whole));
    let name = || "bridge".to_owned();
    let part = || {
        let mut produced = Produced::default();
        produced.failures = vec!["host b was silent".to_owned()];
        produced
    };
    for (answer, status, failure) in [
        (
            Err(ProduceError::Timeout),
            CollectStatus::TimedOut,
            CollectFailure::Producer(name(), ProduceError::Timeout),
        ),
        (
            Err(ProduceError::Failed("no route".to_owned())),
            CollectStatus::Failed,
            CollectFailure::Producer(name(), ProduceError::Failed("no route".to_owned())),
        ),
        (
            Ok(part()),
            CollectStatus::Failed,
            CollectFailure::ProducerPart(name(), "host b was silent".to_owned()),
        ),
    ] {
        *outcome.lock().unwrap() = answer;
        for _ in 0..2 {
            let collected = setup.reader.collect_with_status().unwrap();
            assert_eq!((collected.status(), collected.failures.as_slice()), (status, &[failure.clone()][..]));
            assert_eq!(collected.frame.point_count(), 3, "the counter and both gauges");
        }
        assert_eq!(setup.told.take(), [(DiagnosticKind::Producer, failure.to_string())], "told once");
    }
    assert_eq!(setup.provider.counts().producer_failures, 6);
}

#[test]
fn n2_i7_a_collection_tells_of_callbacks_that_panic() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    let callback = |_: &dyn opentelemetry::metrics::AsyncInstrument<u64>| {
        std::panic::resume_unwind(Box::new("broken"));
    };
    let _gauge = meter.u64_observable_gauge("bad").with_callback(callback).build();
    meter.u64_counter("good").build().add(1, &[]);
    let collected = setup.reader.collect_with_status().unwrap();
    assert_eq!(collected.status(), CollectStatus::Failed);
    assert_eq!(collected.failures, [CollectFailure::CallbackPanicked("bad".into(), "broken".to_owned())]);
    assert_eq!(collected.frame.point_count(), 1);
}

#[test]
fn o4_a_producer_that_panics_or_calls_back_costs_only_its_own_metrics() {
    let provider = Arc::new(Mutex::new(None::<wasmeter_api::MeterProvider>));
    let (inside, was_refused) = (provider.clone(), Arc::new(AtomicBool::new(false)));
    let refused = was_refused.clone();
    let reentrant = bridge(move |_| {
        let provider = inside.lock().unwrap().clone().unwrap();
        // Measuring is fine, what would wait for this very collection is refused.
        provider.meter("bridge").u64_counter("calls").build().add(1, &[]);
        refused.store(provider.force_flush(AGES).is_err(), Ordering::SeqCst);
        std::panic::resume_unwind(Box::new("broken"));
    });
    let setup = producing(ManualReader::new(CUMULATIVE).with_producer(reentrant));
    *provider.lock().unwrap() = Some(setup.provider.clone());
    let collected = setup.reader.collect_with_status().unwrap();
    let failure = CollectFailure::Producer("bridge".to_owned(), ProduceError::Panicked("broken".to_owned()));
    assert_eq!(collected.failures, [failure]);
    assert_eq!(collected.frame.point_count(), 1);
    assert!(was_refused.load(Ordering::SeqCst));
    assert_eq!(setup.reader.collect().unwrap().point_count(), 2);
    provider.lock().unwrap().take();
}

/// Drops metrics named `none`, and the series with attributes of the others.
struct Plain;

impl MetricFilter for Plain {
    fn test_metric(&self, metric: MetricStream<'_>) -> MetricFilterResult {
        if metric.name == "none" { MetricFilterResult::Drop } else { MetricFilterResult::AcceptPartial }
    }

    fn test_attributes(&self, _: MetricStream<'_>, attributes: &Attributes) -> AttributesFilterResult {
        if attributes.is_empty() { AttributesFilterResult::Accept } else { AttributesFilterResult::Drop }
    }
}

#[test]
fn n1_o4_o5_the_filter_of_a_reader_is_offered_to_its_producers_and_applied_in_any_case() {
    let was_offered = Arc::new(AtomicBool::new(false));
    let offered = was_offered.clone();
    let heedless = bridge(move |request| {
        offered.store(request.filter.is_some(), Ordering::SeqCst);
        Ok(gauges(request, &["none", "some"]).into())
    });
    let config = ReaderConfig { filter: Some(Arc::new(Plain)), ..ReaderConfig::default() };
    let setup = producing(ManualReader::with_config(config).with_producer(heedless));
    setup.provider.meter("shop").u64_counter("none").build().add(1, &[]);
    setup.provider.meter("shop").u64_counter("counter").build().add(1, &a("1"));
    setup.expect(10, &["counter{} sum+ cum 1 @1..10", "some{} gauge 7 @0..10"]);
    assert!(was_offered.load(Ordering::SeqCst));
}

#[test]
fn n1_o4_a_periodic_reader_exports_what_producers_have_also_alone() {
    let (exporter, exported) = Channel::new(DELTA);
    let has_deadline = Arc::new(AtomicBool::new(false));
    let deadline = has_deadline.clone();
    let producer = bridge(move |request| {
        deadline.store(request.deadline.is_some(), Ordering::SeqCst);
        Ok(gauges(request, &["one"]).into())
    });
    let (builder, time, _) = builder();
    let reader = PeriodicReader::new(exporter, AGES, AGES).with_producer(producer);
    let provider = builder.with_reader(reader).build().unwrap();
    time.set(10);
    provider.force_flush(AGES).unwrap();
    assert_eq!(exported.try_recv().unwrap(), ["one{a=1} gauge 7 @0..10", "one{} gauge 7 @0..10"]);
    assert!(has_deadline.load(Ordering::SeqCst));
}
