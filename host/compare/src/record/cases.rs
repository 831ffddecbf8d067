//! What is timed.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;
use wasmeter_api::View;

use super::harness::{Contestant, Harness, Timing};
use super::line::{Line, Target};
use super::subject::{Sets, Subject, adding, adding_bound, recording, recording_bound};
use super::wasm::{self, Components};
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
    /// How often everything is built anew: where things happen to lie in memory is worth some percent.
    instances: usize,
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
        Self {
            name: name.into(),
            target: None,
            threads: 1,
            instances: 4,
            scaling: None,
            per: (1.0, "ns"),
            build,
        }
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

    /// Compares the sides, then times them. Also says how much the case was disturbed: less is better, and it does not depend on who
    /// of the two was.
    ///
    /// On one thread that is the product of both times. On two it is not: a side whose threads stand in each other's way is quicker
    /// while one of them gets no processor. There it is the time of something neutral.
    pub(super) fn run(&self, harness: &Harness) -> Result<(f64, Vec<Line>), String> {
        let mut neutral = Duration::ZERO;
        let lines = self.time(harness, &mut neutral)?;
        if self.threads > 1 {
            return Ok((neutral.as_secs_f64(), lines));
        }
        Ok((lines.iter().map(|line| line.ours * line.theirs).product(), lines))
    }

    fn time(&self, harness: &Harness, neutral: &mut Duration) -> Result<Vec<Line>, String> {
        let instances = harness.instances(self.instances);
        let runs = (0..instances).map(|number| {
            let probe = || if self.threads > 1 { harness.neutral_on_two_threads() } else { Duration::ZERO };
            let before = probe();
            let run = self.run_instance(harness, number, instances);
            *neutral += before + probe();
            run
        });
        let runs = runs.collect::<Result<Vec<_>, _>>().map_err(|error| format!("{}: {error}", self.name))?;
        let of_contestant =
            |number: usize| runs.iter().filter_map(|run| run.get(number).copied()).collect::<Vec<_>>();
        let contestants = runs.first().map_or(0, Vec::len);
        let timings: Vec<Timing> =
            (0..contestants).map(|number| Timing::mean(&of_contestant(number))).collect();
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

    /// Times both sides, and both on one thread if there is a line about scaling, in this order.
    fn run_instance(
        &self,
        harness: &Harness,
        number: usize,
        instances: usize,
    ) -> Result<Vec<Timing>, String> {
        let built = |side| {
            let subject = (self.build)(side);
            subject.warm_up((3 * LIMIT).min(subject.times_quick));
            subject
        };
        // Whoever comes first is placed better in memory and in what a thread keeps; so they take turns.
        let sides = if number.is_multiple_of(2) {
            [built(0), built(1)]
        } else {
            let theirs = built(1);
            [built(0), theirs]
        };
        let [ours, theirs] = &sides;
        let (our_rows, their_rows) = (ours.rows()?, theirs.rows()?);
        if our_rows != their_rows {
            return Err(difference(&our_rows, &their_rows));
        }
        let contestant = |subject, threads| Contestant { subject, threads };
        let mut contestants = vec![contestant(ours, self.threads), contestant(theirs, self.threads)];
        if self.scaling.is_some() {
            contestants.extend([contestant(ours, 1), contestant(theirs, 1)]);
        }
        let timings = harness.time(&contestants, instances);
        for side in &sides {
            side.check_total()?;
        }
        Ok(timings)
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

/// Every case. Those about wasm need the components.
pub(super) fn all(components: Option<&Components>) -> Vec<Case> {
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
    cases.extend(components.into_iter().flat_map(wasm_cases));
    cases
}

/// The same Views as components and native, both in our engine.
fn wasm_cases(components: &Components) -> Vec<Case> {
    type Native = fn() -> Arc<dyn View>;
    let rules = ("rules", &components.rules, wasm::native_rules as Native);
    let computed = ("computed", &components.computed, wasm::native_computed as Native);
    let case = |(what, component, native): (&str, &Arc<dyn View>, Native), series: u64| {
        let (component, sets) = (component.clone(), routes(series));
        let build = move |side| {
            let view = if side == 0 { component.clone() } else { native() };
            counter(crate::engine::ours_with_plugins(&Setup::default(), vec![view]), sets.clone())
        };
        let name = format!("counter, wasm View by native View, {what}, {series} sets");
        Case { instances: 20, ..Case::new(name, build).ratio_at_most(1.02) }
    };
    vec![case(rules, 1), case(rules, 100), case(computed, 1), case(computed, 100)]
}

/// Sets of 3 attributes whose routes are `/orders/0`, `/orders/1` and so on.
fn routes(series: u64) -> Sets {
    let set = |number| {
        let route = KeyValue::new("http.route", format!("/orders/{number}"));
        [route, KeyValue::new("http.request.method", "GET"), KeyValue::new("user.tier", "gold")].into()
    };
    (0..series).map(set).collect()
}
