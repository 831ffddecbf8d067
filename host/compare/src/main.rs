//! Both engines side by side: `cargo xtask bench record` and `side-by-side` run this program.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people at a terminal")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use wasmeter_compare::defects;
use wasmeter_compare::record::{self, Line, Machine, Options, Told};
use wasmeter_compare::swap;

/// wasmeter side by side with the official Rust SDK.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// What measuring and collecting costs, and what series weigh.
    Record(Record),
    /// What a swap costs while metrics flow, and what loading a plugin costs.
    Swap(Swap),
    /// The ten cases in which the official SDK deviates from the specification.
    Defects {
        /// Write the page to this file.
        #[arg(long, value_name = "FILE")]
        markdown: Option<PathBuf>,
    },
}

#[derive(Args)]
struct Record {
    /// Only prove that both sides count the same and that every case runs.
    #[arg(long)]
    quick: bool,
    /// Only the cases whose name contains this.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Write the lines as JSON to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the page to this file; what it has below `## Notes` stays.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// The folder that `cargo xtask build-plugins` fills; without it, what is about wasm is left out.
    #[arg(long, value_name = "FOLDER")]
    components: Option<PathBuf>,
}

#[derive(Args)]
struct Swap {
    /// The `wasmeter` to test.
    #[arg(long, value_name = "FILE")]
    binary: PathBuf,
    /// The folder that `cargo xtask build-plugins` fills.
    #[arg(long, value_name = "FOLDER")]
    components: PathBuf,
    /// How often each plugin is replaced.
    #[arg(long, value_name = "NUMBER", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    swaps: u32,
    /// Points sent in a second.
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    points_per_sec: u64,
    /// Series they are of.
    #[arg(long, value_name = "NUMBER", default_value_t = 2000)]
    series: usize,
    /// Write the page to this file.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Record(arguments) => run_record(arguments),
        Task::Swap(arguments) => run_swap(arguments),
        Task::Defects { markdown } => run_defects(markdown),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_record(arguments: Record) -> anyhow::Result<()> {
    let Record { quick, filter, json, markdown, components } = arguments;
    let machine = Machine::this();
    println!("{machine}\n\n{}", record::table(None));
    let tell = |told: Told<'_>| match told {
        Told::Pass(pass, passes) => eprintln!("pass {pass} of {passes}"),
        Told::Line(line) => println!("{}", record::table(Some(line))),
    };
    let outcome = record::run(&Options { quick, filter, components }, tell)?;
    let missed = outcome.lines.iter().filter(|line| !line.ok()).count();
    println!("\n{} cases, {missed} targets missed", outcome.lines.len());
    if let Some(file) = json {
        let records: Vec<_> = outcome.lines.iter().map(Line::record).collect();
        let text = serde_json::to_string_pretty(&records)?;
        write(&file, &format!("{text}\n"))?;
    }
    if let Some(file) = markdown {
        let notes = std::fs::read_to_string(&file).unwrap_or_default();
        write(&file, &record::markdown(&outcome.lines, &machine, &notes))?;
    }
    if !outcome.differences.is_empty() {
        bail!("{}", outcome.differences.join("\n"));
    }
    Ok(())
}

fn run_swap(arguments: Swap) -> anyhow::Result<()> {
    let Swap { binary, components, swaps, points_per_sec, series, markdown } = arguments;
    let machine = Machine::this();
    println!("{machine}\n");
    let quiet = Duration::from_secs(10);
    let options = swap::Options { binary, components, swaps, points_per_sec, series, quiet };
    let outcomes = swap::run(&options, |outcome| println!("{}\n", swap::table(outcome)))?;
    let load = swap::load(&options)?;
    println!("{}", swap::load_table(&load));
    if let Some(file) = markdown {
        write(&file, &swap::markdown(&outcomes, &load, &options, &machine))?;
    }
    // Slowness is a figure, a wrong total an error.
    match outcomes.iter().find(|outcome| outcome.lost != 0.0 || outcome.resets > 0) {
        Some(wrong) => {
            bail!("{}: {} points lost or doubled, {} resets", wrong.plugin, wrong.lost, wrong.resets)
        }
        None => Ok(()),
    }
}

fn run_defects(markdown: Option<PathBuf>) -> anyhow::Result<()> {
    // A callback panics in one of the cases; that is no news.
    std::panic::set_hook(Box::new(|_| {}));
    let page = defects::markdown();
    match markdown {
        Some(file) => write(&file, &page),
        None => {
            print!("{page}");
            Ok(())
        }
    }
}

fn write(file: &PathBuf, text: &str) -> anyhow::Result<()> {
    std::fs::write(file, text).with_context(|| format!("cannot write `{}`", file.display()))
}
