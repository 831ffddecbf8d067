//! All automation of the project, in Rust: `cargo xtask --help` says what there is.
//!
//! Nothing is asked of the machine but Rust, and for the tests with foreign clients Python and Node; what else is needed is
//! fetched below `target/`, once.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for people at a terminal")]

mod bench;
mod ci;
mod clients;
mod conformance;
mod debian;
mod demo;
mod fuzz;
mod install;
mod packages;
mod plugins;
mod receivers;
mod shell;
mod suite;
mod toolchain;
mod views;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Automation of wasmeter.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the plugins and example Views into target/plugins.
    BuildPlugins {
        /// Where the wasm toolchain is taken from.
        #[arg(long, value_enum, default_value_t)]
        toolchain: toolchain::From,
    },
    /// Build the View of examples/views in every language but Rust into target/plugins/views, and follow the READMEs of all to the
    /// letter outside of this repository; what builds it is fetched.
    BuildViews {
        /// Only in these languages.
        languages: Vec<views::Language>,
    },
    /// Build the plugins, prepare the foreign clients and run all tests.
    Test {
        /// Run only the tests whose name contains this.
        filter: Option<String>,
    },
    /// Show a simulated shop's metrics on their way through the host, while plugins come and change.
    Demo {
        /// End by itself so long after the start of the host; the steps, about 10 s, are done in any case.
        #[arg(long, value_name = "N")]
        seconds: Option<u64>,
    },
    /// Measure what things cost.
    Bench {
        #[command(subcommand)]
        bench: bench::Bench,
    },
    /// Run the cases in which the official SDK deviates from the specification on both, and write docs/side-by-side.md.
    SideBySide,
    /// Show which requirement of the specification has which tests, and write docs/conformance.md.
    Conformance,
    /// Fuzz the decoders and what plugins answer, one after the other; no part of the gate.
    Fuzz {
        /// Only the targets whose name, such as `otlp/decode_json`, contains this.
        #[arg(default_value = "")]
        filter: String,
        /// How long each runs.
        #[arg(long, value_name = "N", default_value_t = 300)]
        seconds: u64,
    },
    /// Run the whole gate: what must pass before a change is merged.
    Ci {
        /// Run only the steps of these names, such as `tidy`.
        steps: Vec<String>,
    },
    /// Fetch all that the other tasks need, so that they can run without a network.
    Setup,
}

fn main() -> ExitCode {
    if let Some(code) = fuzz::compile_if_asked() {
        return code;
    }
    // Not as `Result`: a backtrace of this tool says nothing of what failed.
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::BuildPlugins { toolchain } => plugins::build(toolchain).map(drop),
        Task::BuildViews { languages } => {
            views::build(&languages)?;
            views::follow(&languages)
        }
        Task::Test { filter } => suite::run(filter.as_deref(), &[]),
        Task::Demo { seconds } => demo::run(seconds, &[]),
        Task::Bench { bench } => bench::run(bench),
        Task::SideBySide => bench::side_by_side(),
        Task::Conformance => conformance::run(),
        Task::Ci { steps } => ci::run(steps),
        Task::Fuzz { filter, seconds } => fuzz::run(&filter, seconds),
        Task::Setup => setup(),
    }
}

fn setup() -> anyhow::Result<()> {
    toolchain::find(toolchain::From::default())?;
    clients::prepare()?;
    views::build(&[])?;
    receivers::prepare()?;
    ci::deny::install()?;
    shell::cargo().args(["fetch", "--locked"]).echoed()
}
