//! The end of a provider: once, orderly, and quiet afterwards.

use std::sync::Arc;

use opentelemetry::metrics::MeterProvider as _;
use wasmeter_api::{BuildError, Error, ManualReader, MeterProvider, PeriodicReader, SwapError, Views};

use crate::support::*;

#[test]
fn a10_n7_after_shutdown_all_is_silent_and_says_so() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    let counter = meter.u64_counter("counter").build();
    counter.add(1, &[]);
    setup.provider.force_flush(AGES).unwrap();
    setup.provider.shutdown(AGES).unwrap();
    assert_eq!(setup.provider.shutdown(AGES), Err(Error::AlreadyShutdown));
    assert_eq!(setup.provider.clone().force_flush(AGES), Err(Error::AlreadyShutdown));
    assert_eq!(setup.provider.swap_views(Views::default()), Err(SwapError::AlreadyShutdown));
    assert_eq!(setup.reader.collect().unwrap_err(), Error::AlreadyShutdown);
    counter.add(1, &[]);
    meter.u64_counter("late").build().add(1, &[]);
    setup.provider.meter("late").u64_counter("late").build().add(1, &[]);
    let _gauge = meter.u64_observable_gauge("late").with_callback(|_| unreachable!()).build();
    let counts = setup.provider.counts().engine;
    assert_eq!((counts.accepted, counts.instruments), (1, 1));
}

#[test]
fn shutdown_lets_go_of_the_callbacks() {
    let setup = setup(CUMULATIVE);
    let held = Arc::new(());
    let holds = held.clone();
    let _gauge = setup
        .provider
        .meter("shop")
        .u64_observable_gauge("gauge")
        .with_callback(move |_| drop(holds.clone()))
        .build();
    assert_eq!(Arc::strong_count(&held), 2);
    setup.provider.shutdown(AGES).unwrap();
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn the_last_clone_exports_a_last_time_when_it_is_dropped() {
    let (exporter, exported) = Channel::new(CUMULATIVE);
    let calls = exporter.calls.clone();
    let (builder, time, told) = builder();
    let provider = builder.with_reader(PeriodicReader::new(exporter, AGES, AGES)).build().unwrap();
    let counter = provider.meter("shop").u64_counter("counter").build();
    counter.add(1, &[]);
    time.set(10);
    drop(provider.clone());
    assert!(calls.lock().unwrap().is_empty());
    drop(provider);
    assert_eq!(exported.recv_timeout(AGES).unwrap(), ["counter{} sum+ cum 1 @1..10"]);
    // The drop has waited for the end.
    assert_eq!(*calls.lock().unwrap(), ["export", "flush", "shutdown"]);
    counter.add(1, &[]);
    assert_eq!(told.take(), []);
}

#[test]
fn j6_a_manual_reader_belongs_to_one_provider() {
    let reader = ManualReader::new(CUMULATIVE);
    assert_eq!(reader.collect().unwrap_err(), Error::NotAttached);
    let first = MeterProvider::builder().with_reader(&reader).build().unwrap();
    let second = MeterProvider::builder().with_reader(reader.clone()).build();
    assert!(matches!(second, Err(BuildError::ReaderInUse)));
    assert!(reader.collect().is_ok());
    drop(first);
    assert_eq!(reader.collect().unwrap_err(), Error::AlreadyShutdown);
}

#[test]
fn the_systems_clock_is_the_default() {
    let reader = ManualReader::new(CUMULATIVE);
    let provider = MeterProvider::builder().with_reader(&reader).build().unwrap();
    provider.meter("shop").u64_counter("counter").build().add(1, &[]);
    let frame = reader.collect().unwrap();
    let point = frame.metrics().next().unwrap().numbers().next().unwrap().point;
    assert!(point.start().0 > 1_700_000_000_000_000_000 && point.start() <= point.time());
}
