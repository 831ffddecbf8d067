//! Callbacks that hang, panic or re-enter: a collection is done in time, without their series only.
//!
//! What hangs here waits for a gate that the test opens. Where a collection has to give something up, it takes as long as
//! callbacks have; the others have that time too, so it is long enough for a machine with much else to do.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use opentelemetry::metrics::{Meter, MeterProvider as _};
use wasmeter_api::{DiagnosticKind, Error, ManualReader, NativeView, PeriodicReader, Views};

use crate::support::*;

/// How long callbacks have.
const SHORT: Duration = Duration::from_millis(400);

/// What a callback hangs on.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn pass(&self) {
        let (is_open, opened) = &*self.0;
        drop(opened.wait_while(is_open.lock().unwrap(), |is_open| !*is_open).unwrap());
    }

    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

/// A test that fails leaves nothing behind.
struct Opened(Gate);

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.open();
    }
}

fn gauge(meter: &Meter, name: &'static str, value: impl Fn() -> u64 + Send + Sync + 'static) {
    let _gauge = meter.u64_observable_gauge(name).with_callback(move |o| o.observe(value(), &[])).build();
}

fn hanging(timeout: Duration) -> (Setup, Opened, Arc<AtomicU64>) {
    let setup = setup_with(CUMULATIVE, |builder| builder.with_callback_timeout(timeout));
    let (gate, runs) = (Gate::default(), Arc::new(AtomicU64::new(0)));
    let (waits, counted) = (gate.clone(), runs.clone());
    gauge(&setup.provider.meter("shop"), "hanging", move || {
        let run = counted.fetch_add(1, Ordering::SeqCst) + 1;
        waits.pass();
        run
    });
    (setup, Opened(gate), runs)
}

#[test]
fn i3_i4_a_callback_that_hangs_costs_its_own_series_until_it_returns() {
    let (setup, gate, runs) = hanging(SHORT);
    gauge(&setup.provider.meter("shop"), "good", || 7);
    setup.expect(10, &["good{} gauge 7 @0..10"]);
    let counted = |setup: &Setup| {
        let counts = setup.provider.counts();
        (counts.callbacks_late, counts.callbacks_skipped, counts.callback_panics)
    };
    assert_eq!(counted(&setup), (1, 0, 0));
    // Those that follow do not even begin it.
    for secs in [20, 30] {
        setup.expect(secs, &[&format!("good{{}} gauge 7 @0..{secs}")]);
    }
    assert_eq!(counted(&setup), (1, 2, 0));
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    let told = setup.told.take();
    assert_eq!(told.len(), 1);
    let (kind, message) = &told[0];
    assert_eq!(*kind, DiagnosticKind::Callback);
    assert!(message.starts_with("a callback of instrument `hanging` did not return in time"), "{message}");
    // When it returns it is as if nothing had been; what it observed too late is nobody's.
    gate.0.open();
    let returned = (0..).map(|_| rows(&setup.reader.collect().unwrap())).find(|rows| rows.len() == 2);
    assert_eq!(returned.unwrap(), ["good{} gauge 7 @0..30", "hanging{} gauge 2 @0..30"]);
    assert_eq!(counted(&setup).0, 1);
}

#[test]
fn i3_i7_many_that_hang_or_panic_among_many_that_do_not() {
    const CALLBACKS: u64 = 60;
    let setup = setup_with(CUMULATIVE, |builder| builder.with_callback_timeout(3 * SHORT));
    let gate = Opened(Gate::default());
    let meter = setup.provider.meter("shop");
    let mut expected = Vec::new();
    // A fixed pattern that has each order of two and of three of them.
    let fate = |callback: u64| (callback * callback * 7 + callback / 3) % 4;
    for callback in 0..CALLBACKS {
        let gate = gate.0.clone();
        let name = format!("g{callback}");
        if fate(callback) > 1 {
            expected.push(format!("{name}{{}} gauge {callback} @0.."));
        }
        let _gauge = meter
            .u64_observable_gauge(name)
            .with_callback(move |o| {
                o.observe(callback, &[]);
                match fate(callback) {
                    0 => gate.pass(),
                    1 => std::panic::resume_unwind(Box::new("broken")),
                    _ => {}
                }
            })
            .build();
    }
    let count = |wanted| (0..CALLBACKS).filter(|callback| fate(*callback) == wanted).count() as u64;
    let (hang, panic) = (count(0), count(1));
    assert!(hang >= 10 && panic >= 10, "{hang} and {panic}");
    for (turn, secs) in [(1, 10), (2, 20)] {
        let expected: Vec<String> = expected.iter().map(|row| format!("{row}{secs}")).collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        setup.expect(secs, &expected);
        let counts = setup.provider.counts();
        assert_eq!(counts.callback_panics, turn * panic);
        assert_eq!((counts.callbacks_late, counts.callbacks_skipped), (hang, (turn - 1) * hang));
    }
}

#[test]
fn i3_a_reader_waits_for_no_callback_that_another_one_gave_up() {
    let delta = ManualReader::new(DELTA);
    let setup = setup_with(CUMULATIVE, |builder| builder.with_reader(&delta).with_callback_timeout(SHORT));
    let gate = Opened(Gate::default());
    let (waits, (began, begun)) = (gate.0.clone(), channel());
    let meter = setup.provider.meter("shop");
    gauge(&meter, "hanging", move || {
        began.send(()).unwrap();
        waits.pass();
        1
    });
    let counter = meter.u64_counter("counter").build();
    thread::scope(|scope| {
        let collecting = scope.spawn(|| rows(&setup.reader.collect().unwrap()));
        begun.recv_timeout(AGES).unwrap();
        // While it hangs in the collection of one reader all else goes on: measuring, new instruments, a swap.
        counter.add(1, &a("1"));
        gauge(&meter, "good", || 7);
        let all = NativeView::new("all", |_| true, wasmeter_api::model::StreamSpec::default());
        setup.provider.swap_views(Views { plugins: vec![all], ..Views::default() }).unwrap();
        setup.time.set(5);
        // The other reader has its own time for it; by then it has been given up, or it is now.
        assert_eq!(
            rows(&delta.collect().unwrap()),
            ["counter{a=1} sum+ delta 1 @1..5", "good{} gauge 7 @0..5"]
        );
        // How much of that was in time for the first one depends on the machine.
        assert!(collecting.join().unwrap().iter().all(|row| !row.starts_with("hanging")));
    });
    assert!(begun.try_recv().is_err(), "it was begun a second time");
}

#[test]
fn i3_a_periodic_reader_exports_what_the_other_callbacks_say_and_shuts_down_in_time() {
    let (exporter, exported) = Channel::new(CUMULATIVE);
    let (builder, time, _) = builder();
    let reader = PeriodicReader::new(exporter, AGES, 2 * SHORT);
    let provider = builder.with_reader(reader).with_callback_timeout(AGES).build().unwrap();
    let gate = Opened(Gate::default());
    let waits = gate.0.clone();
    let meter = provider.meter("shop");
    gauge(&meter, "hanging", move || {
        waits.pass();
        1
    });
    gauge(&meter, "good", || 7);
    time.set(10);
    // Callbacks have half of the reader's time, so the export is not late.
    provider.force_flush(AGES).unwrap();
    assert_eq!(exported.recv_timeout(AGES).unwrap(), ["good{} gauge 7 @0..10"]);
    time.set(20);
    provider.shutdown(AGES).unwrap();
    assert_eq!(exported.recv_timeout(AGES).unwrap(), ["good{} gauge 7 @0..20"]);
    let counts = provider.counts();
    assert_eq!((counts.callbacks_late, counts.callbacks_skipped, counts.exports_failed), (1, 1, 0));
}

#[test]
fn i3_a_provider_that_is_dropped_leaves_nothing_but_the_thread_that_hangs() {
    struct Signal(std::sync::mpsc::Sender<()>);
    impl Drop for Signal {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
        }
    }
    let all = NativeView::new("all", |_| true, wasmeter_api::model::StreamSpec::default());
    let view = all.clone();
    let setup = setup_with(CUMULATIVE, |builder| builder.with_callback_timeout(SHORT).with_view(view));
    let gate = Opened(Gate::default());
    let (dropped, drops) = channel();
    let (waits, signal) = (gate.0.clone(), Signal(dropped));
    gauge(&setup.provider.meter("shop"), "hanging", move || {
        let _ = &signal;
        waits.pass();
        1
    });
    setup.expect(10, &[]);
    assert!(Arc::strong_count(&all) > 1);
    drop(setup);
    // The engine is gone, with its Views; the callback is not, as it runs.
    assert_eq!(Arc::strong_count(&all), 1);
    assert!(drops.try_recv().is_err());
    gate.0.open();
    drops.recv_timeout(AGES).unwrap();
}

#[test]
fn i4_all_callbacks_of_an_instrument_end_before_one_begins_for_the_next_collection() {
    let delta = ManualReader::new(DELTA);
    let setup = setup_with(CUMULATIVE, |builder| builder.with_reader(&delta));
    // Which collection the instrument is observed for: callbacks of one may run together, of two they may not.
    let (begun, overlapped) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let meter = setup.provider.meter("shop");
    let mut builder = meter.u64_observable_gauge("gauge");
    for callback in ["1", "2"] {
        let (begun, overlapped) = (begun.clone(), overlapped.clone());
        let running = AtomicBool::new(false);
        builder = builder.with_callback(move |o| {
            overlapped.fetch_or(running.swap(true, Ordering::SeqCst), Ordering::SeqCst);
            begun.fetch_add(1, Ordering::SeqCst);
            thread::yield_now();
            o.observe(1, &a(callback));
            running.store(false, Ordering::SeqCst);
        });
    }
    let _gauge = builder.build();
    thread::scope(|scope| {
        for reader in [&setup.reader, &delta] {
            scope.spawn(move || {
                for _ in 0..100 {
                    assert_eq!(rows(&reader.collect().unwrap()).len(), 2);
                }
            });
        }
    });
    assert!(!overlapped.load(Ordering::SeqCst));
    assert_eq!(begun.load(Ordering::SeqCst), 400);
}

#[test]
fn i1_collections_of_one_reader_at_the_same_time_take_totals_in_order() {
    let setup = setup(DELTA);
    let total = Arc::new(AtomicU64::new(0));
    let read = total.clone();
    let _counter = setup
        .provider
        .meter("shop")
        .u64_observable_counter("counter")
        .with_callback(move |o| o.observe(read.fetch_add(1, Ordering::SeqCst) + 1, &[]))
        .build();
    let value = |rows: Vec<String>| rows[0].split(' ').nth(3).unwrap().parse::<u64>().unwrap();
    let sum: u64 = thread::scope(|scope| {
        let collect = || (0..100).map(|_| value(rows(&setup.reader.collect().unwrap()))).sum::<u64>();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(collect)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    // A collection that overtook another one would see a total fall, and count it all again.
    assert_eq!((sum, total.load(Ordering::SeqCst)), (400, 400));
}

#[test]
fn b10_callbacks_have_the_state_they_were_given_and_threads_of_the_provider() {
    let setup = setup(CUMULATIVE);
    let (seen, threads) = channel();
    let depth = Arc::new(AtomicU64::new(3));
    for name in ["first", "second"] {
        let (seen, depth) = (seen.clone(), depth.clone());
        gauge(&setup.provider.meter("shop"), name, move || {
            seen.send(thread::current()).unwrap();
            depth.load(Ordering::SeqCst)
        });
    }
    setup.expect(10, &["first{} gauge 3 @0..10", "second{} gauge 3 @0..10"]);
    depth.store(4, Ordering::SeqCst);
    setup.expect(20, &["first{} gauge 4 @0..20", "second{} gauge 4 @0..20"]);
    let threads: Vec<_> = threads.try_iter().collect();
    assert_eq!(threads.len(), 4);
    assert!(threads.iter().all(|thread| thread.name() == Some("wasmeter-callbacks")));
}

#[test]
fn b9_i8_a_collection_is_as_of_when_its_callbacks_were_done() {
    let setup = setup(CUMULATIVE);
    let meter = setup.provider.meter("shop");
    let (time, inner) = (setup.time.clone(), meter.clone());
    gauge(&meter, "slow", move || {
        // It takes five seconds, in which other things happen.
        time.set(15);
        inner.u64_counter("counter").build().add(1, &[]);
        7
    });
    // Were it as of when it began, the counter would have started after it.
    setup.expect(10, &["counter{} sum+ cum 1 @15..15", "slow{} gauge 7 @0..15"]);
}

#[test]
fn i8_a_callback_may_swap_views_but_neither_collect_nor_flush() {
    let setup = setup(CUMULATIVE);
    let (sender, receiver) = channel();
    let (provider, reader) = (setup.provider.clone(), setup.reader.clone());
    gauge(&setup.provider.meter("shop"), "gauge", move || {
        let report = provider.swap_views(Views::default()).unwrap();
        assert_eq!(report.kept, 0);
        let rest = [reader.collect().map(|_| ()), provider.force_flush(AGES), provider.shutdown(AGES)];
        sender.send(rest).unwrap();
        report.generation
    });
    setup.expect(10, &["gauge{} gauge 2 @0..10"]);
    let refused = Err(Error::Reentrant);
    assert_eq!(receiver.recv().unwrap(), [refused.clone(), refused.clone(), refused]);
    // None of it has done anything.
    setup.provider.shutdown(AGES).unwrap();
}
