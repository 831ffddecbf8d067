//! Both engines side by side: `cargo xtask bench record` and `side-by-side` run this program.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people at a terminal")]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use wasmeter_compare::defects;
use wasmeter_compare::record::{self, Line, Machine, Options, Told};

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

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Record(arguments) => run_record(arguments),
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
