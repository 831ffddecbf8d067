//! Recorded instruments of every kind under Views that change: what each reader exports, series by series.
//!
//! The model keeps what was measured by the attribute set it was measured with, and tells a series by name and set behind
//! the View in service. A sum or histogram counts what was recorded while the series was there; an up-down-counter or gauge
//! is what its sets say now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use wasmeter_engine::{Engine, Recorder, Views};
use wasmeter_model::frame::{Frame, PointRef};
use wasmeter_model::limits::BOUNDARIES_DEFAULT;
use wasmeter_model::{InstrumentKind as Kind, Number, NumberKind, Temporality};

use super::check;
use crate::support::*;

const SETS: [&str; 5] = ["a=1,b=1", "a=1,b=2", "a=2,b=1", "a=2", ""];
const READERS: [wasmeter_model::TemporalityPreference; 3] = [CUMULATIVE, DELTA, LOW_MEMORY];

const INSTRUMENTS: [(&str, Kind, NumberKind); 12] = [
    ("counter.int", Kind::Counter, NumberKind::Int),
    ("counter.double", Kind::Counter, NumberKind::Double),
    ("up_down.int", Kind::UpDownCounter, NumberKind::Int),
    ("up_down.double", Kind::UpDownCounter, NumberKind::Double),
    ("histogram.int", Kind::Histogram, NumberKind::Int),
    ("histogram.double", Kind::Histogram, NumberKind::Double),
    ("gauge.int", Kind::Gauge, NumberKind::Int),
    ("gauge.double", Kind::Gauge, NumberKind::Double),
    ("observed_counter.int", Kind::ObservableCounter, NumberKind::Int),
    ("observed_counter.double", Kind::ObservableCounter, NumberKind::Double),
    ("observed_up_down.int", Kind::ObservableUpDownCounter, NumberKind::Int),
    ("observed_gauge.double", Kind::ObservableGauge, NumberKind::Double),
];

#[derive(Clone, Debug)]
enum Step {
    /// Records the value with a set; of an observable instrument it is what the callback reports from now on.
    Record(usize, usize, i64),
    /// The callback does not report the set any more.
    Forget(usize, usize),
    Collect(usize),
    Swap(View),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum View {
    None,
    WithoutA,
    WithoutB,
    WithoutBoth,
    Renamed,
}

impl View {
    fn views(self) -> Views {
        match self {
            Self::None => no_views(),
            Self::WithoutA => dropping(&["a"]),
            Self::WithoutB => dropping(&["b"]),
            Self::WithoutBoth => dropping(&["a", "b"]),
            Self::Renamed => plugins([TestView::of(
                |instrument| Ok(Some(vec![named(&format!("renamed.{}", instrument.name))])),
                |_, set| Ok(Some(set.clone())),
            )]),
        }
    }

    /// The series that a set's measurements belong to.
    fn series(self, name: &str, set: &str) -> String {
        let removed: &[&str] = match self {
            Self::None | Self::Renamed => &[],
            Self::WithoutA => &["a="],
            Self::WithoutB => &["b="],
            Self::WithoutBoth => &["a=", "b="],
        };
        let kept: Vec<&str> =
            set.split(',').filter(|pair| !removed.iter().any(|key| pair.starts_with(key))).collect();
        let prefix = if self == Self::Renamed { "renamed." } else { "" };
        format!("{prefix}{name}{{{}}}", kept.join(","))
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let view = prop::sample::select(vec![
        View::None,
        View::WithoutA,
        View::WithoutB,
        View::WithoutBoth,
        View::Renamed,
    ]);
    let step = prop_oneof![
        16 => (0..INSTRUMENTS.len(), 0..SETS.len(), -80..80_i64)
            .prop_map(|(instrument, set, value)| Step::Record(instrument, set, value)),
        1 => (8..INSTRUMENTS.len(), 0..SETS.len()).prop_map(|(instrument, set)| Step::Forget(instrument, set)),
        4 => (0..READERS.len()).prop_map(Step::Collect),
        2 => view.prop_map(Step::Swap),
    ];
    prop::collection::vec(step, 0..80)
}

/// What a series says: a number, or count and sum and buckets of a histogram.
#[derive(Clone, Debug, Default, PartialEq)]
struct Said {
    sum: f64,
    count: u64,
    buckets: Vec<u64>,
}

impl Said {
    fn number(sum: f64) -> Self {
        Self { sum, ..Self::default() }
    }

    fn of(population: &[f64]) -> Self {
        let mut buckets = vec![0; BOUNDARIES_DEFAULT.len() + 1];
        for value in population {
            buckets[BOUNDARIES_DEFAULT.iter().filter(|bound| value > *bound).count()] += 1;
        }
        Self { sum: population.iter().sum(), count: population.len() as u64, buckets }
    }
}

/// What has been measured with one set of one instrument.
#[derive(Clone, Debug, Default)]
struct Measured {
    total: f64,
    /// The last value, and how many measurements there were before it.
    last: Option<(f64, u64)>,
    /// What the callback reports.
    reported: Option<f64>,
    /// What it last reported to each reader.
    before: [Option<f64>; READERS.len()],
}

/// What a reader has of an accumulating series.
#[derive(Clone, Debug, Default)]
struct Accumulated {
    values: Vec<f64>,
    /// False once no set leads to the series any more; then it is exported one more time.
    is_alive: bool,
}

struct World {
    engine: Engine,
    recorders: Vec<Recorder>,
    /// What the callbacks report.
    reported: Arc<Mutex<BTreeMap<(usize, usize), Number>>>,
    view: View,
    /// By instrument and set.
    measured: BTreeMap<(usize, usize), Measured>,
    /// By reader: counters and histograms, by series.
    accumulated: [BTreeMap<String, Accumulated>; READERS.len()],
    events: u64,
}

fn number(instrument: usize, value: i64) -> Number {
    let (_, kind, number) = INSTRUMENTS[instrument];
    let is_total = matches!(kind, Kind::Counter | Kind::ObservableCounter);
    let value = if is_total { value.abs() } else { value };
    match number {
        NumberKind::Int => int(value),
        // Eighths, so that sums are exact.
        NumberKind::Double => double(value as f64 / 8.0),
    }
}

/// The kind of the instrument that a stream is of.
fn kind(stream: &str) -> Kind {
    let name = stream.trim_start_matches("renamed.");
    INSTRUMENTS.iter().find(|(known, ..)| *known == name).unwrap().1
}

fn accumulates(kind: Kind) -> bool {
    matches!(kind, Kind::Counter | Kind::Histogram)
}

fn is_delta(reader: usize, kind: Kind) -> bool {
    match reader {
        1 => matches!(kind, Kind::Counter | Kind::Histogram | Kind::ObservableCounter),
        2 => accumulates(kind),
        _ => false,
    }
}

impl World {
    fn new() -> Self {
        let engine = engine(&READERS, no_views());
        let reported: Arc<Mutex<BTreeMap<(usize, usize), Number>>> = Arc::default();
        let all = INSTRUMENTS.iter().map(|(name, kind, number)| instrument(*kind, name, *number));
        let (observed, recorded): (Vec<_>, Vec<_>) =
            all.partition(|instrument| instrument.kind.is_observable());
        let first = recorded.len();
        let recorders = recorded.into_iter().map(|one| engine.instrument(one, at(1)).unwrap()).collect();
        let reports = reported.clone();
        let callback = move |observer: &mut wasmeter_engine::Observer<'_>| {
            for ((instrument, set), value) in &*reports.lock().unwrap() {
                observer.observe(instrument - first, *value, &attrs(SETS[*set]));
            }
        };
        engine.observe(observed, callback, at(1)).unwrap();
        Self {
            engine,
            recorders,
            reported,
            view: View::None,
            measured: BTreeMap::new(),
            accumulated: Default::default(),
            events: 0,
        }
    }

    fn record(&mut self, instrument: usize, set: usize, value: i64, now: u64) {
        let number = number(instrument, value);
        let (name, kind, _) = INSTRUMENTS[instrument];
        if kind.is_observable() {
            self.reported.lock().unwrap().insert((instrument, set), number);
            self.measured.entry((instrument, set)).or_default().reported = Some(number.as_f64());
            return;
        }
        self.recorders[instrument].record(number, &attrs(SETS[set]), at(now));
        self.events += 1;
        let measured = self.measured.entry((instrument, set)).or_default();
        measured.total += number.as_f64();
        measured.last = Some((number.as_f64(), self.events));
        if accumulates(kind) {
            for reader in &mut self.accumulated {
                let series = reader.entry(self.view.series(name, SETS[set])).or_default();
                series.is_alive = true;
                series.values.push(number.as_f64());
            }
        }
    }

    fn forget(&mut self, instrument: usize, set: usize) {
        self.reported.lock().unwrap().remove(&(instrument, set));
        if let Some(measured) = self.measured.get_mut(&(instrument, set)) {
            measured.reported = None;
        }
    }

    fn swap(&mut self, view: View, now: u64) {
        self.engine.swap(view.views(), at(now)).unwrap();
        self.view = view;
        let led_to: BTreeSet<String> = self.measured.keys().map(|key| self.series(*key)).collect();
        for series in self.accumulated.iter_mut().flatten() {
            // A series that is led to again before it was exported the last time goes on.
            series.1.is_alive = led_to.contains(series.0);
        }
    }

    fn series(&self, (instrument, set): (usize, usize)) -> String {
        self.view.series(INSTRUMENTS[instrument].0, SETS[set])
    }

    /// What the reader must be told, and takes note that it was.
    fn expected(&mut self, reader: usize) -> BTreeMap<String, Said> {
        let mut expected = BTreeMap::new();
        self.accumulated[reader].retain(|series, accumulated| {
            let kind = kind(series.split('{').next().unwrap());
            let said = match kind {
                Kind::Histogram => Said::of(&accumulated.values),
                _ => Said::number(accumulated.values.iter().sum()),
            };
            if !accumulated.values.is_empty() {
                expected.insert(series.clone(), said);
            }
            if is_delta(reader, kind) {
                accumulated.values.clear();
            }
            accumulated.is_alive
        });
        let mut latest = BTreeMap::<String, u64>::new();
        let keys: Vec<_> = self.measured.keys().copied().collect();
        for key in keys {
            let (series, kind) = (self.series(key), INSTRUMENTS[key.0].1);
            let measured = self.measured.get_mut(&key).unwrap();
            match kind {
                Kind::Counter | Kind::Histogram => {}
                Kind::UpDownCounter => expected.entry(series).or_default().sum += measured.total,
                Kind::Gauge => {
                    let Some((value, order)) = measured.last else { continue };
                    let known = latest.entry(series.clone()).or_default();
                    if order >= *known {
                        *known = order;
                        expected.insert(series, Said::number(value));
                    }
                }
                Kind::ObservableGauge => {
                    // The callback reports in the order of the sets, and of values that meet the last one counts.
                    if let Some(value) = measured.reported {
                        expected.insert(series, Said::number(value));
                    }
                }
                Kind::ObservableCounter | Kind::ObservableUpDownCounter => {
                    let Some(value) = measured.reported else { continue };
                    let said = &mut expected.entry(series).or_default().sum;
                    if is_delta(reader, kind) {
                        // Less than before is a reset.
                        let before = measured.before[reader].filter(|before| *before <= value);
                        *said += value - before.unwrap_or(0.0);
                        measured.before[reader] = Some(value);
                    } else {
                        *said += value;
                    }
                }
            }
        }
        expected
    }

    fn collect(&mut self, reader: usize, now: u64) {
        let frame = self.engine.collect(reader, at(now));
        let expected = self.expected(reader);
        let mut found = said(&frame, reader, now);
        for (series, said) in &expected {
            // A gauge that reports differences may leave out what did not change; nothing else may.
            assert_eq!(
                found.remove(series).as_ref(),
                Some(said),
                "{series} for reader {reader}: {:#?}",
                rows(&frame)
            );
        }
        for (series, said) in found {
            let is_nothing = said.sum == 0.0 && said.count == 0;
            assert!(is_nothing, "{series} says {said:?} to reader {reader}: {:#?}", rows(&frame));
        }
    }
}

/// The series of a frame. Of those that ended, what accumulated until then.
fn said(frame: &Frame, reader: usize, now: u64) -> BTreeMap<String, Said> {
    let mut found = BTreeMap::new();
    for metric in frame.metrics() {
        let kind = kind(metric.name());
        let temporality = if is_delta(reader, kind) { Temporality::Delta } else { Temporality::Cumulative };
        if !matches!(kind, Kind::Gauge | Kind::ObservableGauge) {
            assert_eq!(metric.temporality(), Some(temporality), "{}", metric.name());
        }
        let mut add = |point: PointRef<'_>, said: Said| {
            let has_ended = point.is_ended() || point.time() < at(now) && !accumulates(kind);
            if !has_ended {
                let series = format!("{}{{{}}}", metric.name(), set_text(point.pairs()));
                assert_eq!(found.insert(series.clone(), said), None, "{series} is there once");
            }
        };
        for row in metric.numbers() {
            add(row.point, Said::number(row.value.map_or(0.0, Number::as_f64)));
        }
        for row in metric.histograms() {
            let sum = row.sum.unwrap_or_default();
            add(row.point, Said { sum, count: row.count, buckets: row.counts.to_vec() });
        }
    }
    found
}

#[test]
fn a7_j3_g7_every_series_says_what_was_measured_for_it_whatever_the_views() {
    check(300, steps(), |steps| {
        let mut world = World::new();
        let last = (0..READERS.len()).map(Step::Collect).collect::<Vec<_>>();
        for (now, step) in (2..).zip(steps.iter().chain(&last)) {
            match step {
                Step::Record(instrument, set, value) => world.record(*instrument, *set, *value, now),
                Step::Forget(instrument, set) => world.forget(*instrument, *set),
                Step::Collect(reader) => world.collect(*reader, now),
                Step::Swap(view) => world.swap(*view, now),
            }
        }
        Ok(())
    });
}
