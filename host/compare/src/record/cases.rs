//! What is timed.

use std::sync::Arc;

use opentelemetry::KeyValue;
use wasmeter_api::View;

use super::harness::{Contestant, Harness};
use super::line::{Line, Target};
use super::subject::{Sets, Subject, adding, adding_bound, recording, recording_bound};
use super::wasm;
use crate::{Engine, Setup, Side, Temporality, ViewSpec, text};

/// The specified limit of series; what comes after goes to the overflow series.
const LIMIT: u64 = 2000;

/// The View that the cases with an attribute filter have: two of three attributes stay.
const FILTER: ViewSpec = ViewSpec {
    instrument: "measured",
    keep: Some(&["http.request.method", "http.route"]),
    aggregation: None,
};

/// What is done, to either side.
type Build = Box<dyn Fn(usize) -> Subject>;

/// Two sides that do the same.
pub(super) struct Case {
    name: String,
    target: Option<Target>,
    threads: usize,
    /// A second line says what two threads make of one, as throughput.
    scaling: Option<Target>,
    /// What one turn of the work stands for.
    per: (f64, &'static str),
    /// Side 0 is ours, side 1 theirs.
    build: Build,
}

/// Attribute sets that differ in the route; `attributes` is 0, 3 or 7, `owned` says that their strings are.
fn sets(attributes: usize, series: u64, owned: bool) -> Sets {
    const PAIRS: [(&str, &str); 7] = [
        ("http.route", "/orders/{id}"),
        ("http.request.method", "GET"),
        ("user.tier", "gold"),
        ("server.address", "shop.example.com"),
        ("url.scheme", "https"),
        ("network.protocol.version", "1.1"),
        ("cloud.region", "eu-north-1"),
    ];
    let pair = |series: u64, place: usize| {
        let (key, value) = PAIRS.get(place).copied().unwrap_or_default();
        match (place, owned) {
            (0, _) if series > 0 => KeyValue::new(key, format!("{value}/{series}")),
            (_, true) => KeyValue::new(key.to_owned(), value.to_owned()),
            (_, false) => KeyValue::new(key, value),
        }
    };
    // Far from the order in which they were made, as real traffic is: 7919 is prime.
    let order = (0..series).map(|number| number * 7919 % series);
    order.map(|series| (0..attributes).map(|place| pair(series, place)).collect()).collect()
}

fn engine(side: usize, setup: &Setup) -> Arc<dyn Engine> {
    let side = if side == 0 { Side::Ours } else { Side::Official };
    side.build(setup)
}

fn counter(engine: Arc<dyn Engine>, sets: Sets) -> Subject {
    let counter = engine.meter().u64_counter("measured").build();
    Subject::recording(engine, 0, adding(counter, sets))
}

fn histogram(engine: Arc<dyn Engine>, sets: Sets) -> Subject {
    let histogram = engine.meter().f64_histogram("measured").build();
    Subject::recording(engine, 0, recording(histogram, sets))
}

fn bound_counter(engine: Arc<dyn Engine>, sets: &Sets) -> Subject {
    let bound = engine.meter().u64_counter("measured").build().bind(first(sets));
    Subject::recording(engine, 0, adding_bound(bound))
}

fn bound_histogram(engine: Arc<dyn Engine>, sets: &Sets) -> Subject {
    let bound = engine.meter().f64_histogram("measured").build().bind(first(sets));
    Subject::recording(engine, 0, recording_bound(bound))
}

fn first(sets: &Sets) -> &[KeyValue] {
    sets.first().map(AsRef::as_ref).unwrap_or_default()
}

/// A counter whose limit is reached, measured with sets that all go to the overflow series.
fn overflowing(engine: Arc<dyn Engine>) -> Subject {
    let all = sets(3, LIMIT + 1000, false);
    let (known, beyond) = all.split_at(usize::try_from(LIMIT).unwrap_or_default());
    let counter = engine.meter().u64_counter("measured").build();
    for set in known {
        counter.add(1, set);
    }
    Subject::recording(engine, LIMIT, adding(counter, beyond.into()))
}

impl Case {
    fn new(name: impl Into<String>, build: impl Fn(usize) -> Subject + 'static) -> Self {
        let build = Box::new(build);
        Self { name: name.into(), target: None, threads: 1, scaling: None, per: (1.0, "ns"), build }
    }

    fn ratio_at_most(self, limit: f64) -> Self {
        Self { target: Some(Target::RatioAtMost(limit)), ..self }
    }

    fn on_two_threads(self) -> Self {
        Self { name: format!("{}, 2 threads", self.name), threads: 2, ..self }
    }

    fn scales_by_at_least(self, limit: f64) -> Self {
        Self { scaling: Some(Target::OursAtLeast(limit)), ..self }
    }

    fn per_series(self, series: u64) -> Self {
        Self { per: (series as f64, "ns/series"), ..self }
    }

    fn scaling_name(&self) -> String {
        format!("{}: throughput by that of 1 thread", self.name)
    }

    /// The names of its lines.
    pub(super) fn names(&self) -> Vec<String> {
        let scaling = self.scaling.map(|_| self.scaling_name());
        std::iter::once(self.name.clone()).chain(scaling).collect()
    }

    /// Compares the sides, then times them.
    pub(super) fn run(&self, harness: &Harness) -> Result<Vec<Line>, String> {
        let named = |error: String| format!("{}: {error}", self.name);
        let sides = [(self.build)(0), (self.build)(1)];
        let [ours, theirs] = &sides;
        for side in &sides {
            side.warm_up((3 * LIMIT).min(side.times_quick));
        }
        let (our_rows, their_rows) = (ours.rows().map_err(named)?, theirs.rows().map_err(named)?);
        if our_rows != their_rows {
            return Err(named(difference(&our_rows, &their_rows)));
        }
        let contestant = |subject, threads| Contestant { subject, threads };
        let mut contestants = vec![contestant(ours, self.threads), contestant(theirs, self.threads)];
        if self.scaling.is_some() {
            contestants.extend([contestant(ours, 1), contestant(theirs, 1)]);
        }
        let timings = harness.time(&contestants);
        for side in &sides {
            side.check_total().map_err(named)?;
        }
        let [ours, theirs, rest @ ..] = timings.as_slice() else { return Ok(Vec::new()) };
        let (per, unit) = self.per;
        let mut lines = vec![Line {
            case: self.name.clone(),
            ours: ours.median / per,
            theirs: theirs.median / per,
            unit,
            target: self.target,
            ratio_of_fastest: Some(ours.fastest / theirs.fastest),
        }];
        if let (Some(_), [our_single, their_single]) = (self.scaling, rest) {
            let fastest = (our_single.fastest / ours.fastest) / (their_single.fastest / theirs.fastest);
            lines.push(Line {
                case: self.scaling_name(),
                ours: our_single.median / ours.median,
                theirs: their_single.median / theirs.median,
                unit: "times",
                target: self.scaling,
                ratio_of_fastest: Some(fastest),
            });
        }
        Ok(lines)
    }
}

/// The first row in which the sides differ.
fn difference(ours: &[crate::Row], theirs: &[crate::Row]) -> String {
    let place = ours.iter().zip(theirs).take_while(|(ours, theirs)| ours == theirs).count();
    let shown = |rows: &[crate::Row]| text(rows.get(place..place + 1).unwrap_or_default());
    let (our_count, their_count) = (ours.len(), theirs.len());
    format!(
        "the sides do not count the same: ours has {our_count} rows, among them {}; theirs {their_count}, \
         among them {}",
        shown(ours),
        shown(theirs)
    )
}

/// Every case. Those with wasm need the component.
pub(super) fn all(first_view: Option<&Arc<dyn View>>) -> Vec<Case> {
    let plain = Setup::default;
    let filtered = || Setup::with_view(FILTER);
    let mut cases = Vec::new();
    for (attributes, target) in [(0, None), (3, Some(0.35)), (7, None)] {
        let sets = sets(attributes, 1, false);
        let case = |name: &str, build: fn(Arc<dyn Engine>, Sets) -> Subject| {
            let sets = sets.clone();
            let name = format!("{name}, {attributes} attributes");
            let case = Case::new(name, move |side| build(engine(side, &plain()), sets.clone()));
            Case { target: target.map(Target::RatioAtMost), ..case }
        };
        cases.extend([case("counter", counter), case("histogram", histogram)]);
    }
    for attributes in [3, 7] {
        let sets = sets(attributes, 1, true);
        let case = |name: &str, build: fn(Arc<dyn Engine>, Sets) -> Subject| {
            let sets = sets.clone();
            let name = format!("{name}, {attributes} attributes, owned strings");
            Case::new(name, move |side| build(engine(side, &plain()), sets.clone()))
        };
        cases.extend([case("counter", counter), case("histogram", histogram)]);
    }
    for series in [100, LIMIT] {
        let sets = sets(3, series, false);
        let case = |name: &str, build: fn(Arc<dyn Engine>, Sets) -> Subject| {
            let sets = sets.clone();
            let name = format!("{name}, 3 attributes, {series} series");
            Case::new(name, move |side| build(engine(side, &plain()), sets.clone()))
        };
        cases.extend([case("counter", counter), case("histogram", histogram)]);
    }
    let one = sets(3, 1, false);
    let with_one = |name: &str, setup: fn() -> Setup, build: fn(Arc<dyn Engine>, Sets) -> Subject| {
        let one = one.clone();
        Case::new(name, move |side| build(engine(side, &setup()), one.clone()))
    };
    let bound_counter: fn(Arc<dyn Engine>, Sets) -> Subject = |engine, sets| bound_counter(engine, &sets);
    let bound_histogram: fn(Arc<dyn Engine>, Sets) -> Subject = |engine, sets| bound_histogram(engine, &sets);
    cases.extend([
        with_one("bound counter, 3 attributes", plain, bound_counter).ratio_at_most(0.6),
        with_one("bound histogram, 3 attributes", plain, bound_histogram).ratio_at_most(0.6),
        Case::new("counter, 3 attributes, overflow", move |side| overflowing(engine(side, &plain()))),
        with_one("counter, 3 attributes, View keeps 2", filtered, counter).ratio_at_most(0.3),
        with_one("histogram, 3 attributes, View keeps 2", filtered, histogram).ratio_at_most(0.3),
        with_one("counter, 3 attributes", plain, counter)
            .on_two_threads()
            .ratio_at_most(0.15)
            .scales_by_at_least(1.8),
        with_one("histogram, 3 attributes", plain, histogram)
            .on_two_threads()
            .ratio_at_most(0.15)
            .scales_by_at_least(1.8),
        with_one("bound counter, 3 attributes", plain, bound_counter).on_two_threads(),
        with_one("counter, 3 attributes, View keeps 2", filtered, counter).on_two_threads(),
    ]);
    let many = sets(3, LIMIT, false);
    let with_many = |name: String, temporality, build: fn(Arc<dyn Engine>, Sets) -> Subject| {
        let many = many.clone();
        let setup = Setup { readers: vec![temporality], views: Vec::new() };
        Case::new(name, move |side| Subject::collecting(build(engine(side, &setup), many.clone()), LIMIT))
            .per_series(LIMIT)
    };
    for (temporality, word) in [(Temporality::Cumulative, "cumulative"), (Temporality::Delta, "delta")] {
        let name = |instrument: &str| format!("collect {LIMIT} series of a {instrument}, {word}");
        cases.push(with_many(name("counter"), temporality, counter));
        cases.push(with_many(name("histogram"), temporality, histogram));
    }
    cases.extend(first_view.into_iter().flat_map(wasm_cases));
    cases
}

/// The same View as a component and native, both in our engine.
fn wasm_cases(component: &Arc<dyn View>) -> [Case; 2] {
    [(1, "1 series"), (100, "100 series")].map(|(series, word)| {
        let (component, sets) = (component.clone(), sets(3, series, false));
        let build = move |side| {
            let view = if side == 0 { component.clone() } else { wasm::native() };
            counter(crate::engine::ours_with_plugins(&Setup::default(), vec![view]), sets.clone())
        };
        Case::new(format!("counter, 3 attributes, {word}: wasm View against native View"), build)
            .ratio_at_most(1.02)
    })
}
