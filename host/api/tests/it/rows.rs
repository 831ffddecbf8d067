//! Requirements of the specification that no other test shows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::{InstrumentationScope, KeyValue};
use wasmeter_api::model::{Advisory, AttributeRule, Pattern, StreamSpec};
use wasmeter_api::{
    DiagnosticKind, ManualReader, MeterConfig, MeterConfigurator, MeterProvider, NativeView, PeriodicReader,
    Views,
};

use crate::support::*;

#[test]
fn a2_providers_are_independent_of_each_other() {
    let (one, other) = (setup(CUMULATIVE), setup(DELTA));
    let spec = StreamSpec { name: Some("renamed".into()), ..StreamSpec::default() };
    for (setup, value) in [(&one, 1), (&other, 2)] {
        setup.provider.meter("shop").u64_counter("counter").build().add(value, &[]);
    }
    let view = NativeView::new("rename", |_| true, spec);
    one.provider.swap_views(Views { plugins: vec![view], ..Views::default() }).unwrap();
    other.expect(10, &["counter{} sum+ delta 2 @1..10"]);
    one.provider.shutdown(AGES).unwrap();
    other.provider.meter("shop").u64_counter("counter").build().add(4, &[]);
    other.expect(20, &["counter{} sum+ delta 4 @10..20"]);
}

#[test]
fn a6_what_is_configured_belongs_to_the_provider_and_applies_to_all_its_meters() {
    let (exporter, exported) = Channel::new(DELTA);
    let spec = StreamSpec { name: Some("renamed".into()), ..StreamSpec::default() };
    let view = NativeView::new("rename", |instrument| &*instrument.name == "counter", spec);
    let configurator = MeterConfigurator::by_name([("quiet", MeterConfig::DISABLED)], MeterConfig::ENABLED);
    let setup = setup_with(CUMULATIVE, |builder| {
        builder
            .with_view(view)
            .with_meter_configurator(configurator)
            .with_reader(PeriodicReader::new(exporter, AGES, AGES))
    });
    for meter in ["one", "other", "quiet"] {
        setup.provider.meter(meter).u64_counter("counter").build().add(1, &[]);
    }
    setup.expect(10, &["renamed{} sum+ cum 1 @1..10"; 2]);
    setup.provider.force_flush(AGES).unwrap();
    assert_eq!(exported.try_recv().unwrap(), ["renamed{} sum+ delta 1 @1..10"; 2]);
    let scope = InstrumentationScope::builder("quiet").build();
    assert!(!setup.provider.enabled(&scope, "counter").unwrap().get());
}

#[test]
fn b4_b5_units_and_descriptions_are_taken_as_they_are() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    let (unit, description) = ("{°C}/kBy ".repeat(9), "ü \"\n".repeat(256));
    assert!(unit.len() >= 63 && description.chars().count() >= 1023);
    meter
        .u64_counter("odd")
        .with_unit(unit.clone())
        .with_description(description.clone())
        .build()
        .add(1, &[]);
    // None and the empty one are the same.
    meter.u64_counter("none").build().add(1, &[]);
    meter.u64_counter("none").with_unit("").with_description("").build().add(2, &[]);
    // Their case counts.
    meter.u64_counter("case").with_unit("By").build().add(1, &[]);
    meter.u64_counter("case").with_unit("by").build().add(2, &[]);
    setup.time.set(10);
    let frame = setup.reader.collect().unwrap();
    let mut labels: Vec<_> =
        frame.metrics().map(|metric| (metric.name(), metric.unit(), metric.description())).collect();
    labels.sort();
    assert_eq!(
        labels,
        [("case", "By", ""), ("case", "by", ""), ("none", "", ""), ("odd", &*unit, &*description)]
    );
    assert_eq!(setup.told.kinds(), [DiagnosticKind::Duplicate], "only the two units of one name");
}

#[test]
fn b10_state_is_passed_to_callbacks_by_what_they_capture() {
    let setup = setup(CUMULATIVE);
    let level = Arc::new(AtomicU64::new(3));
    let captured = level.clone();
    let place = String::from("cellar");
    let _gauge = setup
        .provider
        .meter("shop")
        .u64_observable_gauge("level")
        .with_callback(move |observer| {
            observer.observe(captured.load(Ordering::SeqCst), &[KeyValue::new("a", place.clone())]);
        })
        .build();
    setup.expect(10, &["level{a=cellar} gauge 3 @0..10"]);
    level.store(5, Ordering::SeqCst);
    setup.expect(20, &["level{a=cellar} gauge 5 @0..20"]);
}

#[test]
fn b14_advised_attributes_and_boundaries_count_unless_a_view_or_the_instrument_says() {
    let setup = setup(CUMULATIVE);
    let attributes = || Some([Arc::from("a")].into());
    let advisory = Advisory { attributes: attributes(), boundaries: Some([5.0].into()) };
    setup.provider.advise("shop", "Advised", advisory.clone());
    setup.provider.advise("shop", "own", advisory);
    let two = [KeyValue::new("a", "x"), KeyValue::new("b", "y")];
    let meter = setup.provider.meter("shop");
    meter.f64_histogram("advised").build().record(7.0, &two);
    meter.f64_histogram("own").with_boundaries(vec![6.0]).build().record(7.0, &two);
    meter.u64_counter("other").build().add(1, &two);
    setup.provider.meter("bar").u64_counter("advised").build().add(1, &two);
    setup.expect(
        10,
        &[
            "advised{a=x} hist cum n=1 sum=7 [5.0]:[0, 1] @1..10",
            "own{a=x} hist cum n=1 sum=7 [6.0]:[0, 1] @1..10",
            "other{a=x,b=y} sum+ cum 1 @1..10",
            "advised{a=x,b=y} sum+ cum 1 @1..10",
        ],
    );
    // A View wins (conformance row F4).
    let keeps_b = vec![AttributeRule::Include(vec![Pattern::new("b")])];
    let view = NativeView::new("b", |_| true, StreamSpec { attributes: keeps_b, ..StreamSpec::default() });
    let (setup, meter) = {
        let setup = setup_with(CUMULATIVE, |builder| builder.with_view(view));
        setup.provider.advise("shop", "advised", Advisory { attributes: attributes(), boundaries: None });
        let meter = setup.provider.meter("shop");
        (setup, meter)
    };
    meter.u64_counter("advised").build().add(1, &two);
    setup.expect(10, &["advised{b=y} sum+ cum 1 @1..10"]);
}

#[test]
fn b14_c6_advised_boundaries_that_make_no_sense_are_told_and_count_as_none() {
    let setup = setup(CUMULATIVE);
    let advisory = Advisory { boundaries: Some([f64::NAN].into()), attributes: None };
    setup.provider.advise("shop", "h", advisory);
    setup.provider.meter("shop").f64_histogram("h").build().record(1.0, &[]);
    assert!(rows(&setup.reader.collect().unwrap())[0].contains("[0.0, 5.0, 10.0,"));
    assert_eq!(setup.told.kinds(), [DiagnosticKind::Boundaries]);
}

/// Everything a meter can make, with whatever a program may give it.
fn use_all(provider: &MeterProvider) {
    for name in ["fine", "", "9 lives", "ü"] {
        let meter = provider.meter_with_scope(InstrumentationScope::builder(name).build());
        let set = [KeyValue::new("", "x"), KeyValue::new("", f64::NAN)];
        for value in [f64::NAN, f64::INFINITY, -1.0] {
            meter.f64_counter(name).with_unit("ü").build().add(value, &set);
            meter.f64_up_down_counter(name).with_description(name).build().add(value, &set);
            meter.f64_histogram(name).with_boundaries(vec![2.0, value, 1.0]).build().record(value, &set);
            meter.f64_gauge(name).build().record(value, &set);
        }
        meter.u64_counter(name).build().add(u64::MAX, &[]);
        meter.i64_up_down_counter(name).build().add(i64::MIN, &[]);
        meter.u64_histogram(name).build().record(u64::MAX, &[]);
        meter.i64_gauge(name).build().record(-1, &[]);
        let _counter = meter.u64_observable_counter(name).with_callback(|_| panic!("called")).build();
        let _up_down = meter.i64_observable_up_down_counter(name).with_callback(|_| panic!("called")).build();
        let _gauge = meter.f64_observable_gauge(name).with_callback(|_| panic!("called")).build();
    }
}

#[test]
fn b15_a_provider_that_does_nothing_accepts_everything_keeps_nothing_and_says_nothing() {
    // Disabled, and shut down.
    let disabled = MeterConfigurator::by_name([("*", MeterConfig::DISABLED)], MeterConfig::ENABLED);
    let setup = setup_with(CUMULATIVE, |builder| builder.with_meter_configurator(disabled));
    setup.provider.meter("").u64_counter("counter").build().add(1, &[]);
    setup.told.take();
    setup.provider.shutdown(AGES).unwrap();
    use_all(&setup.provider);
    let counts = setup.provider.counts();
    assert_eq!((counts.engine.accepted, counts.engine.instruments, counts.engine.series), (0, 1, 0));
    assert_eq!(setup.told.take(), []);

    // Without readers there is nothing to keep series for, and no callback runs.
    let (builder, _, _) = builder();
    let provider = builder.build().unwrap();
    use_all(&provider);
    provider.force_flush(AGES).unwrap();
    assert_eq!(provider.counts().engine.series, 0);
    provider.shutdown(AGES).unwrap();
}

#[test]
fn o7_exporters_and_readers_of_today_need_not_change_when_there_is_more_to_implement() {
    /// As little as an exporter can be: all but `export` has a default, and what comes later will have one too.
    struct Least;
    impl wasmeter_api::PushExporter for Least {
        fn export(
            &self,
            _: &wasmeter_api::model::frame::Frame,
            _: std::time::Instant,
        ) -> Result<(), wasmeter_api::ExportError> {
            Ok(())
        }
    }
    /// And a View, which may leave everything open.
    struct Nothing;
    impl wasmeter_api::View for Nothing {
        fn name(&self) -> &str {
            "nothing"
        }
        fn streams(
            &self,
            _: &wasmeter_api::model::Instrument,
        ) -> Result<Option<Vec<StreamSpec>>, wasmeter_api::ViewFault> {
            Ok(None)
        }
        fn map_attributes(
            &self,
            _: u32,
            attributes: &wasmeter_api::model::Attributes,
        ) -> Result<Option<wasmeter_api::model::Attributes>, wasmeter_api::ViewFault> {
            Ok(Some(attributes.clone()))
        }
    }
    let reader = ManualReader::with_config(wasmeter_api::ReaderConfig::default());
    let provider = MeterProvider::builder()
        .with_reader(&reader)
        .with_periodic_exporter(Least)
        .with_view(Arc::new(Nothing))
        .build()
        .unwrap();
    provider.meter("shop").u64_counter("counter").build().add(1, &[]);
    assert_eq!(reader.collect().unwrap().point_count(), 1);
    provider.force_flush(AGES).unwrap();
    provider.shutdown(AGES).unwrap();
}
