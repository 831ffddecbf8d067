//! Received sums and histograms of several sources that a View makes one: whatever temporality they come in and go out,
//! with restarts between, what comes out is the union of what the sources counted, each value once.

use proptest::prelude::*;
use wasmeter_model::Temporality;
use wasmeter_model::frame::Frame;
use wasmeter_model::limits::EXPONENTIAL_SIZE_DEFAULT;

use super::exponential::{assert_is_of, counts, finest, is_negative, is_positive, number};
use super::{check, collect_both, exponential_histogram, histogram};
use crate::support::*;

const BOUNDS: [f64; 3] = [-1.0, 0.0, 8.0];
/// The finest scale that each source is able to.
const SCALES: [i32; 3] = [20, 4, 0];

#[derive(Clone, Debug)]
enum Step {
    /// A source exports, these values later than the last time.
    Export(usize, Vec<f64>),
    /// A source starts again.
    Restart(usize),
    Collect,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let source = || 0..SCALES.len();
    let step = prop_oneof![
        6 => (source(), prop::collection::vec(number(), 1..6)).prop_map(|(source, values)| Step::Export(source, values)),
        1 => source().prop_map(Step::Restart),
        2 => Just(Step::Collect),
    ];
    prop::collection::vec(step, 0..30)
}

/// A process that exports over OTLP.
#[derive(Default)]
struct Source {
    start: u64,
    /// Until when it has exported, if it sends deltas.
    until: u64,
    /// All its values, or those of the interval.
    population: Vec<f64>,
}

/// What has been exported over some time.
#[derive(Default)]
struct Union {
    values: Vec<f64>,
    /// The coarsest scale among the points with new values other than 0.
    scale_max: Option<i32>,
}

impl Union {
    fn add(&mut self, values: &[f64], scale: i32) {
        self.values.extend(values);
        if values.iter().any(|value| *value != 0.0) {
            self.scale_max = Some(self.scale_max.map_or(scale, |known| known.min(scale)));
        }
    }
}

fn buckets(values: &[f64], is_mine: fn(f64) -> bool, scale: i32) -> (i32, Vec<u64>) {
    let counts = counts(values, is_mine, scale);
    let (Some((first, _)), Some((last, _))) = (counts.first_key_value(), counts.last_key_value()) else {
        return (0, Vec::new());
    };
    let dense = (*first..=*last).map(|index| counts.get(&index).copied().unwrap_or(0)).collect();
    (i32::try_from(*first).unwrap(), dense)
}

fn explicit(values: &[f64]) -> Vec<u64> {
    let mut counts = vec![0; BOUNDS.len() + 1];
    for value in values {
        counts[BOUNDS.partition_point(|bound| bound < value)] += 1;
    }
    counts
}

impl Source {
    /// The source's request, and the scale of its exponential histogram.
    fn export(&self, pid: usize, temporality: Temporality, now: u64) -> (Frame, i32) {
        let values = self.population.as_slice();
        let start = if temporality == Temporality::Delta { self.until } else { self.start };
        let scale = finest(values, SCALES[pid], EXPONENTIAL_SIZE_DEFAULT);
        let zero = values.iter().filter(|value| **value == 0.0).count() as u64;
        let (positive, negative) = (buckets(values, is_positive, scale), buckets(values, is_negative, scale));
        let histogram = Hist {
            start,
            time: now,
            sum: Some(values.iter().sum()),
            bounds: BOUNDS.to_vec(),
            counts: explicit(values),
            ..Hist::default()
        };
        let frame = Otlp::of(&format!("pid={pid}"))
            .counter("c", temporality, &[("", start, now, int(i64::try_from(values.len()).unwrap()))])
            .histogram("h", temporality, &[histogram])
            .exponential("e", temporality, &[Expo { start, time: now, scale, zero, positive, negative }])
            .frame();
        (frame, scale)
    }
}

/// `magnitude` is that of all values ever: the sums that sources send are rounded to it.
fn assert_shows(frame: &Frame, union: &Union, magnitude: f64) {
    let values = union.values.as_slice();
    let mut totals = frame.metrics().flat_map(|metric| metric.numbers().collect::<Vec<_>>());
    let (total, further) = (totals.next(), totals.next().is_some());
    assert!(!further, "one series: {:?}", rows(frame));
    if values.is_empty() {
        // A series without news may be repeated or left out.
        assert!(total.is_none_or(|total| total.value.unwrap().as_f64() == 0.0), "{:?}", rows(frame));
        return;
    }
    assert_eq!(total.expect("a sum").value, Some(int(i64::try_from(values.len()).unwrap())));
    let found = histogram(frame).expect("a histogram");
    assert_eq!((found.bounds, found.counts), (BOUNDS.as_slice(), explicit(values).as_slice()));
    let sum: f64 = values.iter().sum();
    assert!((found.sum.expect("a sum") - sum).abs() <= magnitude * 1e-12, "sum {sum}: {:?}", rows(frame));
    let found = exponential_histogram(frame).expect("an exponential histogram");
    assert_is_of(&found, values, union.scale_max.unwrap_or(SCALES[0]), EXPONENTIAL_SIZE_DEFAULT);
}

fn run(temporality: Temporality, steps: &[Step]) {
    let engine = engine(&[CUMULATIVE, DELTA], merging(&["pid"]));
    let mut sources: Vec<Source> =
        SCALES.iter().map(|_| Source { start: 1, until: 1, ..Source::default() }).collect();
    let (mut all, mut interval) = (Union::default(), Union::default());
    for (now, step) in (2..).step_by(2).zip(steps.iter().chain([&Step::Collect])) {
        match step {
            Step::Export(pid, values) => {
                let source = &mut sources[*pid];
                source.population.extend(values);
                let (frame, scale) = source.export(*pid, temporality, now);
                let report = engine.ingest(&frame, at(now));
                assert_eq!(report.accepted, 3, "{}", report.message());
                all.add(values, scale);
                interval.add(values, scale);
                if temporality == Temporality::Delta {
                    source.population.clear();
                    source.until = now;
                }
            }
            Step::Restart(pid) => sources[*pid] = Source { start: now, until: now, ..Source::default() },
            Step::Collect => {
                let [cumulative, delta] = collect_both(&engine, now);
                let magnitude = all.values.iter().map(|value| value.abs()).sum();
                assert_shows(&cumulative, &all, magnitude);
                assert_shows(&delta, &interval, magnitude);
                interval = Union::default();
            }
        }
    }
}

#[test]
fn j1_h6_received_totals_become_totals_and_differences_of_the_union() {
    check(200, steps(), |steps| {
        run(Temporality::Cumulative, &steps);
        Ok(())
    });
}

#[test]
fn j1_h6_received_differences_become_totals_and_differences_of_the_union() {
    check(200, steps(), |steps| {
        run(Temporality::Delta, &steps);
        Ok(())
    });
}
