//! Whole programs under the same load: wasmeter beside the OpenTelemetry Collector and Rotel. `cargo xtask bench compare` runs this.
//!
//! The program under test has one processor, the sender another, which is also that of whoever the program sends on to. A sender has
//! several connections, each with series of its own, and sends on each as fast as it is answered, which gives the peak; then a
//! program that has just been started gets half of that by the clock. Work is fixed, time is measured. Meanwhile its page is fetched, or it sends on what
//! it holds, several times a second. Afterwards the totals on the program's page, or of what it has sent on, are compared with what was acknowledged.

mod page;
pub(crate) mod peers;
pub(crate) mod process;
pub(crate) mod program;
mod raw;
pub(crate) mod scenario;
mod scraper;
mod sender;
mod targets;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use wasmeter_otlp::Compression;

use crate::link::Transport;
pub(crate) use page::{markdown, table};
use process::pin_self;
use program::{Binaries, Name, PassedOn, Program, Start};
pub(crate) use raw::lines;
use scenario::{Collector, SCENARIOS, Scenario};
use scraper::Scraper;
use sender::{Pace, Prepared};

use crate::standings::Verdict;

/// Rounds that are sent before the clock starts: all series are known then, and the program is warm.
const ROUNDS_BEFORE: usize = 2;
/// At half the peak there is a part of the rounds, which takes half the time that the peak takes.
const ROUNDS_AT_HALF: usize = 4;

/// How often a page is fetched, and how often wasmeter sends on where its series stand: often enough that it happens while the clock
/// runs for less than a second.
const EVERY: Duration = Duration::from_millis(200);

/// How often wasmeter is measured, which is done in a second where others take several: once says little.
const RUNS: usize = 3;

/// What to run.
pub(crate) struct Options {
    pub(crate) binaries: Binaries,
    /// The processor of the program under test, and that of the sender; `None` leaves it to the system.
    pub(crate) processors: Option<(usize, usize)>,
    pub(crate) series: usize,
    /// How many points each series gets.
    pub(crate) rounds: usize,
    /// How many it gets where wasmeter is measured and series are sums that stay.
    pub(crate) our_rounds: usize,
    /// How often at least wasmeter's page has to be fetched, or what it holds be sent on, while the clock runs at the peak.
    pub(crate) looks_min: u64,
    /// Only the scenarios whose name contains this.
    pub(crate) filter: Option<String>,
}

impl Options {
    /// How many points each series gets: the more, the faster a program takes them.
    fn rounds(&self, program: Name, scenario: &Scenario) -> usize {
        match program == Name::Wasmeter || scenario.collector == Collector::Receives {
            true => (self.our_rounds / scenario.load.weight()).max(1),
            false => self.rounds,
        }
    }
}

/// What a program made of a scenario.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) scenario: &'static str,
    pub(crate) transport: Transport,
    pub(crate) program: Name,
    /// As fast as it answered, and at half of that; what went wrong if it did not take all.
    pub(crate) levels: Result<[Level; 2], String>,
}

/// How a program took some of the load.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    /// Acknowledged, while the clock ran.
    pub(crate) points: u64,
    pub(crate) took: Duration,
    /// The points a second of the slowest and the fastest run, of which this is the middle one.
    pub(crate) points_per_sec_range: (f64, f64),
    /// How often its page was fetched while the clock ran.
    pub(crate) fetches: u64,
    /// Processor time of the program.
    pub(crate) busy: Duration,
    pub(crate) resident_bytes_max: u64,
    /// Whether all series stand where what was acknowledged has them; `None` where nothing is kept.
    pub(crate) verdict: Option<Verdict>,
    pub(crate) passed_on: Option<PassedOn>,
    /// How often the program gave out where all series stand, while the clock ran.
    looks: u64,
}

impl Level {
    pub(crate) fn points_per_sec(&self) -> f64 {
        self.points as f64 / self.took.as_secs_f64()
    }

    /// Processor time of a million points.
    pub(crate) fn busy_secs_per_million(&self) -> f64 {
        self.busy.as_secs_f64() * 1e6 / self.points as f64
    }

    /// What is wrong with where series stand, as it stands in a table.
    pub(crate) fn wrong(&self) -> Option<String> {
        self.verdict.as_ref().filter(|verdict| !verdict.is_right()).map(Verdict::text)
    }

    pub(crate) fn is_right(&self) -> bool {
        self.verdict.as_ref().is_none_or(Verdict::is_right)
    }
}

impl Outcome {
    /// What is wrong, whatever the figures are.
    pub(crate) fn fault(&self) -> Option<String> {
        match &self.levels {
            Err(error) => Some(error.clone()),
            Ok(levels) => levels.iter().find_map(Level::wrong),
        }
    }
}

fn measure(name: Name, start: &Start<'_>, prepared: &Prepared, pace: Pace) -> anyhow::Result<Level> {
    let program = Program::start(name, start)?;
    let mut links = prepared.connect(&program, start.transport)?;
    let before = Pace { from: 0, rounds: ROUNDS_BEFORE, points_per_sec: None };
    prepared.send(&mut links, before).context("before the clock starts")?;
    let (busy, passed_on) = (program.process.busy()?, program.passed_on());
    let scraper = program.page().map(Scraper::start).transpose()?;
    let took = prepared.send(&mut links, pace)?;
    let busy = program.process.busy()?.saturating_sub(busy);
    let timed = passed_on..program.passed_on();
    let fetches = scraper.as_ref().map_or(0, Scraper::fetched);
    // A program that is told to end waits for its clients.
    drop(links);
    scraper.map_or(Ok(()), Scraper::end)?;
    let points = (prepared.series() * pace.rounds) as u64;
    let points_per_sec = points as f64 / took.as_secs_f64();
    let resident_bytes_max = program.process.resident_bytes_max()?;
    let (said, scenario) = (program.finish(&timed)?, start.scenario);
    let passed_on = said.as_ref().and_then(|said| said.passed_on);
    let expected = scenario.expected(prepared.standings(pace.from + pace.rounds, scenario.keep));
    let series = expected.series.len() as u64;
    Ok(Level {
        points,
        took,
        points_per_sec_range: (points_per_sec, points_per_sec),
        fetches,
        busy,
        resident_bytes_max,
        verdict: said.map(|said| Verdict::of(&expected, &said.standings)),
        passed_on,
        looks: passed_on.map_or(fetches, |on| on.points_timed / series),
    })
}

fn levels(
    name: Name,
    start: &Start<'_>,
    prepared: &Prepared,
    options: &Options,
) -> anyhow::Result<[Level; 2]> {
    let rounds = options.rounds(name, start.scenario);
    let pace = Pace { from: ROUNDS_BEFORE, rounds, points_per_sec: None };
    let peak = measure(name, start, prepared, pace).context("at the peak")?;
    let (looks, wanted) = (peak.looks, options.looks_min);
    ensure!(
        name != Name::Wasmeter || looks >= wanted,
        "it gave out what it holds {looks} times at the peak, expected are {wanted}"
    );
    let (rounds, half) = (rounds.div_ceil(ROUNDS_AT_HALF), peak.points_per_sec() / 2.0);
    let pace = Pace { rounds, points_per_sec: Some(half), ..pace };
    Ok([peak, measure(name, start, prepared, pace).context("at half the peak")?])
}

/// The run whose peak is the middle one, unless one went wrong.
fn middle(runs: usize, run: impl FnMut() -> anyhow::Result<[Level; 2]>) -> anyhow::Result<[Level; 2]> {
    let mut all = std::iter::repeat_with(run).take(runs).collect::<anyhow::Result<Vec<_>>>()?;
    if let Some(wrong) = all.iter().position(|levels| !levels.iter().all(Level::is_right)) {
        return Ok(all.swap_remove(wrong));
    }
    all.sort_by(|[a, _], [b, _]| a.points_per_sec().total_cmp(&b.points_per_sec()));
    let range = |level: usize| {
        let speeds = || all.iter().map(|levels| levels[level].points_per_sec());
        (speeds().fold(f64::INFINITY, f64::min), speeds().fold(0.0, f64::max))
    };
    let ranges = [range(0), range(1)];
    let mut middle = all.swap_remove(all.len() / 2);
    for (level, range) in middle.iter_mut().zip(ranges) {
        level.points_per_sec_range = range;
    }
    Ok(middle)
}

/// The programs that can do what a scenario asks for, of those that are there.
fn programs<'a>(scenario: &'a Scenario, options: &'a Options) -> impl Iterator<Item = Name> + 'a {
    let has_collector = scenario.collector != Collector::Cannot;
    let names = [(Name::Wasmeter, true), (Name::Collector, has_collector), (Name::Rotel, scenario.has_rotel)];
    let can = names.into_iter().filter(|(name, can)| *can && options.binaries.of(*name).is_some());
    can.map(|(name, _)| name)
}

fn run_scenario(
    scenario: &Scenario,
    options: &Options,
    folder: &Path,
    mut tell: impl FnMut(Outcome),
) -> anyhow::Result<()> {
    let rounds = programs(scenario, options).map(|program| options.rounds(program, scenario)).max();
    let rounds = ROUNDS_BEFORE + rounds.unwrap_or_default();
    // Compressing takes longer than all else, so what is compressed serves both transports.
    let mut all: Vec<(Compression, Prepared)> = Vec::new();
    for transport in scenario.transports.iter().copied() {
        let compression = transport.compression();
        if all.iter().all(|(known, _)| *known != compression) {
            let prepared = Prepared::new(scenario.load, compression, options.series, rounds)?;
            all.push((compression, prepared));
        }
        let prepared = all.iter().find(|(known, _)| *known == compression);
        let (_, prepared) = prepared.context("it has just been made")?;
        for program in programs(scenario, options) {
            let start = Start {
                binaries: &options.binaries,
                folder,
                processor: options.processors.map(|(program, _)| program),
                scenario,
                transport,
                every: EVERY,
                gives_way: false,
                series: scenario.load.series(options.series, rounds as u64),
                memory_limit_mib: None,
            };
            let runs = if program == Name::Wasmeter { RUNS } else { 1 };
            let levels = middle(runs, || levels(program, &start, prepared, options));
            let levels = levels.map_err(|error| format!("{error:#}"));
            tell(Outcome { scenario: scenario.name, transport, program, levels });
        }
    }
    Ok(())
}

/// Runs every scenario over every transport in every program.
///
/// # Errors
///
/// The load cannot be made. What a program does wrong is its outcome.
pub(crate) fn run(options: &Options, mut tell: impl FnMut(&Outcome)) -> anyhow::Result<Vec<Outcome>> {
    let folder = std::env::temp_dir().join(format!("wasmeter-compare-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    if let Some((_, sender)) = options.processors {
        pin_self(sender)?;
    }
    let mut outcomes = Vec::new();
    let is_wanted =
        |scenario: &&Scenario| options.filter.as_ref().is_none_or(|text| scenario.name.contains(text));
    for scenario in SCENARIOS.iter().filter(is_wanted) {
        run_scenario(scenario, options, &folder, |outcome| {
            tell(&outcome);
            outcomes.push(outcome);
        })?;
    }
    // What is left of it is in the system's folder for such things.
    let _removed = std::fs::remove_dir_all(&folder);
    Ok(outcomes)
}
