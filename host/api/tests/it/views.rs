//! Views at the start, and others in their place while the program measures.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use wasmeter_api::model::{
    Aggregation, AttributeRule, Attributes, Instrument, InstrumentKind, Pattern, StreamSpec,
};
use wasmeter_api::{
    DiagnosticKind, ManualReader, NativeView, ReaderConfig, SwapError, View, ViewFault, Views,
};

use crate::support::*;

fn named(name: &str) -> StreamSpec {
    StreamSpec { name: Some(name.into()), ..StreamSpec::default() }
}

fn without(key: &str) -> StreamSpec {
    let rule = AttributeRule::Exclude(vec![Pattern::new(key)]);
    StreamSpec { attributes: vec![rule], ..StreamSpec::default() }
}

fn plugins(views: Vec<Arc<dyn View>>) -> Views {
    Views { plugins: views, ..Views::default() }
}

#[test]
fn views_that_stand_alone_give_a_stream_each() {
    let setup = setup_with(CUMULATIVE, |builder| {
        builder
            .with_view(NativeView::new("one", |i| &*i.name == "x", named("one")))
            .with_view(NativeView::new("two", |i| &*i.name == "x", named("two")))
    });
    let meter = setup.provider.meter("shop");
    meter.u64_counter("x").build().add(1, &[]);
    meter.u64_counter("y").build().add(2, &[]);
    setup.expect(10, &["one{} sum+ cum 1 @1..10", "two{} sum+ cum 1 @1..10", "y{} sum+ cum 2 @1..10"]);
}

#[test]
fn plugins_are_laid_over_each_other() {
    let setup = setup_with(CUMULATIVE, |builder| {
        builder.with_plugins(vec![
            NativeView::new("name", |_| true, named("named")),
            NativeView::new("user", |_| true, without("user")),
        ])
    });
    let counter = setup.provider.meter("shop").u64_counter("x").build();
    for user in ["a", "b"] {
        counter.add(1, &[KeyValue::new("user", user), KeyValue::new("route", "/")]);
    }
    setup.expect(10, &["named{route=/} sum+ cum 2 @1..10"]);
}

#[test]
fn a7_a_swap_keeps_what_it_does_not_change() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    let (kept, changed) = (meter.u64_counter("kept").build(), meter.u64_counter("changed").build());
    kept.add(1, &a("1"));
    changed.add(1, &a("1"));
    setup.time.set(5);
    let view = NativeView::new("changed", |i| &*i.name == "changed", without("a"));
    let report = setup.provider.swap_views(plugins(vec![view])).unwrap();
    assert_eq!((report.generation, report.kept, report.started, report.ended), (2, 1, 1, 1));
    setup.time.set(7);
    kept.add(2, &a("1"));
    changed.add(2, &a("2"));
    setup.expect(
        10,
        &[
            "kept{a=1} sum+ cum 3 @1..10",
            "changed{a=1} sum+ cum 1 @1..5",
            "changed{a=1} sum+ cum end @1..10",
            "changed{} sum+ cum 2 @5..10",
        ],
    );
}

/// A View that cannot answer, in one way or the other.
struct Broken {
    panics: bool,
}

impl View for Broken {
    fn name(&self) -> &str {
        "broken"
    }

    fn streams(&self, _: &Instrument) -> Result<Option<Vec<StreamSpec>>, ViewFault> {
        assert!(!self.panics, "no idea");
        Err(ViewFault { view: "broken".into(), reason: "no idea".to_owned() })
    }

    fn map_attributes(&self, _: u32, set: &Attributes) -> Result<Option<Attributes>, ViewFault> {
        Ok(Some(set.clone()))
    }
}

#[test]
fn views_that_cannot_answer_are_not_put_into_service() {
    let setup = setup(CUMULATIVE);
    let counter = setup.provider.meter("shop").u64_counter("x").build();
    counter.add(1, &[]);
    for (panics, reason) in [(false, "no idea"), (true, "panicked: no idea")] {
        let fault = ViewFault { view: "broken".into(), reason: reason.to_owned() };
        let swapped = setup.provider.swap_views(plugins(vec![Arc::new(Broken { panics })]));
        assert_eq!(swapped, Err(SwapError::View(fault)));
    }
    counter.add(1, &[]);
    setup.expect(10, &["x{} sum+ cum 2 @1..10"]);
}

#[test]
fn a_view_that_panics_about_a_new_instrument_is_passed_over_and_told_of() {
    let setup = setup_with(CUMULATIVE, |builder| builder.with_view(Arc::new(Broken { panics: true })));
    setup.provider.meter("shop").u64_counter("x").build().add(1, &[]);
    setup.expect(10, &["x{} sum+ cum 1 @1..10"]);
    assert_eq!(setup.provider.counts().engine.view_faults, 1);
    let expected = "instrument `x`: view `broken`: panicked: no idea; the view is passed over";
    assert_eq!(setup.told.take(), [(DiagnosticKind::Engine, expected.to_owned())]);
}

#[test]
fn a_reader_has_aggregations_and_limits_of_its_own() {
    let aggregation =
        Aggregation::Base2ExponentialBucketHistogram { max_size: 160, max_scale: 20, record_min_max: true };
    let config = ReaderConfig {
        aggregations: [(InstrumentKind::Histogram, aggregation)].into(),
        cardinality_limits: [(InstrumentKind::Counter, 1.try_into().unwrap())].into(),
        ..ReaderConfig::default()
    };
    let other = ManualReader::with_config(config);
    let setup = setup_with(CUMULATIVE, |builder| builder.with_reader(&other));
    let meter = setup.provider.meter("shop");
    meter.f64_histogram("h").with_boundaries(vec![1.0]).build().record(2.0, &[]);
    let counter = meter.u64_counter("c").build();
    counter.add(1, &a("1"));
    counter.add(2, &a("2"));
    setup.expect(
        10,
        &[
            "h{} hist cum n=1 sum=2 [1.0]:[0, 1] @1..10",
            "c{a=1} sum+ cum 1 @1..10",
            "c{a=2} sum+ cum 2 @1..10",
        ],
    );
    assert_eq!(
        rows(&other.collect().unwrap()),
        [
            "c{a=1} sum+ cum 1 @1..10",
            "c{otel.metric.overflow=true} sum+ cum 2 @1..10",
            "h{} expo cum n=1 @1..10",
        ]
    );
}
