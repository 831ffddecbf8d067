//! Callbacks that are registered with the provider: for several instruments, for such that exist, and not for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;

use opentelemetry::InstrumentationScope;
use opentelemetry::metrics::MeterProvider as _;
use wasmeter_api::{
    DiagnosticKind, ManualReader, MeterConfig, MeterConfigurator, ObservableInstrument,
    ObservableInstruments, Observer, RegisterError, Registration,
};

use crate::support::*;

fn shop() -> InstrumentationScope {
    InstrumentationScope::builder("shop").build()
}

fn register<I: ObservableInstruments>(
    setup: &Setup,
    instruments: I,
    callback: impl Fn(&Observer<'_>, &I) + Send + Sync + 'static,
) -> Registration {
    setup.provider.register_callback(shop(), instruments, callback).unwrap()
}

#[test]
fn b7_b8_b9_one_callback_observes_instruments_of_all_kinds_once_and_at_one_time() {
    let setup = setup(CUMULATIVE);
    let runs = Arc::new(AtomicU64::new(0));
    let counted = runs.clone();
    let requests = ObservableInstrument::<u64>::counter("requests").with_unit("{request}");
    let cpu = ObservableInstrument::<f64>::counter("cpu").with_description("time on a core");
    let queued = ObservableInstrument::<i64>::up_down_counter("queued");
    let held = ObservableInstrument::<f64>::up_down_counter("held");
    let gauges = (
        ObservableInstrument::<u64>::gauge("gauge.u64"),
        [ObservableInstrument::<i64>::gauge("gauge.i64")],
        vec![ObservableInstrument::<f64>::gauge("gauge.f64")],
    );
    register(&setup, (requests, cpu, queued, held, gauges), move |observer, all| {
        let (requests, cpu, queued, held, gauges) = all;
        counted.fetch_add(1, Ordering::SeqCst);
        // From threads of its own too.
        std::thread::scope(|scope| {
            scope.spawn(|| observer.observe(requests, 5, &a("1")));
        });
        observer.observe(requests, u64::MAX, &a("2"));
        observer.observe(cpu, 0.5, &[]);
        observer.observe(queued, -5, &[]);
        observer.observe(held, -0.5, &[]);
        observer.observe(&gauges.0, 7, &[]);
        observer.observe(&gauges.1[0], -7, &[]);
        observer.observe(&gauges.2[0], 7.5, &[]);
    });
    setup.expect(
        10,
        &[
            "requests{a=1} sum+ cum 5 @1..10",
            "requests{a=2} sum+ cum 9223372036854775807 @1..10",
            "cpu{} sum+ cum 0.5 @1..10",
            "queued{} sum cum -5 @1..10",
            "held{} sum cum -0.5 @1..10",
            "gauge.u64{} gauge 7 @0..10",
            "gauge.i64{} gauge -7 @0..10",
            "gauge.f64{} gauge 7.5 @0..10",
        ],
    );
    assert_eq!((runs.load(Ordering::SeqCst), setup.provider.counts().saturated), (1, 1));
    let frame = setup.reader.collect().unwrap();
    let texts = frame.metrics().map(|metric| (metric.name(), metric.unit(), metric.description()));
    let texts: Vec<_> = texts.filter(|(name, ..)| ["requests", "cpu"].contains(name)).collect();
    assert_eq!(texts, [("requests", "{request}", ""), ("cpu", "", "time on a core")]);
    let scopes: Vec<_> = frame.metrics().map(|metric| metric.scope().name().to_owned()).collect();
    assert!(scopes.iter().all(|scope| scope == "shop"));
}

#[test]
fn b6_a_callback_is_given_to_an_instrument_that_exists_and_is_removed_again() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    let _gauge = meter.u64_observable_gauge("gauge").with_callback(|o| o.observe(1, &a("1"))).build();
    let gauge = ObservableInstrument::<u64>::gauge("gauge");
    let held = Arc::new(());
    let holds = held.clone();
    let registration = register(&setup, gauge.clone(), move |observer, gauge| {
        let _ = &holds;
        observer.observe(gauge, 2, &a("2"));
    });
    // One that nobody keeps stays.
    drop(register(&setup, gauge, |observer, gauge| observer.observe(gauge, 3, &a("3"))));
    setup
        .expect(10, &["gauge{a=1} gauge 1 @0..10", "gauge{a=2} gauge 2 @0..10", "gauge{a=3} gauge 3 @0..10"]);
    assert!(registration.unregister());
    assert_eq!(Arc::strong_count(&held), 1);
    setup.expect(20, &["gauge{a=1} gauge 1 @0..20", "gauge{a=3} gauge 3 @0..20"]);
    assert_eq!(setup.told.take(), [], "it is one instrument");
    assert_eq!(setup.provider.counts().engine.instruments, 1);
}

#[test]
fn b6_removing_a_callback_does_not_wait_for_it_and_what_it_observes_does_not_count() {
    let setup = setup(CUMULATIVE);
    let gauge = ObservableInstrument::<u64>::gauge("gauge");
    let ((began, begun), (open, gate)) = (channel(), channel::<()>());
    let gate = std::sync::Mutex::new(gate);
    let registration = register(&setup, gauge, move |observer, gauge| {
        observer.observe(gauge, 1, &[]);
        began.send(()).unwrap();
        gate.lock().unwrap().recv().unwrap();
    });
    std::thread::scope(|scope| {
        let collecting = scope.spawn(|| rows(&setup.reader.collect().unwrap()));
        begun.recv_timeout(AGES).unwrap();
        assert!(registration.unregister());
        open.send(()).unwrap();
        assert_eq!(collecting.join().unwrap(), [] as [&str; 0]);
    });
    let counts = setup.provider.counts();
    assert_eq!((counts.callbacks_late, counts.engine.accepted), (0, 0));
}

#[test]
fn b7_an_instrument_that_was_not_declared_is_not_observed_and_that_is_told() {
    let setup = setup(CUMULATIVE);
    let (declared, other) =
        (ObservableInstrument::<u64>::gauge("declared"), ObservableInstrument::<u64>::gauge("other"));
    register(&setup, declared, move |observer, declared| {
        observer.observe(&other, 1, &[]);
        observer.observe(declared, 2, &[]);
    });
    for secs in [10, 20] {
        setup.expect(secs, &[&format!("declared{{}} gauge 2 @0..{secs}")]);
    }
    assert_eq!(setup.provider.counts().observations_undeclared, 2);
    let told = setup.told.take();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, DiagnosticKind::Callback);
    assert!(told[0].1.starts_with("a callback observes instrument `other`"), "{}", told[0].1);
}

#[test]
fn b6_what_cannot_be_registered_says_why() {
    let setup = setup(CUMULATIVE);
    let none: [ObservableInstrument<u64>; 0] = [];
    let refused = setup.provider.register_callback(shop(), none, |_, _| {}).unwrap_err();
    assert_eq!(refused, RegisterError::NoInstruments);
    let nameless = ObservableInstrument::<u64>::gauge("");
    let refused = setup.provider.register_callback(shop(), nameless, |_, _| {}).unwrap_err();
    assert_eq!(refused.to_string(), "instrument `` cannot be observed: the metric has no name");
    let gauge = ObservableInstrument::<u64>::gauge("gauge");
    let registration = register(&setup, gauge.clone(), |_, _| {});
    setup.provider.shutdown(AGES).unwrap();
    let refused = setup.provider.register_callback(shop(), gauge, |_, _| {}).unwrap_err();
    assert_eq!(refused, RegisterError::AlreadyShutdown);
    assert!(!registration.unregister(), "the shutdown has removed it");
}

#[test]
fn b6_a_callback_of_a_disabled_meter_does_not_run() {
    let configurator = MeterConfigurator::by_name([("shop", MeterConfig::DISABLED)], MeterConfig::ENABLED);
    let delta = ManualReader::new(DELTA);
    let setup =
        setup_with(CUMULATIVE, |builder| builder.with_meter_configurator(configurator).with_reader(&delta));
    let gauge = ObservableInstrument::<u64>::gauge("gauge");
    register(&setup, gauge, |_, _| unreachable!());
    setup.expect(10, &[]);
    setup.provider.update_meter_configurator(MeterConfigurator::default()).unwrap();
    setup.expect(20, &[]);
    assert_eq!(setup.provider.counts().callback_panics, 1);
}
