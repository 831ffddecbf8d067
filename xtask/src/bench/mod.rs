//! `cargo xtask bench` and `side-by-side`: wasmeter, built as it would be installed, beside the official SDK and by itself.

mod collector;
mod rotel;

use std::path::PathBuf;

use clap::Subcommand;

use crate::{plugins, shell, toolchain, views, workspace};

/// Where the page of the cases is.
const SIDE_BY_SIDE: &str = "docs/side-by-side.md";

/// What to run.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// What measuring and collecting costs beside the official SDK, and what series weigh.
    Record {
        /// Only prove that both sides count the same and that every case runs; in a minute, times mean nothing.
        #[arg(long)]
        quick: bool,
        /// Only the cases whose name contains this.
        #[arg(long, value_name = "TEXT")]
        filter: Option<String>,
        /// Write the lines to this file as JSON: a list of `{case, ours, theirs, unit, ratio, target, ok}`.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
        /// Write the page to this file; docs/benchmarks.md is the one of the project. What it has below `## Notes` stays.
        #[arg(long, value_name = "FILE")]
        markdown: Option<PathBuf>,
    },
    /// What a frame costs on its way through a processor, beside other shapes it could have.
    Frame {
        /// Write the page to this file; docs/benchmarks-frame.md is the one of the project.
        #[arg(long, value_name = "FILE")]
        markdown: Option<PathBuf>,
    },
    /// What replacing plugins costs a host under load: that nothing is lost, doubled or reset, and what waits for it.
    Swap {
        /// How often each plugin is replaced.
        #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
        swaps: u32,
        /// Only the plugins whose world and name contain this.
        #[arg(long, value_name = "TEXT")]
        filter: Option<String>,
        /// Write the page to this file; docs/swap.md is the one of the project.
        #[arg(long, value_name = "FILE")]
        markdown: Option<PathBuf>,
    },
    /// What a received point costs in process, from the bytes of a request to the state of its series, and out again.
    Ingest {
        /// Write the page to this file; docs/benchmarks-ingest.md is the one of the project.
        #[arg(long, value_name = "FILE")]
        markdown: Option<PathBuf>,
    },
    /// Whole programs under the same load: wasmeter beside the OpenTelemetry Collector, which is built first, and Rotel.
    Compare {
        /// How many points each series gets in other programs.
        #[arg(long, value_name = "NUMBER", default_value_t = 30)]
        rounds: usize,
        /// How many it gets in wasmeter, which takes them faster; half of it if it is a histogram, a quarter where series change.
        #[arg(long, value_name = "NUMBER", default_value_t = 400)]
        our_rounds: usize,
        /// Only the scenarios whose name contains this.
        #[arg(long, value_name = "TEXT")]
        filter: Option<String>,
        /// Write the page to this file; docs/benchmarks-compare.md is the one of the project.
        #[arg(long, value_name = "FILE")]
        markdown: Option<PathBuf>,
    },
    /// What a host does with more than it can take, beside the Collector, which is built first: what it refuses, what memory that
    /// costs, and that what it took is exact.
    Overload {
        /// Only the scenarios whose name contains this.
        #[arg(long, value_name = "TEXT")]
        filter: Option<String>,
        /// Write the page to this file; docs/overload.md is the one of the project.
        #[arg(long, value_name = "FILE")]
        markdown: Option<PathBuf>,
    },
    /// What the View of examples/views costs in each language: size, load, calls and memory.
    Views {
        /// Write the page to this file; docs/languages.md is the one of the project.
        #[arg(long, value_name = "FILE")]
        markdown: Option<PathBuf>,
    },
}

/// Builds the program and runs it.
///
/// # Errors
///
/// It cannot be built, or the sides do not count the same. A target that is missed is no error.
pub(crate) fn run(bench: Bench) -> anyhow::Result<()> {
    match bench {
        Bench::Record { quick, filter, json, markdown } => {
            plugins::build(toolchain::From::default())?;
            let mut program = program().arg("record");
            if quick {
                program = program.arg("--quick");
            }
            if let Some(filter) = filter {
                program = program.arg("--filter").arg(filter);
            }
            for (option, file) in [("--json", json), ("--markdown", markdown)] {
                if let Some(file) = file {
                    // Relative to where the task was called, while programs run in the root folder.
                    program = program.arg(option).arg(std::path::absolute(file)?);
                }
            }
            program.arg("--components").arg(workspace::target().join("plugins")).run()
        }
        Bench::Frame { markdown } => {
            let components = plugins::build(toolchain::From::default())?;
            let mut bench = shell::cargo()
                .args(["bench", "--locked", "--quiet", "--package", "wasmeter-runtime", "--bench", "frame"])
                .env("WASMETER_HOSTILE", components.hostile);
            if let Some(file) = markdown {
                bench = bench.env("WASMETER_BENCH_PAGE", std::path::absolute(file)?);
            }
            bench.run()
        }
        Bench::Swap { swaps, filter, markdown } => {
            plugins::build(toolchain::From::default())?;
            let target = workspace::target();
            let mut program = load()?.arg("swap").arg("--swaps").arg(swaps.to_string());
            if let Some(filter) = filter {
                program = program.arg("--filter").arg(filter);
            }
            if let Some(file) = markdown {
                program = program.arg("--markdown").arg(std::path::absolute(file)?);
            }
            program = program.arg("--binary").arg(target.join("release/wasmeter"));
            program.arg("--components").arg(target.join("plugins/components")).run()
        }
        Bench::Ingest { markdown } => {
            plugins::build(toolchain::From::default())?;
            let mut program = load()?.arg("ingest");
            program = program.arg("--components").arg(workspace::target().join("plugins/components"));
            if let Some(file) = markdown {
                program = program.arg("--markdown").arg(std::path::absolute(file)?);
            }
            program.run()
        }
        Bench::Compare { rounds, our_rounds, filter, markdown } => {
            let (collector, rotel) = (collector::build()?, rotel::install()?);
            let mut program = load()?.arg("compare").arg("--rounds").arg(rounds.to_string());
            program = program.arg("--our-rounds").arg(our_rounds.to_string());
            if let Some(filter) = filter {
                program = program.arg("--filter").arg(filter);
            }
            if let Some(file) = markdown {
                program = program.arg("--markdown").arg(std::path::absolute(file)?);
            }
            if let Some(rotel) = rotel {
                program = program.arg("--rotel").arg(rotel);
            }
            program = program.arg("--binary").arg(workspace::target().join("release/wasmeter"));
            program.arg("--collector").arg(collector).run()
        }
        Bench::Overload { filter, markdown } => {
            let collector = collector::build()?;
            let mut program = load()?.arg("overload").arg("--collector").arg(collector);
            if let Some(filter) = filter {
                program = program.arg("--filter").arg(filter);
            }
            if let Some(file) = markdown {
                program = program.arg("--markdown").arg(std::path::absolute(file)?);
            }
            program.arg("--binary").arg(workspace::target().join("release/wasmeter")).run()
        }
        Bench::Views { markdown } => {
            plugins::build(toolchain::From::default())?;
            views::build(&[])?;
            let mut program = load()?.arg("views");
            if let Some(file) = markdown {
                program = program.arg("--markdown").arg(std::path::absolute(file)?);
            }
            program.arg("--components").arg(workspace::target().join("plugins")).run()
        }
    }
}

/// Runs the cases in which the official SDK deviates from the specification, and writes their page.
///
/// # Errors
///
/// The program cannot be built or the page not written.
pub(crate) fn side_by_side() -> anyhow::Result<()> {
    program().args(["defects", "--markdown", SIDE_BY_SIDE]).echoed()
}

/// The program that measures whole hosts and their plugins, and the host.
fn load() -> anyhow::Result<shell::Shell> {
    // Together, so that what both are built on is built once.
    let packages = ["--package", "wasmeter", "--package", "wasmeter-load"];
    shell::cargo().args(["build", "--release", "--locked", "--quiet"]).args(packages).run()?;
    Ok(shell::program(workspace::target().join("release/wasmeter-load")))
}

/// The program that stands side by side with the official SDK.
fn program() -> shell::Shell {
    shell::cargo().args(["run", "--release", "--locked", "--quiet", "--package", "wasmeter-compare", "--"])
}
