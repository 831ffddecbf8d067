//! Many threads measure at once, while Views change and readers collect.

use std::thread;

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use wasmeter_api::model::frame::Frame;
use wasmeter_api::model::{Aggregation, InstrumentKind, Number, StreamSpec};
use wasmeter_api::{ManualReader, NativeView, Views};

use crate::support::*;

const THREADS: i64 = 4;
const ROUNDS: i64 = 5_000;

fn sum(frame: &Frame, name: &str) -> i64 {
    let metrics = frame.metrics().filter(|metric| metric.name() == name);
    let values = metrics.flat_map(|metric| metric.numbers()).filter(|row| !row.point.is_ended());
    values.map(|row| if let Some(Number::Int(int)) = row.value { int } else { 0 }).sum()
}

fn count(frame: &Frame) -> u64 {
    frame.metrics().flat_map(|metric| metric.histograms()).map(|row| row.count).sum()
}

#[test]
fn a12_totals_are_exact_while_views_change_and_readers_collect() {
    let delta = ManualReader::new(DELTA);
    let setup = setup_with(CUMULATIVE, |builder| builder.with_reader(&delta));
    let meter = setup.provider.meter("shop");
    let (counter, hist) = (meter.u64_counter("counter").build(), meter.f64_histogram("hist").build());
    let (mut measured, mut recorded) = (0, 0);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (counter, hist) = (&counter, &hist);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let set = [KeyValue::new("thread", number), KeyValue::new("slot", round % 10)];
                    counter.add(1, &set);
                    hist.record(1.0, &set);
                }
            });
        }
        for round in 0..20 {
            // The description changes, so that the Views are others and the series stay.
            let spec =
                StreamSpec { description: Some(format!("round {round}").into()), ..StreamSpec::default() };
            let view = NativeView::new("description", |_| true, spec);
            setup.provider.swap_views(Views { plugins: vec![view], ..Views::default() }).unwrap();
            let frame = delta.collect().unwrap();
            measured += sum(&frame, "counter");
            recorded += count(&frame);
        }
    });
    let last = delta.collect().unwrap();
    assert_eq!(measured + sum(&last, "counter"), THREADS * ROUNDS);
    assert_eq!(recorded + count(&last), u64::try_from(THREADS * ROUNDS).unwrap());
    let frame = setup.reader.collect().unwrap();
    assert_eq!(sum(&frame, "counter"), THREADS * ROUNDS);
    assert_eq!(frame.metrics().find(|metric| metric.name() == "counter").unwrap().description(), "round 19");
    assert_eq!(setup.provider.counts().engine.sources, 2 * 40);
}

#[test]
fn an_instrument_made_by_many_threads_at_once_is_one() {
    let setup = setup(CUMULATIVE);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..100 {
                    setup.provider.meter("shop").u64_counter("counter").build().add(1, &[]);
                }
            });
        }
    });
    setup.expect(10, &["counter{} sum+ cum 400 @1..10"]);
    assert_eq!((setup.provider.counts().engine.instruments, setup.told.take().len()), (1, 0));
}

#[test]
fn views_that_drop_everything_leave_nothing_to_export() {
    let setup = setup_with(CUMULATIVE, |builder| {
        let spec = StreamSpec { aggregation: Aggregation::Drop, ..StreamSpec::default() };
        builder.with_view(NativeView::new("drop", |i| i.kind == InstrumentKind::Counter, spec))
    });
    let meter = setup.provider.meter("shop");
    meter.u64_counter("counter").build().add(1, &[]);
    meter.u64_gauge("gauge").build().record(1, &[]);
    setup.expect(10, &["gauge{} gauge 1 @0..10"]);
}
