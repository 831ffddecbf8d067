//! Meters that are enabled or not, and instruments that say so.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use opentelemetry::InstrumentationScope;
use opentelemetry::metrics::MeterProvider as _;
use wasmeter_api::model::{Aggregation, Scope, StreamSpec};
use wasmeter_api::{
    DiagnosticKind, MeterConfig, MeterConfigurator, MeterProvider, NativeView, SwapError, View, ViewFault,
    Views,
};

use crate::support::*;

/// The Meters a configurator was asked about.
type Asked = Arc<Mutex<Vec<String>>>;

fn only(name: &'static str) -> MeterConfigurator {
    MeterConfigurator::by_name([(name, MeterConfig::ENABLED)], MeterConfig::DISABLED)
}

fn without(name: &'static str) -> MeterConfigurator {
    MeterConfigurator::by_name([(name, MeterConfig::DISABLED)], MeterConfig::ENABLED)
}

#[test]
fn a8_the_configurator_is_asked_about_each_meter_and_again_about_all_when_it_changes() {
    let recording = |asked: &Asked| {
        let asked = asked.clone();
        MeterConfigurator::new(move |scope: &Scope| {
            asked.lock().unwrap().push(format!("{} {}", scope.name, scope.version));
            MeterConfig::default()
        })
    };
    let (first, second) = (Asked::default(), Asked::default());
    let setup = setup_with(CUMULATIVE, |builder| builder.with_meter_configurator(recording(&first)));
    let shop = setup.provider.meter("shop");
    let newer = InstrumentationScope::builder("shop").with_version("2").build();
    let newer = setup.provider.meter_with_scope(newer);
    // The same Meter again, and one that nobody keeps.
    let _same = setup.provider.meter("shop");
    drop(setup.provider.meter("gone"));
    assert_eq!(*first.lock().unwrap(), ["shop ", "shop 2", "gone "]);
    setup.provider.update_meter_configurator(recording(&second)).unwrap();
    let mut asked = std::mem::take(&mut *second.lock().unwrap());
    asked.sort();
    assert_eq!(asked, ["shop ", "shop 2"]);
    assert_eq!(first.lock().unwrap().len(), 3);
    drop((shop, newer));
}

#[test]
fn a8_patterns_name_meters_and_the_first_that_matches_counts() {
    let configurator = MeterConfigurator::by_name(
        [
            ("shop.cart", MeterConfig::ENABLED),
            ("shop.*", MeterConfig::DISABLED),
            ("?", MeterConfig::DISABLED),
        ],
        MeterConfig::ENABLED,
    );
    let setup = setup_with(CUMULATIVE, |builder| builder.with_meter_configurator(configurator));
    for meter in ["shop.cart", "shop.user", "shop", "x"] {
        setup.provider.meter(meter).u64_counter(meter).build().add(1, &[]);
    }
    setup.expect(10, &["shop.cart{} sum+ cum 1 @1..10", "shop{} sum+ cum 1 @1..10"]);
    assert_eq!(setup.provider.counts().engine.accepted, 2);
}

#[test]
fn a9_a_disabled_meter_does_nothing_and_works_again_when_it_is_enabled() {
    let setup = setup(CUMULATIVE);
    let (shop, other) = (setup.provider.meter("shop"), setup.provider.meter("other"));
    let runs = Arc::new(AtomicU64::new(0));
    let run = runs.clone();
    let counter = shop.u64_counter("counter").build();
    let _gauge = shop
        .u64_observable_gauge("gauge")
        .with_callback(move |observer| observer.observe(run.fetch_add(1, Ordering::SeqCst), &[]))
        .build();
    let going_on = other.u64_counter("going.on").build();
    counter.add(1, &[]);
    going_on.add(1, &[]);
    setup.expect(
        10,
        &["counter{} sum+ cum 1 @1..10", "gauge{} gauge 0 @0..10", "going.on{} sum+ cum 1 @1..10"],
    );
    // Its series end as with a swap: with their last value and the flag, then they are gone.
    setup.time.set(20);
    counter.add(2, &[]);
    let report = setup.provider.update_meter_configurator(without("shop")).unwrap();
    assert_eq!((report.kept, report.started, report.ended), (1, 0, 2));
    setup.time.set(25);
    counter.add(4, &[]);
    shop.u64_counter("late").build().add(1, &[]);
    going_on.add(1, &[]);
    setup.expect(
        30,
        &[
            "counter{} sum+ cum 3 @1..20",
            "counter{} sum+ cum end @1..30",
            "gauge{} gauge end @0..30",
            "going.on{} sum+ cum 2 @1..30",
        ],
    );
    setup.expect(50, &["going.on{} sum+ cum 2 @1..50"]);
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    assert_eq!(
        setup.provider.counts().engine.accepted,
        5,
        "what a disabled Meter measures is not even refused"
    );
    // Enabled again, they start anew.
    setup.time.set(60);
    setup.provider.update_meter_configurator(MeterConfigurator::default()).unwrap();
    counter.add(8, &[]);
    setup.expect(
        70,
        &["counter{} sum+ cum 8 @60..70", "gauge{} gauge 1 @0..70", "going.on{} sum+ cum 2 @1..70"],
    );
}

#[test]
fn a8_a9_views_and_configurator_change_independently_of_each_other() {
    let setup = setup_with(CUMULATIVE, |builder| builder.with_meter_configurator(without("shop")));
    let counter = setup.provider.meter("shop").u64_counter("counter").build();
    let other = setup.provider.meter("other").u64_counter("other").build();
    let measure = || [&counter, &other].map(|counter| counter.add(1, &[]));
    let spec = StreamSpec { name: Some("renamed".into()), ..StreamSpec::default() };
    setup
        .provider
        .swap_views(Views { plugins: vec![NativeView::new("v", |_| true, spec)], ..Views::default() })
        .unwrap();
    measure();
    setup.expect(10, &["renamed{} sum+ cum 1 @1..10"]);
    setup.provider.update_meter_configurator(only("shop")).unwrap();
    measure();
    setup.expect(
        20,
        &["renamed{} sum+ cum 1 @1..20", "renamed{} sum+ cum end @1..20", "renamed{} sum+ cum 1 @10..20"],
    );
}

#[test]
fn a_configurator_that_panics_counts_as_the_default_and_is_told() {
    let panicking = MeterConfigurator::new(|_| panic!("broken"));
    let setup = setup_with(CUMULATIVE, |builder| builder.with_meter_configurator(panicking));
    setup.provider.meter("shop").u64_counter("counter").build().add(1, &[]);
    setup.expect(10, &["counter{} sum+ cum 1 @1..10"]);
    let expected = "the meter configurator panicked over meter `shop`: broken; the meter is enabled";
    assert_eq!(setup.told.take(), [(DiagnosticKind::Configurator, expected.to_owned())]);
}

#[test]
fn a_configurator_may_ask_for_meters_and_one_that_swaps_is_refused() {
    let (builder, _, _) = builder();
    let provider = builder.build().unwrap();
    let inside = provider.clone();
    let answer = Arc::new(Mutex::new(None));
    let heard = answer.clone();
    let configurator = MeterConfigurator::new(move |scope| {
        if &*scope.name == "outer" {
            let _meter = inside.meter("inner");
        }
        MeterConfig::default()
    });
    provider.update_meter_configurator(configurator).unwrap();
    let outer = provider.meter("outer");
    outer.u64_counter("counter").build().add(1, &[]);
    // A View that swaps would wait for itself.
    struct Swapping(MeterProvider, Arc<Mutex<Option<SwapError>>>);
    impl View for Swapping {
        fn name(&self) -> &str {
            "swapping"
        }
        fn streams(&self, _: &wasmeter_api::model::Instrument) -> Result<Option<Vec<StreamSpec>>, ViewFault> {
            *self.1.lock().unwrap() = self.0.swap_views(Views::default()).err();
            Ok(None)
        }
        fn map_attributes(
            &self,
            _: u32,
            _: &wasmeter_api::model::Attributes,
        ) -> Result<Option<wasmeter_api::model::Attributes>, ViewFault> {
            Ok(None)
        }
    }
    let view = Arc::new(Swapping(provider.clone(), heard));
    provider.swap_views(Views { plugins: vec![view], ..Views::default() }).unwrap();
    assert_eq!(answer.lock().unwrap().take(), Some(SwapError::Reentrant));
    provider.shutdown(AGES).unwrap();
    assert_eq!(
        provider.update_meter_configurator(MeterConfigurator::default()),
        Err(SwapError::AlreadyShutdown)
    );
}

/// Cannot answer about an instrument of this name.
struct Faulty;

impl View for Faulty {
    fn name(&self) -> &str {
        "faulty"
    }

    fn streams(&self, _: &wasmeter_api::model::Instrument) -> Result<Option<Vec<StreamSpec>>, ViewFault> {
        Err(ViewFault { view: self.name().into(), reason: "out of order".to_owned() })
    }

    fn map_attributes(
        &self,
        _: u32,
        attributes: &wasmeter_api::model::Attributes,
    ) -> Result<Option<wasmeter_api::model::Attributes>, ViewFault> {
        Ok(Some(attributes.clone()))
    }
}

#[test]
fn a_view_that_cannot_answer_leaves_the_configurator_from_before() {
    let setup = setup_with(CUMULATIVE, |builder| builder.with_plugins(vec![Arc::new(Faulty)]));
    let counter = setup.provider.meter("shop").u64_counter("counter").build();
    let _other = setup.provider.meter("other").u64_counter("other").build();
    let refused = setup.provider.update_meter_configurator(without("shop"));
    assert!(matches!(refused, Err(SwapError::View(_))), "{refused:?}");
    counter.add(1, &[]);
    setup.provider.meter("shop").u64_counter("later").build().add(1, &[]);
    setup.expect(10, &["counter{} sum+ cum 1 @1..10", "later{} sum+ cum 1 @1..10"]);
    // Of what is disabled no View is asked.
    setup.provider.update_meter_configurator(only("none")).unwrap();
}

#[test]
fn b11_an_instrument_tells_whether_measuring_has_any_effect() {
    let drop_all = || {
        let spec = StreamSpec { aggregation: Aggregation::Drop, ..StreamSpec::default() };
        Views { plugins: vec![NativeView::new("drop", |_| true, spec)], ..Views::default() }
    };
    let setup = setup(CUMULATIVE);
    let scope = InstrumentationScope::builder("shop").build();
    let provider = &setup.provider;
    assert!(provider.enabled(&scope, "counter").is_none());
    let _counter = provider.meter("shop").u64_counter("Counter").build();
    let enabled = provider.enabled(&scope, "counter").unwrap();
    assert!(provider.enabled(&InstrumentationScope::builder("other").build(), "counter").is_none());
    assert!(enabled.get());
    provider.swap_views(drop_all()).unwrap();
    assert!(!enabled.get());
    provider.swap_views(Views::default()).unwrap();
    assert!(enabled.get());
    provider.update_meter_configurator(without("shop")).unwrap();
    assert!(!enabled.get());
    provider.update_meter_configurator(without("other")).unwrap();
    assert!(enabled.get());
    provider.shutdown(AGES).unwrap();
    assert!(!enabled.get());
    // Nobody reads.
    let provider = MeterProvider::builder().build().unwrap();
    let _gauge = provider.meter("shop").u64_gauge("gauge").build();
    assert!(!provider.enabled(&scope, "gauge").unwrap().get());
}
