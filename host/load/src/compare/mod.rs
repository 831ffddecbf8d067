//! Whole programs under the same load: wasmeter beside the OpenTelemetry Collector and Rotel. `cargo xtask bench compare` runs this.
//!
//! The program under test has one processor, the sender another, which is also that of whoever the program sends on to. A sender has
//! several connections, each with series of its own, and sends on each as fast as it is answered, which gives the peak; then a
//! program that has just been started gets half of that by the clock. Work is fixed, time is measured. Afterwards the totals on the
//! program's page, or of what it has sent on, are compared with what was acknowledged.

mod page;
pub(crate) mod process;
pub(crate) mod program;
mod raw;
pub(crate) mod scenario;
mod sender;
mod targets;

use std::path::Path;
use std::time::Duration;

use anyhow::Context;

use crate::link::Transport;
pub(crate) use page::{markdown, table};
use process::pin_self;
use program::{Binaries, Name, Program, Said, Start};
pub(crate) use raw::lines;
use scenario::{Collector, SCENARIOS, Scenario};
use sender::{Pace, Prepared};

/// Rounds that are sent before the clock starts: all series are known then, and the program is warm.
const ROUNDS_BEFORE: usize = 2;
/// At half the peak there is a part of the rounds, which takes half the time that the peak takes.
const ROUNDS_AT_HALF: usize = 4;

/// How often wasmeter is measured, which is done in a fraction of a second where others take several: once says little.
const RUNS: usize = 3;

/// What to run.
pub(crate) struct Options {
    pub(crate) binaries: Binaries,
    /// The processor of the program under test, and that of the sender; `None` leaves it to the system.
    pub(crate) processors: Option<(usize, usize)>,
    pub(crate) series: usize,
    /// How many points each series gets.
    pub(crate) rounds: usize,
    /// Only the scenarios whose name contains this.
    pub(crate) filter: Option<String>,
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
    /// Processor time of the program.
    pub(crate) busy: Duration,
    pub(crate) resident_bytes_max: u64,
    /// What all that was acknowledged adds up to.
    pub(crate) expected: f64,
    /// What the program says of it; `None` where nothing is kept.
    pub(crate) said: Option<Said>,
}

impl Level {
    pub(crate) fn points_per_sec(&self) -> f64 {
        self.points as f64 / self.took.as_secs_f64()
    }

    /// Processor time of a million points.
    pub(crate) fn busy_secs_per_million(&self) -> f64 {
        self.busy.as_secs_f64() * 1e6 / self.points as f64
    }

    pub(crate) fn is_right(&self) -> bool {
        self.said.is_none_or(|said| said.total == self.expected)
    }
}

impl Outcome {
    /// What is wrong, whatever the figures are.
    pub(crate) fn fault(&self) -> Option<String> {
        match &self.levels {
            Err(error) => Some(error.clone()),
            Ok(levels) if levels.iter().all(Level::is_right) => None,
            Ok(_) => Some("the totals are wrong".to_owned()),
        }
    }
}

fn measure(name: Name, start: &Start<'_>, prepared: &Prepared, pace: Pace) -> anyhow::Result<Level> {
    let program = Program::start(name, start)?;
    let mut links = prepared.connect(&program)?;
    let before = Pace { from: 0, rounds: ROUNDS_BEFORE, points_per_sec: None };
    prepared.send(&mut links, before).context("before the clock starts")?;
    let busy = program.process.busy()?;
    let took = prepared.send(&mut links, pace)?;
    let busy = program.process.busy()?.saturating_sub(busy);
    // A program that is told to end waits for its clients.
    drop(links);
    Ok(Level {
        points: (prepared.series() * pace.rounds) as u64,
        took,
        busy,
        resident_bytes_max: program.process.resident_bytes_max()?,
        expected: prepared.total(pace.from + pace.rounds),
        said: program.finish()?,
    })
}

fn levels(name: Name, start: &Start<'_>, prepared: &Prepared, rounds: usize) -> anyhow::Result<[Level; 2]> {
    let pace = Pace { from: ROUNDS_BEFORE, rounds, points_per_sec: None };
    let peak = measure(name, start, prepared, pace).context("at the peak")?;
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
    Ok(all.swap_remove(all.len() / 2))
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
    let rounds = ROUNDS_BEFORE + options.rounds;
    for transport in scenario.transports.iter().copied() {
        let prepared = Prepared::new(scenario.load, transport, options.series, rounds)?;
        for program in programs(scenario, options) {
            let start = Start {
                binaries: &options.binaries,
                folder,
                processor: options.processors.map(|(program, _)| program),
                scenario,
                transport,
                series: scenario.load.series(options.series, rounds as u64),
                memory_limit_mib: None,
            };
            let runs = if program == Name::Wasmeter { RUNS } else { 1 };
            let levels = middle(runs, || levels(program, &start, &prepared, options.rounds));
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
