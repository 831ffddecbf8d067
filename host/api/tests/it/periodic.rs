//! Periodic readers: intervals, flushes, failures, and never two exports at once.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry::metrics::MeterProvider as _;
use wasmeter_api::model::frame::Frame;
use wasmeter_api::{DiagnosticKind, Error, ExportError, MeterProvider, PeriodicReader, PushExporter};

use crate::support::*;

#[test]
fn a_reader_exports_at_each_interval_with_the_temporality_of_its_exporter() {
    let (exporter, exported) = Channel::new(DELTA);
    let (builder, _, _) = builder();
    // Shorter than the shortest, which is a millisecond.
    let reader = PeriodicReader::new(exporter, Duration::ZERO, AGES);
    let provider = builder.with_reader(reader).build().unwrap();
    let counter = provider.meter("shop").u64_counter("counter").build();
    counter.add(1, &[]);
    assert_eq!(exported.recv_timeout(AGES).unwrap(), ["counter{} sum+ delta 1 @1..1"]);
    counter.add(2, &[]);
    assert_eq!(exported.recv_timeout(AGES).unwrap(), ["counter{} sum+ delta 2 @1..1"]);
    // Nothing measured, nothing exported: the last export finds nothing new.
    provider.shutdown(AGES).unwrap();
    assert!(exported.try_recv().is_err());
    assert_eq!(provider.counts().exports_succeeded, 2);
}

#[test]
fn a11_n6_a_flush_collects_exports_and_flushes_and_shutdown_does_so_a_last_time() {
    let (exporter, exported) = Channel::new(CUMULATIVE);
    let calls = exporter.calls.clone();
    let (builder, time, _) = builder();
    let provider = builder.with_reader(PeriodicReader::new(exporter, AGES, AGES)).build().unwrap();
    let counter = provider.meter("shop").u64_counter("counter").build();
    let _gauge =
        provider.meter("shop").u64_observable_gauge("gauge").with_callback(|o| o.observe(7, &[])).build();
    counter.add(1, &[]);
    time.set(10);
    provider.force_flush(AGES).unwrap();
    assert_eq!(exported.try_recv().unwrap(), ["counter{} sum+ cum 1 @1..10", "gauge{} gauge 7 @0..10"]);
    counter.add(1, &[]);
    time.set(20);
    provider.shutdown(AGES).unwrap();
    assert_eq!(exported.try_recv().unwrap(), ["counter{} sum+ cum 2 @1..20", "gauge{} gauge 7 @0..20"]);
    assert_eq!(*calls.lock().unwrap(), ["export", "flush", "export", "flush", "shutdown"]);
}

#[test]
fn n5_n6_a_flush_exports_in_full_batches_of_one_collection_and_flushes_the_exporter_once() {
    let (exporter, exported) = Channel::new(DELTA);
    let calls = exporter.calls.clone();
    let (builder, time, _) = builder();
    let reader =
        PeriodicReader::new(exporter, AGES, AGES).with_max_export_batch_size(NonZeroUsize::new(2).unwrap());
    let provider = builder.with_reader(reader).build().unwrap();
    let meter = provider.meter("shop");
    let (first, second) = (meter.u64_counter("first").build(), meter.u64_counter("second").build());
    let measure = || {
        first.add(1, &a("x"));
        second.add(2, &a("x"));
        second.add(3, &a("y"));
    };
    for (secs, expected) in [(10, "1..10"), (20, "10..20")] {
        measure();
        time.set(secs);
        provider.force_flush(AGES).unwrap();
        // The second counter's points are in two batches, and no batch has points of two collections.
        let batches: Vec<Vec<String>> = exported.try_iter().collect();
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(batches[0][0], format!("first{{a=x}} sum+ delta 1 @{expected}"));
        let mut points = [batches[0][1].clone(), batches[1][0].clone()];
        points.sort();
        let row = |set, value| format!("second{{a={set}}} sum+ delta {value} @{expected}");
        assert_eq!(points, [row("x", 2), row("y", 3)]);
    }
    assert_eq!(*calls.lock().unwrap(), ["export", "export", "flush", "export", "export", "flush"]);
    assert_eq!(provider.counts().exports_succeeded, 4);
}

#[test]
fn n5_a_batch_that_fails_does_not_keep_the_others_from_being_exported() {
    let (exporter, exported) = Channel::new(CUMULATIVE);
    let answer = exporter.answer.clone();
    let (builder, _, _) = builder();
    let reader = PeriodicReader::new(exporter, AGES, AGES).with_max_export_batch_size(NonZeroUsize::MIN);
    let provider = builder.with_reader(reader).build().unwrap();
    let meter = provider.meter("shop");
    for name in ["first", "second", "third"] {
        meter.u64_counter(name).build().add(1, &[]);
    }
    let failure = ExportError::Failed("refused".to_owned());
    *answer.lock().unwrap() = Err(failure.clone());
    assert_eq!(provider.force_flush(AGES), Err(Error::Export(failure)));
    assert_eq!(exported.try_iter().count(), 3);
    assert_eq!(provider.counts().exports_failed, 3);
}

#[test]
fn a_failed_export_is_returned_told_and_counted_and_the_reader_goes_on() {
    let (exporter, _exported) = Channel::new(CUMULATIVE);
    let (answer, calls) = (exporter.answer.clone(), exporter.calls.clone());
    let (builder, _, told) = builder();
    let provider = builder.with_reader(PeriodicReader::new(exporter, AGES, AGES)).build().unwrap();
    provider.meter("shop").u64_counter("counter").build().add(1, &[]);
    let failure = ExportError::Failed("refused".to_owned());
    *answer.lock().unwrap() = Err(failure.clone());
    assert_eq!(provider.force_flush(AGES), Err(Error::Export(failure)));
    assert_eq!(*calls.lock().unwrap(), ["export", "flush"]);
    let expected = "reader 0 could not export: the export failed: refused";
    assert_eq!(told.take(), [(DiagnosticKind::Export, expected.to_owned())]);
    *answer.lock().unwrap() = Ok(());
    provider.force_flush(AGES).unwrap();
    let counts = provider.counts();
    assert_eq!((counts.exports_succeeded, counts.exports_failed), (1, 1));
}

struct Panicking;

impl PushExporter for Panicking {
    fn export(&self, _: &Frame, _: Instant) -> Result<(), ExportError> {
        panic!("broken");
    }
}

#[test]
fn an_exporter_that_panics_has_failed_and_the_other_readers_go_on() {
    let (exporter, exported) = Channel::new(CUMULATIVE);
    let (builder, _, _) = builder();
    let provider = builder
        .with_reader(PeriodicReader::new(Panicking, AGES, AGES))
        .with_reader(PeriodicReader::new(Arc::new(exporter), AGES, AGES))
        .build()
        .unwrap();
    provider.meter("shop").u64_counter("counter").build().add(1, &[]);
    for _ in 0..2 {
        let panicked = ExportError::Panicked("broken".to_owned());
        assert_eq!(provider.force_flush(AGES), Err(Error::Export(panicked)));
        assert_eq!(exported.try_recv().unwrap(), ["counter{} sum+ cum 1 @1..1"]);
    }
    let counts = provider.counts();
    assert_eq!((counts.exports_succeeded, counts.exports_failed), (2, 2));
}

/// An exporter that begins when it likes and is done when it is let go.
struct Held {
    began: Mutex<Sender<()>>,
    go_on: Mutex<Receiver<()>>,
}

impl PushExporter for Held {
    fn export(&self, _: &Frame, _: Instant) -> Result<(), ExportError> {
        self.began.lock().unwrap().send(()).unwrap();
        self.go_on.lock().unwrap().recv_timeout(AGES).map_err(|_| ExportError::Timeout)
    }
}

#[test]
fn a10_a11_nobody_waits_longer_than_was_said_and_flushes_that_wait_share_an_export() {
    let ((began, has_begun), (let_go, go_on)) = (channel(), channel());
    let exporter = Held { began: Mutex::new(began), go_on: Mutex::new(go_on) };
    let (builder, _, _) = builder();
    let provider = builder.with_reader(PeriodicReader::new(exporter, AGES, AGES)).build().unwrap();
    provider.meter("shop").u64_counter("counter").build().add(1, &[]);
    assert_eq!(provider.force_flush(Duration::ZERO), Err(Error::Timeout));
    has_begun.recv_timeout(AGES).unwrap();
    for _ in 0..2 {
        assert_eq!(provider.force_flush(Duration::ZERO), Err(Error::Timeout));
    }
    // What is late goes on: the first flush, then one export for the other two.
    let_go.send(()).unwrap();
    has_begun.recv_timeout(AGES).unwrap();
    let_go.send(()).unwrap();
    // If there were one for each, this flush would need a third let go.
    let_go.send(()).unwrap();
    provider.force_flush(AGES).unwrap();
    has_begun.recv_timeout(AGES).unwrap();
    assert_eq!(provider.shutdown(Duration::ZERO), Err(Error::Timeout));
    has_begun.recv_timeout(AGES).unwrap();
    let_go.send(()).unwrap();
    // The thread has ended, and with it the exporter.
    assert_eq!(has_begun.recv_timeout(AGES), Err(RecvTimeoutError::Disconnected));
    assert_eq!(provider.counts().exports_succeeded, 4);
}

/// Notices when it is called while it is called.
struct Alone {
    inside: AtomicBool,
    overlaps: Arc<AtomicU64>,
    exports: Arc<AtomicU64>,
}

impl PushExporter for Alone {
    fn export(&self, _: &Frame, _: Instant) -> Result<(), ExportError> {
        if self.inside.swap(true, Ordering::SeqCst) {
            self.overlaps.fetch_add(1, Ordering::SeqCst);
        }
        thread::yield_now();
        self.inside.store(false, Ordering::SeqCst);
        self.exports.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[test]
fn n4_exports_never_overlap_and_each_flush_exports() {
    let (overlaps, exports) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
    let exporter =
        Alone { inside: AtomicBool::new(false), overlaps: overlaps.clone(), exports: exports.clone() };
    let reader = PeriodicReader::new(exporter, Duration::from_millis(1), AGES);
    let provider = MeterProvider::builder().with_reader(reader).build().unwrap();
    provider.meter("shop").u64_counter("counter").build().add(1, &[]);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let before = exports.load(Ordering::SeqCst);
                    provider.force_flush(AGES).unwrap();
                    assert!(exports.load(Ordering::SeqCst) > before);
                }
            });
        }
    });
    provider.shutdown(AGES).unwrap();
    assert_eq!(overlaps.load(Ordering::SeqCst), 0);
}

/// An exporter that asks for what would wait for it.
struct Meddling {
    provider: Mutex<Option<MeterProvider>>,
    answers: Mutex<Sender<[Result<(), Error>; 2]>>,
}

impl PushExporter for Meddling {
    fn export(&self, _: &Frame, _: Instant) -> Result<(), ExportError> {
        let provider = self.provider.lock().unwrap().take();
        if let Some(provider) = provider {
            let answers = [provider.force_flush(AGES), provider.shutdown(AGES)];
            self.answers.lock().unwrap().send(answers).unwrap();
        }
        Ok(())
    }
}

#[test]
fn an_exporter_that_would_wait_for_itself_is_refused() {
    let (answers, answered) = channel();
    let exporter = Arc::new(Meddling { provider: Mutex::default(), answers: Mutex::new(answers) });
    let (builder, _, _) = builder();
    let provider = builder.with_reader(PeriodicReader::new(exporter.clone(), AGES, AGES)).build().unwrap();
    *exporter.provider.lock().unwrap() = Some(provider.clone());
    provider.meter("shop").u64_counter("counter").build().add(1, &[]);
    provider.force_flush(AGES).unwrap();
    assert_eq!(answered.recv().unwrap(), [Err(Error::Reentrant), Err(Error::Reentrant)]);
    provider.shutdown(AGES).unwrap();
}
