//! Random histories: whatever happens in whatever order, every measurement is exported exactly once, to every reader.
//!
//! The oracle knows nothing of routes, slots or baselines. It adds up what was measured, and reads the exported frames
//! as a backend would: cumulative series by start time and value, delta points by their intervals.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasmeter_engine::{Engine, Recorder, Views};
use wasmeter_model::frame::{Frame, NO_RECORDED_VALUE, PointRef};
use wasmeter_model::{
    Aggregation, Attributes, InstrumentKind as Kind, Number, NumberKind, StreamSpec, Temporality,
};

use crate::support::*;

/// A small generator of random numbers (SplitMix64), so that a seed means the same history for ever.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

/// What has come out or is expected to: of each family of streams the sum of values and the count of events.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Total {
    sum: f64,
    count: u64,
}

type Totals = BTreeMap<String, Total>;

/// Views only ever rename by this prefix, so that a stream's family is known from its name.
fn family(name: &str) -> String {
    name.trim_start_matches("renamed.").to_owned()
}

/// One of the Views of the pool.
fn views(which: u64) -> Views {
    let all = |spec: StreamSpec| plugins([every(spec)]);
    let spec = StreamSpec::default;
    match which {
        0 => no_views(),
        1 => all(StreamSpec { attributes: without(&["a"]), ..spec() }),
        2 => all(StreamSpec { attributes: only(&["a"]), ..spec() }),
        3 => plugins([TestView::of(
            |instrument| Ok(Some(vec![named(&format!("renamed.{}", instrument.name))])),
            |_, set| Ok(Some(set.clone())),
        )]),
        4 => plugins([TestView::computing(|set| {
            Some(
                set.iter()
                    .map(|(key, value)| (key, value.as_str().unwrap_or("").len().min(1) as i64))
                    .collect(),
            )
        })]),
        5 => all(StreamSpec { resource: without(&["pid"]), ..spec() }),
        6 => all(StreamSpec { resource: without(&["pid"]), attributes: without(&["a", "b"]), ..spec() }),
        7 => all(StreamSpec { cardinality_limit: std::num::NonZeroU32::new(2), ..spec() }),
        8 => plugins([matching(
            |instrument| instrument.kind == Kind::Histogram,
            StreamSpec {
                aggregation: Aggregation::ExplicitBucketHistogram {
                    boundaries: Some([4.0].into()),
                    record_min_max: true,
                },
                ..spec()
            },
        )]),
        _ => plugins([
            every(StreamSpec { attributes: without(&["b"]), ..spec() }),
            TestView::computing(|set| Some(set.filter(|key| key != "a"))),
        ]),
    }
}

/// A process that exports over OTLP; forked ones share resource and attributes.
struct Writer {
    resource: String,
    start: u64,
    /// The bounds of its histograms, a subset of the `VALUES`' own.
    bounds: &'static [f64],
    /// Total of the counter, and counts of the histogram's buckets, by attribute set.
    totals: BTreeMap<&'static str, (u64, [u64; 4])>,
}

const SETS: [&str; 5] = ["a=1,b=1", "a=1,b=2", "a=2,b=1", "a=2", "b=2"];
const BOUNDS: [&[f64]; 4] = [&[2.0, 4.0, 8.0], &[2.0, 8.0], &[4.0], &[2.0, 4.0]];
/// A value of each bucket.
const VALUES: [u64; 4] = [1, 3, 7, 9];

struct World {
    random: Random,
    now: u64,
    /// Whether writers disagree about bounds. Then no View asks for others: a series is known by its name alone.
    mixed: bool,
    engine: Engine,
    counter: Recorder,
    histogram: Recorder,
    writers: Vec<Writer>,
    expected: Totals,
    readers: [Reader; 2],
}

/// What a backend has seen of one reader.
#[derive(Default)]
struct Reader {
    /// Cumulative series: start, last total; by what identifies them.
    open: BTreeMap<String, (u64, Total)>,
    /// Until when each delta series has been exported.
    until: BTreeMap<String, u64>,
    /// Finished cumulative series, and all delta points.
    closed: Totals,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let mixed = seed % 2 == 1;
        let engine = engine(&[CUMULATIVE, DELTA], views(if mixed { 0 } else { random.below(10) }));
        let record = |kind, name| {
            let instrument = instrument(kind, name, NumberKind::Int);
            engine.instrument(instrument, at(1)).unwrap()
        };
        let (counter, histogram) = (record(Kind::Counter, "counter"), record(Kind::Histogram, "hist"));
        let readers = Default::default();
        let (writers, expected) = (Vec::new(), Totals::new());
        Self { random, now: 1, mixed, engine, counter, histogram, writers, expected, readers }
    }

    fn expect(&mut self, family: &str, sum: u64, count: u64) {
        let total = self.expected.entry(family.to_owned()).or_default();
        total.sum += sum as f64;
        total.count += count;
    }

    fn step(&mut self) {
        self.now += self.random.below(3);
        match self.random.below(20) {
            0..6 => self.record(),
            6..12 => self.export_cumulative(),
            12..14 => self.export_delta(),
            14..16 => self.swap(),
            16 => self.start_or_restart(),
            17..19 => self.collect(0),
            _ => self.collect(1),
        }
    }

    fn record(&mut self) {
        let set = attrs(self.random.pick(&SETS));
        let value = self.random.pick(&VALUES);
        let number = Number::Int(i64::try_from(value).unwrap());
        if self.random.below(2) == 0 {
            self.counter.record(number, &set, at(self.now));
            self.expect("counter", value, 0);
        } else {
            self.histogram.record(number, &set, at(self.now));
            self.expect("hist", value, 1);
        }
    }

    fn start_or_restart(&mut self) {
        self.now += 1;
        let start = self.now - self.random.below(self.now.min(20));
        // Two writers of one identity must differ in their start.
        if self.writers.iter().any(|writer| writer.start == start) {
            return;
        }
        let resource = format!("svc=shop,pid={}", self.random.below(3));
        let bounds = if self.mixed { self.random.pick(&BOUNDS) } else { BOUNDS[0] };
        self.writers.push(Writer { resource, start, bounds, totals: BTreeMap::new() });
    }

    fn export_cumulative(&mut self) {
        if self.writers.is_empty() {
            return self.start_or_restart();
        }
        self.now += 1;
        let at_writer = usize::try_from(self.random.below(self.writers.len() as u64)).unwrap();
        let (set, value) = (self.random.pick(&SETS), self.random.below(10));
        let bucket = usize::try_from(self.random.below(4)).unwrap();
        let reset = self.random.below(12) == 0;
        let Self { writers, now, .. } = self;
        let writer = &mut writers[at_writer];
        let (total, counts) = writer.totals.entry(set).or_default();
        let mut counted = value;
        // A reset is only seen as one where a value shrinks.
        if reset && *total > 0 {
            *total -= 1;
            counted = *total;
        } else {
            *total += value;
        }
        counts[bucket] += 1;
        let sum: u64 = counts.iter().zip(VALUES).map(|(count, value)| count * value).sum();
        let mut merged = vec![0; writer.bounds.len() + 1];
        for (count, value) in counts.iter().zip(VALUES) {
            merged[writer.bounds.partition_point(|bound| *bound < value as f64)] += count;
        }
        let point = Hist {
            attributes: set,
            start: writer.start,
            time: *now,
            sum: Some(sum as f64),
            min: Some(1.0),
            max: Some(9.0),
            bounds: writer.bounds.to_vec(),
            counts: merged,
        };
        let total = Number::Int(i64::try_from(*total).unwrap());
        let frame = Otlp::of(&writer.resource)
            .counter("req", Temporality::Cumulative, &[(set, writer.start, *now, total)])
            .histogram("lat", Temporality::Cumulative, &[point])
            .frame();
        let report = self.engine.ingest(&frame, at(self.now));
        assert_eq!(report.accepted, 2, "{}", report.message());
        self.expect("req", counted, 0);
        self.expect("lat", VALUES[bucket], 1);
    }

    fn export_delta(&mut self) {
        self.now += 1;
        let (set, value) = (self.random.pick(&SETS), self.random.below(10));
        let resource = format!("svc=shop,pid={}", self.random.below(3));
        let points = [(set, self.now - 1, self.now, Number::Double(value as f64 * 0.25))];
        let frame = Otlp::of(&resource).counter("bytes", Temporality::Delta, &points).frame();
        assert_eq!(self.engine.ingest(&frame, at(self.now)).accepted, 1);
        let total = self.expected.entry("bytes".to_owned()).or_default();
        total.sum += value as f64 * 0.25;
    }

    fn swap(&mut self) {
        let which = self.random.below(10);
        let views = views(if self.mixed && which == 8 { 0 } else { which });
        self.now += self.random.below(2);
        let generation = self.engine.swap(views, at(self.now)).unwrap().generation;
        assert!(generation > 1);
    }

    fn collect(&mut self, reader: usize) {
        self.now += 1;
        let frame = self.engine.collect(reader, at(self.now));
        self.readers[reader].read(&frame, self.now, !self.mixed);
        for (family, expected) in &self.expected {
            let found = self.readers[reader].total(family);
            assert_eq!(
                found,
                *expected,
                "{family} of reader {reader} at {} s:\n{}",
                self.now,
                rows(&frame).join("\n")
            );
        }
    }
}

impl Reader {
    fn read(&mut self, frame: &Frame, now: u64, by_bounds: bool) {
        let mut alive = BTreeMap::new();
        for metric in frame.metrics() {
            let family = family(metric.name());
            let resource = set_text(frame.pairs(metric.scope().resource().attributes()));
            // Histograms of other bounds are another stream, even where all names are equal.
            let bounds =
                metric.histograms().find(|row| !row.bounds.is_empty()).map(|row| format!("{:?}", row.bounds));
            let mut points: Vec<(PointRef<'_>, Total)> = Vec::new();
            points.extend(
                metric
                    .numbers()
                    .map(|row| (row.point, Total { sum: row.value.map_or(0.0, Number::as_f64), count: 0 })),
            );
            points.extend(metric.histograms().map(|row| {
                // A single bucket is left out: it says no more than the count.
                assert!(row.counts.is_empty() || row.counts.iter().sum::<u64>() == row.count);
                (row.point, Total { sum: row.sum.unwrap_or(0.0), count: row.count })
            }));
            for (point, total) in points {
                let bounds = bounds.clone().filter(|_| by_bounds).unwrap_or_default();
                let series = format!("{resource}/{}/{bounds}/{}", metric.name(), set_text(point.pairs()));
                let (start, time) = (point.start().0 / 1_000_000_000, point.time().0 / 1_000_000_000);
                assert!(start <= time && time <= now, "{series} @{start}..{time} at {now} s");
                let is_end = point.flags() & NO_RECORDED_VALUE != 0;
                match metric.temporality() {
                    Some(Temporality::Delta) if is_end => {}
                    Some(Temporality::Delta) => {
                        let until = self.until.entry(series.clone()).or_default();
                        assert!(start >= *until, "{series}: {start}..{time} overlaps what ended at {until}");
                        *until = time;
                        self.close(&family, total);
                    }
                    // Ends what was exported under this identity until now.
                    _ if is_end => {
                        let before: Option<(u64, Total)> =
                            alive.remove(&series).or(self.open.remove(&series));
                        self.close(&family, before.expect("an end is of a series that was there").1);
                    }
                    _ => {
                        if let Some((began, before)) = self.open.remove(&series) {
                            assert_eq!(start, began, "{series} keeps its start");
                            assert!(
                                total.sum >= before.sum && total.count >= before.count,
                                "{series} only grows"
                            );
                        }
                        let twice = alive.insert(series.clone(), (start, total));
                        assert_eq!(twice, None, "{series} is exported once");
                    }
                }
            }
        }
        assert!(self.open.is_empty(), "series vanished without an end: {:?}", self.open.keys());
        self.open = alive;
    }

    fn close(&mut self, family: &str, total: Total) {
        let closed = self.closed.entry(family.to_owned()).or_default();
        closed.sum += total.sum;
        closed.count += total.count;
    }

    fn total(&self, wanted: &str) -> Total {
        let mut total = self.closed.get(wanted).copied().unwrap_or_default();
        for (series, (_, open)) in &self.open {
            let name = series.split('/').nth(1).unwrap_or_default();
            if family(name) == wanted {
                total.sum += open.sum;
                total.count += open.count;
            }
        }
        total
    }
}

fn run(seed: u64) {
    let mut world = World::new(seed);
    for _ in 0..120 {
        world.step();
    }
    for reader in [0, 1] {
        world.collect(reader);
        world.collect(reader);
    }
}

#[test]
fn every_measurement_is_exported_exactly_once_through_any_history_of_swaps() {
    // `HISTORY_SEED=17` replays one history.
    let seeds = match std::env::var("HISTORY_SEED") {
        Ok(seed) => seed.parse().map(|seed: u64| seed..seed + 1).unwrap(),
        Err(_) => 0..400,
    };
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| run(seed));
        assert!(outcome.is_ok(), "replay with HISTORY_SEED={seed}");
    }
}

/// Sets that are equal after mapping are one series, whatever order they were given in.
#[test]
fn the_oracle_tells_series_apart_by_their_sorted_attributes() {
    let (one, other): (Attributes, Attributes) = (attrs("a=1,b=2"), attrs("b=2,a=1"));
    assert_eq!(one, other);
    let shared: Arc<str> = "renamed.x".into();
    assert_eq!(family(&shared), "x");
}
