//! Whole programs under load, as their users run them. `cargo xtask bench swap`, `views`, `ingest`, `compare` and `overload` run this.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people at a terminal")]

mod compare;
mod grpc;
mod http;
mod ingest;
mod link;
mod overload;
mod processor;
mod requests;
mod sink;
mod standings;
mod swap;
mod views;
mod wait;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::{Args, Parser, Subcommand};
use compare::program::{Binaries, Name};
use wasmeter_machine::Machine;

/// A whole host under load.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// What a swap costs while metrics flow, and what loading a plugin costs.
    Swap(Swap),
    /// What the View of `examples/views` costs in each language.
    Views(Views),
    /// What a received point costs in process, from the bytes of a request to the state of its series, and out again.
    Ingest(Ingest),
    /// What one of a million series takes in memory, in bytes; a part of `ingest`, which runs it apart.
    #[command(hide = true)]
    State(State),
    /// Whole programs under the same load: wasmeter beside the OpenTelemetry Collector and Rotel.
    Compare(Compare),
    /// What a host does with more than it can take.
    Overload(Overload),
}

#[derive(Args)]
struct Overload {
    /// The `wasmeter` to test.
    #[arg(long, value_name = "FILE")]
    binary: PathBuf,
    /// The Collector that stands beside it; without it only wasmeter runs.
    #[arg(long, value_name = "FILE")]
    collector: Option<PathBuf>,
    /// Do not give the host and the clients a processor each.
    #[arg(long)]
    unpinned: bool,
    /// Clients that send together.
    #[arg(long, value_name = "NUMBER", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=1000))]
    clients: u16,
    /// How many times the peak they send.
    #[arg(long, value_name = "NUMBER", default_value_t = 2.0)]
    factor: f64,
    /// For how many seconds.
    #[arg(long, value_name = "NUMBER", default_value_t = 4.0)]
    secs: f64,
    /// Only what has a name that contains this, such as `cumulative sums, passed on, HTTP, gzip`.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Write the page to this file.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

#[derive(Args)]
struct Compare {
    /// The `wasmeter` to test.
    #[arg(long, value_name = "FILE")]
    binary: PathBuf,
    /// The Collector that stands beside it; without it only wasmeter runs.
    #[arg(long, value_name = "FILE")]
    collector: Option<PathBuf>,
    /// The Rotel that stands beside it where points are passed on.
    #[arg(long, value_name = "FILE")]
    rotel: Option<PathBuf>,
    /// Do not give the program under test and the sender a processor each.
    #[arg(long)]
    unpinned: bool,
    /// Series that are sent.
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(4..))]
    series: u32,
    /// Points that each series gets in other programs.
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    rounds: usize,
    /// Points that each series gets in wasmeter, which takes them faster; half of it if it is a histogram, a quarter where series change.
    #[arg(long, value_name = "NUMBER", default_value_t = 400)]
    our_rounds: usize,
    /// How often at least wasmeter has to give out what it holds while the clock runs at the peak: a shorter run is an error.
    #[arg(long, value_name = "NUMBER", default_value_t = 2)]
    looks_min: u64,
    /// Only the scenarios whose name contains this.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Write the page to this file.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

#[derive(Args)]
struct Ingest {
    /// The folder of the project's own plugins, as `cargo xtask build-plugins` fills it.
    #[arg(long, value_name = "FOLDER")]
    components: PathBuf,
    /// Write the page to this file.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

#[derive(Args)]
struct State {
    /// With what is remembered of its encoding.
    #[arg(long)]
    remembered: bool,
}

#[derive(Args)]
struct Views {
    /// The folder that `cargo xtask build-plugins` and `build-views` fill.
    #[arg(long, value_name = "FOLDER")]
    components: PathBuf,
    /// Write the page to this file.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

#[derive(Args)]
struct Swap {
    /// The `wasmeter` to test.
    #[arg(long, value_name = "FILE")]
    binary: PathBuf,
    /// The folder that `cargo xtask build-plugins` fills.
    #[arg(long, value_name = "FOLDER")]
    components: PathBuf,
    /// Only the plugins whose world and name contain this.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// How often each plugin is replaced.
    #[arg(long, value_name = "NUMBER", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    swaps: u32,
    /// Points sent in a second.
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    points_per_sec: u64,
    /// Series they are of.
    #[arg(long, value_name = "NUMBER", default_value_t = 2000)]
    series: usize,
    /// Seconds without swaps before the first one.
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    quiet_secs: u64,
    /// Fetches of the page, at least, before the swaps and during them; plugins are replaced until there are.
    #[arg(long, value_name = "NUMBER", default_value_t = 300)]
    scrapes: u64,
    /// Write the page to this file.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

fn main() -> ExitCode {
    // As the program has it that is measured, and the sender has more time to send.
    wasmeter_allocator::tune();
    let outcome = match Arguments::parse().task {
        Task::Swap(arguments) => run_swap(arguments),
        Task::Views(arguments) => run_views(arguments),
        Task::Ingest(arguments) => run_ingest(arguments),
        Task::State(arguments) => run_state(arguments),
        Task::Compare(arguments) => run_compare(arguments),
        Task::Overload(arguments) => run_overload(arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_swap(arguments: Swap) -> anyhow::Result<()> {
    let Swap { binary, components, filter, swaps, points_per_sec, series, quiet_secs, scrapes, markdown } =
        arguments;
    let machine = Machine::this();
    println!("{machine}\n");
    let quiet = Duration::from_secs(quiet_secs);
    let options = swap::Options { binary, components, filter, swaps, points_per_sec, series, quiet, scrapes };
    let outcomes = swap::run(&options, |outcome| println!("{}\n", swap::table(outcome)))?;
    let load = swap::load(&options)?;
    println!("{}", swap::load_table(&load));
    if let Some(file) = markdown {
        let page = swap::markdown(&outcomes, &load, &options, &machine);
        std::fs::write(&file, page).with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    // Slowness is a figure, a wrong total an error.
    match outcomes.iter().find(|outcome| outcome.lost != 0.0 || outcome.resets > 0) {
        Some(wrong) => {
            bail!("{}: {} points lost or doubled, {} resets", wrong.plugin, wrong.lost, wrong.resets)
        }
        None => Ok(()),
    }
}

fn run_views(arguments: Views) -> anyhow::Result<()> {
    let machine = Machine::this();
    println!("{machine}\n\n{}", views::table(None));
    let rows = views::run(&arguments.components, |row| println!("{}", views::table(Some(row))))?;
    if let Some(file) = arguments.markdown {
        std::fs::write(&file, views::markdown(&rows, &machine))
            .with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    Ok(())
}

fn run_ingest(arguments: Ingest) -> anyhow::Result<()> {
    let machine = Machine::this();
    let outcome = ingest::run(&arguments.components)?;
    println!("{}", ingest::table(&outcome));
    if let Some(file) = arguments.markdown {
        std::fs::write(&file, ingest::markdown(&outcome, &machine))
            .with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    Ok(())
}

fn run_state(arguments: State) -> anyhow::Result<()> {
    println!("{}", ingest::state(arguments.remembered)?);
    Ok(())
}

/// A processor for the program under test and one for whoever sends.
fn processors(unpinned: bool) -> anyhow::Result<Option<(usize, usize)>> {
    // The last two: the first one has most of what else goes on.
    let last = std::thread::available_parallelism()?.get() - 1;
    Ok((!unpinned && last > 0).then_some((last, last - 1)))
}

fn run_overload(arguments: Overload) -> anyhow::Result<()> {
    let Overload { binary, collector, unpinned, clients, factor, secs, filter, markdown } = arguments;
    ensure!(factor > 0.0 && factor <= 100.0, "--factor is {factor}, expected is a number up to 100");
    ensure!(secs > 0.0 && secs <= 600.0, "--secs is {secs}, expected is a number up to 600");
    let machine = Machine::this();
    println!("{machine}\n");
    let (processors, clients) = (processors(unpinned)?, usize::from(clients));
    let binaries = Binaries { wasmeter: binary, collector, rotel: None };
    let options = overload::Options { binaries, processors, clients, factor, secs, filter };
    let outcomes = overload::run(&options, |outcome| println!("{}", overload::table(outcome)))?;
    if let Some(file) = markdown {
        std::fs::write(&file, overload::markdown(&outcomes, &options, &machine))
            .with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    // Memory and speed are figures; what is lost, or refused without a word of when, is an error.
    match outcomes.iter().find_map(|outcome| Some((outcome, outcome.fault()?))) {
        Some((outcome, fault)) => bail!("{}, {}: {fault}", outcome.scenario, outcome.transport.name()),
        None => Ok(()),
    }
}

fn run_compare(arguments: Compare) -> anyhow::Result<()> {
    let Compare {
        binary,
        collector,
        rotel,
        unpinned,
        series,
        rounds,
        our_rounds,
        looks_min,
        filter,
        markdown,
    } = arguments;
    let machine = Machine::this();
    println!("{machine}\n");
    let processors = processors(unpinned)?;
    let series = usize::try_from(series)?;
    let binaries = Binaries { wasmeter: binary, collector, rotel };
    let options = compare::Options { binaries, processors, series, rounds, our_rounds, looks_min, filter };
    let outcomes = compare::run(&options, |outcome| println!("{}", compare::table(outcome)))?;
    if let Some(file) = markdown {
        let raw = file.with_extension("jsonl");
        let texts = [
            (&file, compare::markdown(&outcomes, &options, &machine)),
            (&raw, compare::lines(&outcomes, &options, &machine)),
        ];
        for (file, text) in texts {
            std::fs::write(file, text).with_context(|| format!("cannot write `{}`", file.display()))?;
        }
    }
    // Slowness is a figure, as is what others do; whatever is wrong with what we do is an error.
    let ours = outcomes.iter().filter(|outcome| outcome.program == Name::Wasmeter);
    match ours.into_iter().find_map(|outcome| Some((outcome, outcome.fault()?))) {
        Some((outcome, fault)) => bail!("{}, {}: {fault}", outcome.scenario, outcome.transport.name()),
        None => Ok(()),
    }
}
