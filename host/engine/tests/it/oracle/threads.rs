//! Threads that record while others collect and swap: at the end every measurement was exported once, to every reader, and
//! on the way no total falls. Interleavings come from the machine; the seeds decide what is recorded.
//! The other way round, few operations in every interleaving there is, is `src/engine/model.rs`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use wasmeter_engine::{Engine, Recorder};
use wasmeter_model::frame::Frame;
use wasmeter_model::{InstrumentKind as Kind, Number, NumberKind, Temporality};

use super::from_environment;
use crate::history::Random;
use crate::support::*;

const RECORDING: u64 = 3;
const EACH: u64 = 1500;
const SETS: [&str; 4] = ["a=1,b=1", "a=1,b=2", "a=2,b=1", ""];

/// What was recorded, or has been exported: the sum of the counter, that of the up-down-counter, count and sum of the
/// histogram.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Totals {
    counter: i64,
    up_down: i64,
    count: u64,
    sum: i64,
}

impl Totals {
    fn plus(self, other: Self) -> Self {
        Self {
            counter: self.counter + other.counter,
            up_down: self.up_down + other.up_down,
            count: self.count + other.count,
            sum: self.sum + other.sum,
        }
    }
}

fn whole(number: f64) -> i64 {
    assert_eq!(number.fract(), 0.0);
    number as i64
}

/// What a frame says of series that live on, and of those it ends.
fn read(frame: &Frame) -> (Totals, Totals) {
    let (mut live, mut ended) = (Totals::default(), Totals::default());
    for metric in frame.metrics() {
        let ends: Vec<String> = frame
            .metrics()
            .filter(|other| other.name() == metric.name())
            .flat_map(|other| {
                let numbers = other.numbers().map(|row| row.point);
                numbers.chain(other.histograms().map(|row| row.point)).collect::<Vec<_>>()
            })
            .filter(|point| point.is_ended())
            .map(|point| set_text(point.pairs()))
            .collect();
        for row in metric.numbers().filter(|row| !row.point.is_ended()) {
            let value = whole(row.value.map_or(0.0, Number::as_f64));
            let totals = if ends.contains(&set_text(row.point.pairs())) { &mut ended } else { &mut live };
            if metric.monotonic() { totals.counter += value } else { totals.up_down += value }
        }
        for row in metric.histograms().filter(|row| !row.point.is_ended()) {
            let totals = if ends.contains(&set_text(row.point.pairs())) { &mut ended } else { &mut live };
            totals.count += row.count;
            totals.sum += whole(row.sum.unwrap_or_default());
        }
    }
    (live, ended)
}

fn record(random: &mut Random, recorders: &[Recorder; 3], now: u64) -> Totals {
    let set = attrs(random.pick(&SETS));
    let value = i64::try_from(random.below(100)).unwrap();
    let mut totals = Totals::default();
    match random.below(3) {
        0 => {
            recorders[0].record(int(value), &set, at(now));
            totals.counter = value;
        }
        1 => {
            recorders[1].record(int(50 - value), &set, at(now));
            totals.up_down = 50 - value;
        }
        _ => {
            recorders[2].record(int(value), &set, at(now));
            (totals.count, totals.sum) = (1, value);
        }
    }
    totals
}

/// Collects until told to end, and once after that. Gives what a backend has seen in the end.
fn follow(engine: &Engine, reader: usize, preference: Temporality, done: &AtomicBool) -> Totals {
    let mut closed = Totals::default();
    let mut before = Totals::default();
    loop {
        let is_last = done.load(Ordering::Acquire);
        let (live, ended) = read(&engine.collect(reader, at(2)));
        let mut seen;
        if preference == Temporality::Delta {
            closed = closed.plus(live).plus(ended);
            seen = closed;
        } else {
            closed = closed.plus(ended);
            seen = closed.plus(live);
        }
        // A state: what there is now is in the series that live on.
        seen.up_down = live.up_down;
        assert!(
            seen.counter >= before.counter && seen.count >= before.count && seen.sum >= before.sum,
            "reader {reader} saw {before:?}, then {seen:?}"
        );
        before = seen;
        if is_last {
            return seen;
        }
    }
}

fn run(seed: u64) {
    let engine = engine(&[CUMULATIVE, DELTA], no_views());
    let recorders = || {
        [(Kind::Counter, "c"), (Kind::UpDownCounter, "u"), (Kind::Histogram, "h")]
            .map(|(kind, name)| engine.instrument(instrument(kind, name, NumberKind::Int), at(1)).unwrap())
    };
    let (recorded, done) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        let recording: Vec<_> = (0..RECORDING)
            .map(|thread| {
                let recorders = recorders();
                scope.spawn(move || {
                    let mut random = Random(seed * 1000 + thread);
                    (0..EACH).fold(Totals::default(), |all, _| all.plus(record(&mut random, &recorders, 2)))
                })
            })
            .collect();
        let swapping = scope.spawn(|| {
            let mut random = Random(seed);
            let mut swaps = 0;
            while !recorded.load(Ordering::Acquire) || swaps < 3 {
                let views = [no_views(), dropping(&["a"]), dropping(&["a", "b"])];
                let which = usize::try_from(random.below(3)).unwrap();
                engine.swap(views[which].clone(), at(2)).unwrap();
                swaps += 1;
            }
        });
        let following =
            [(0, Temporality::Cumulative), (1, Temporality::Delta)].map(|(reader, preference)| {
                let (engine, done) = (&engine, &done);
                scope.spawn(move || follow(engine, reader, preference, done))
            });
        let expected = recording
            .into_iter()
            .fold(Totals::default(), |all, thread| all.plus(thread.join().expect("it records")));
        recorded.store(true, Ordering::Release);
        swapping.join().expect("it swaps");
        done.store(true, Ordering::Release);
        for (reader, thread) in following.into_iter().enumerate() {
            assert_eq!(thread.join().expect("totals never fall"), expected, "reader {reader}");
        }
    });
}

#[test]
fn a12_totals_are_exact_and_never_fall_while_threads_record_collect_and_swap() {
    let first = from_environment("ORACLE_SEED").unwrap_or(1);
    for seed in first..first + from_environment("ORACLE_RUNS").unwrap_or(8) {
        let outcome = std::panic::catch_unwind(|| run(seed));
        assert!(outcome.is_ok(), "replay with ORACLE_SEED={seed}");
    }
}
