//! Many threads record and ingest while one swaps and one collects: at the end nothing is missing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wasmeter_model::frame::NO_RECORDED_VALUE;
use wasmeter_model::limits::Limits;
use wasmeter_model::{Aggregation, InstrumentKind as Kind, Number, StreamSpec, Temporality};

use crate::support::*;

const EACH: u64 = 3000;

/// The sum over a frame's counters, and over its histogram counts.
fn sums(frame: &wasmeter_model::frame::Frame) -> (f64, u64) {
    let alive = |flags: u32| flags & NO_RECORDED_VALUE == 0;
    let (mut sum, mut count) = (0.0, 0);
    for metric in frame.metrics() {
        let points = metric.numbers().filter(|row| alive(row.point.flags()));
        sum += points.map(|row| row.value.map_or(0.0, Number::as_f64)).sum::<f64>();
        count += metric.histograms().map(|row| row.count).sum::<u64>();
    }
    (sum, count)
}

#[test]
fn a12_totals_are_exact_while_views_change_and_readers_collect() {
    // Each thread has a time of its own, and one may run far ahead: that is no silence of the others.
    let limits = Limits { idle_expiry: Duration::MAX, current_expiry: Duration::MAX, ..Limits::default() };
    let engine = engine_with(&[DELTA, CUMULATIVE], no_views(), limits);
    let done = AtomicBool::new(false);
    let (swaps, collected) = std::thread::scope(|scope| {
        let recording: Vec<_> = (0..2)
            .map(|thread: u64| {
                let counter = recorder(&engine, Kind::Counter, "counter");
                let histogram = recorder(&engine, Kind::Histogram, "hist");
                scope.spawn(move || {
                    for turn in 0..EACH {
                        let set = attrs(&format!("a={},b={thread}", turn % 7));
                        counter.record(int(1), &set, at(2 + turn));
                        histogram.record(int(1), &set, at(2 + turn));
                    }
                })
            })
            .collect();
        let ingesting = scope.spawn(|| {
            for turn in 0..EACH {
                let total = int(i64::try_from(turn).unwrap() + 1);
                let frame = Otlp::of("svc=a")
                    .counter("req", Temporality::Cumulative, &[("a=1,b=1", 1, 2 + turn, total)])
                    .frame();
                assert_eq!(engine.ingest(&frame, at(2 + turn)).rejected_points(), 0);
            }
        });
        let swapping = scope.spawn(|| {
            let mut swaps = 0u64;
            while !done.load(Ordering::Relaxed) {
                let views = match swaps % 3 {
                    0 => dropping(&["a"]),
                    1 => dropping(&["b"]),
                    _ => no_views(),
                };
                engine.swap(views, at(2 + swaps)).unwrap();
                swaps += 1;
            }
            swaps
        });
        let collecting = scope.spawn(|| {
            let (mut sum, mut count, mut turn) = (0.0, 0, 0);
            while !done.load(Ordering::Relaxed) {
                let more = sums(&engine.collect(0, at(2 + turn)));
                sum += more.0;
                count += more.1;
                engine.collect(1, at(2 + turn));
                turn += 1;
            }
            (sum, count)
        });
        recording.into_iter().for_each(|thread| thread.join().unwrap());
        ingesting.join().unwrap();
        done.store(true, Ordering::Relaxed);
        (swapping.join().unwrap(), collecting.join().unwrap())
    });
    let rest = sums(&engine.collect(0, at(10_000)));
    assert_eq!((collected.0 + rest.0, collected.1 + rest.1), (3.0 * EACH as f64, 2 * EACH));
    assert!(swaps > 0);
    assert_eq!(engine.counts().accepted, 5 * EACH);
}

#[test]
fn a12_each_measurement_is_in_one_aggregation_or_the_other_while_the_view_changes_it() {
    let engine = engine_with(&[DELTA], no_views(), Limits::default());
    let done = AtomicBool::new(false);
    let mut seen = (0.0, 0);
    std::thread::scope(|scope| {
        let histogram = recorder(&engine, Kind::Histogram, "hist");
        let recording = scope.spawn(move || {
            let set = attrs("a=1");
            (0..100 * EACH).for_each(|_| histogram.record(int(1), &set, at(2)));
        });
        let swapping = scope.spawn(|| {
            let sum = StreamSpec { aggregation: Aggregation::Sum, ..StreamSpec::default() };
            while !done.load(Ordering::Relaxed) {
                engine.swap(plugins([every(sum.clone())]), at(2)).unwrap();
                engine.swap(no_views(), at(2)).unwrap();
            }
        });
        while !recording.is_finished() {
            let more = sums(&engine.collect(0, at(3)));
            seen = (seen.0 + more.0, seen.1 + more.1);
        }
        recording.join().unwrap();
        done.store(true, Ordering::Relaxed);
        swapping.join().unwrap();
    });
    let rest = sums(&engine.collect(0, at(4)));
    let (summed, counted) = (seen.0 + rest.0, seen.1 + rest.1);
    assert_eq!(summed as u64 + counted, 100 * EACH, "{summed} in sums, {counted} in histograms");
    assert_eq!(engine.counts().accepted, 100 * EACH);
}
