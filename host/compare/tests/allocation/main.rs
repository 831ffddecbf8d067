//! A measurement with a known series allocates nothing. A program of its own, so that no other test shares its threads'
//! caches.

mod received;

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use wasmeter_api::model::StreamSpec;
use wasmeter_api::{ManualReader, Measurement, MeterProvider, NativeView, Reservoir};
use wasmeter_compare::allocation::allocations_of;
use wasmeter_compare::{Aggregation, Setup, Side, ViewSpec};

/// Static strings.
fn set(attributes: usize) -> Vec<KeyValue> {
    const KEYS: [&str; 7] = ["route", "method", "tier", "server", "scheme", "version", "region"];
    KEYS.iter().take(attributes).map(|key| KeyValue::new(*key, "a value")).collect()
}

/// The same, as strings of the program's own.
fn owned(attributes: usize) -> Vec<KeyValue> {
    set(attributes)
        .into_iter()
        .map(|pair| KeyValue::new(pair.key.to_string(), pair.value.to_string()))
        .collect()
}

fn view(aggregation: Option<Aggregation>, keep: Option<&'static [&'static str]>) -> Setup {
    Setup::with_view(ViewSpec { instrument: "measured", keep, aggregation })
}

/// Asserts that `measure` allocates nothing once it has been done a few times since the last collection. The few times are for
/// exponential histograms, which find their range anew then.
#[track_caller]
fn check(engine: &dyn wasmeter_compare::Engine, mut measure: impl FnMut()) {
    for _ in 0..3 {
        (0..100).for_each(|_| measure());
        engine.collect(0).unwrap();
    }
    (0..10).for_each(|_| measure());
    assert_eq!(allocations_of(|| (0..1000).for_each(|_| measure())), 0);
    assert!(!engine.collect(0).unwrap().is_empty());
}

#[test]
fn counters_do_not_allocate() {
    for attributes in [set(0), set(3), set(7), owned(3), owned(7)] {
        let engine = Side::Ours.build(&Setup::default());
        let counter = engine.meter().u64_counter("measured").build();
        check(engine.as_ref(), || counter.add(1, &attributes));
        let engine = Side::Ours.build(&Setup::default());
        let counter = engine.meter().f64_up_down_counter("measured").build();
        check(engine.as_ref(), || counter.add(0.5, &attributes));
    }
}

#[test]
fn gauges_do_not_allocate() {
    for attributes in [set(0), set(3), owned(3)] {
        let engine = Side::Ours.build(&Setup::default());
        let gauge = engine.meter().i64_gauge("measured").build();
        check(engine.as_ref(), || gauge.record(-7, &attributes));
    }
}

#[test]
fn histograms_do_not_allocate() {
    for setup in [Setup::default(), view(Some(Aggregation::Exponential), None)] {
        for attributes in [set(0), set(3), set(7), owned(3)] {
            let engine = Side::Ours.build(&setup);
            let histogram = engine.meter().f64_histogram("measured").build();
            let mut values = [0.0, 0.25, 3.0, 70.0, 900.0, 12_000.0].into_iter().cycle();
            check(engine.as_ref(), || histogram.record(values.next().unwrap(), &attributes));
        }
    }
}

#[test]
fn views_do_not_allocate() {
    for setup in [
        view(None, Some(&["route"])),
        view(Some(Aggregation::Histogram), Some(&["route", "tier"])),
        view(None, Some(&[])),
    ] {
        let engine = Side::Ours.build(&setup);
        let counter = engine.meter().u64_counter("measured").build();
        let attributes = set(3);
        check(engine.as_ref(), || counter.add(1, &attributes));
    }
}

#[test]
fn the_overflow_series_does_not_allocate() {
    let engine = Side::Ours.build(&Setup::default());
    let counter = engine.meter().u64_counter("measured").build();
    let sets: Vec<_> =
        (0..2010).map(|number| [KeyValue::new("number", number), KeyValue::new("a", "b")]).collect();
    sets.iter().for_each(|set| counter.add(1, set));
    let beyond = sets.last().unwrap();
    check(engine.as_ref(), || counter.add(1, beyond));
}

#[test]
fn bound_instruments_do_not_allocate() {
    for attributes in [set(0), set(3)] {
        let engine = Side::Ours.build(&Setup::default());
        let counter = engine.meter().u64_counter("measured").build().bind(&attributes);
        check(engine.as_ref(), || counter.add(1));
        let engine = Side::Ours.build(&Setup::default());
        let histogram = engine.meter().f64_histogram("measured").build().bind(&attributes);
        check(engine.as_ref(), || histogram.record(3.0));
    }
}

/// Counts what it is offered, and keeps nothing.
#[derive(Default)]
struct Nothing(usize);

impl Reservoir for Nothing {
    fn offer(&mut self, measurement: &Measurement) {
        self.0 += measurement.attributes.len();
    }

    fn collect(&mut self, _: &mut dyn FnMut(Measurement)) {
        assert!(self.0 > 0, "it was offered something");
    }
}

/// In a span that is sampled, each measurement is offered to the reservoir of its series.
#[test]
fn measurements_that_might_become_exemplars_do_not_allocate() {
    let span =
        SpanContext::new(TraceId::from(1), SpanId::from(2), TraceFlags::SAMPLED, false, TraceState::NONE);
    let _current = Context::new().with_remote_span_context(span).attach();
    let of_its_own = NativeView::with_reservoirs(
        "nothing",
        |_| true,
        StreamSpec::default(),
        |_| Box::<Nothing>::default(),
    );
    let usual = NativeView::new("usual", |_| true, StreamSpec::default());
    for view in [of_its_own, usual] {
        for attributes in [set(3), owned(3)] {
            let reader = ManualReader::new(wasmeter_api::model::TemporalityPreference::Cumulative);
            let provider =
                MeterProvider::builder().with_reader(&reader).with_view(view.clone()).build().unwrap();
            let meter = provider.meter("shop");
            let counter = meter.u64_counter("counter").build();
            let histogram = meter.f64_histogram("histogram").build();
            let measure = || {
                counter.add(1, &attributes);
                histogram.record(3.0, &attributes);
            };
            (0..100).for_each(|_| measure());
            assert_eq!(allocations_of(|| (0..1000).for_each(|_| measure())), 0);
            assert_eq!(reader.collect().unwrap().point_count(), 2);
        }
    }
}
