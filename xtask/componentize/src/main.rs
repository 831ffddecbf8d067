//! What makes components of C and Go, for `cargo xtask build-views`: bindings from the contract, and a component from a core
//! module. The libraries of `wit-bindgen` and `wasm-tools`, which take minutes to build as programs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand, ValueEnum};
use wit_bindgen_core::{Files, WorldGenerator};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

/// Bindings and components.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Writes the bindings of a world; as `wit-bindgen LANGUAGE WIT --world WORLD --out-dir OUT`.
    Bindings {
        #[arg(long)]
        language: Language,
        /// The folder of the contract.
        #[arg(long)]
        wit: PathBuf,
        #[arg(long)]
        world: String,
        #[arg(long)]
        out: PathBuf,
    },
    /// Makes a component of a core module; as `wasm-tools component embed` and `wasm-tools component new`.
    Component {
        /// The core module.
        module: PathBuf,
        #[arg(long)]
        out: PathBuf,
        /// The folder of the contract and the world, for a module that does not say itself of what world it is.
        #[arg(long, num_args = 2, value_names = ["WIT", "WORLD"])]
        embed: Option<Vec<String>>,
        /// A module, perhaps as text, that has what the core module imports of `wasi_snapshot_preview1`.
        #[arg(long)]
        adapter: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Language {
    C,
    Go,
}

#[expect(clippy::print_stderr, reason = "a tool for people at a terminal")]
fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Bindings { language, wit, world, out } => bindings(language, &wit, &world, &out),
        Task::Component { module, out, embed, adapter } => {
            component(&module, &out, embed.as_deref(), adapter.as_deref())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bindings(language: Language, wit: &Path, world: &str, out: &Path) -> anyhow::Result<()> {
    let mut resolve = wit_bindgen_core::wit_parser::Resolve::default();
    let (package, _) = resolve.push_path(wit)?;
    let world = resolve.select_world(&[package], Some(world))?;
    let mut generator: Box<dyn WorldGenerator> = match language {
        Language::C => wit_bindgen_c::Opts::default().build(),
        Language::Go => wit_bindgen_go::Opts::default().build(),
    };
    let mut files = Files::default();
    generator.generate(&mut resolve, world, &mut files)?;
    for (name, content) in files.iter() {
        let file = out.join(name);
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&file, content).with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    Ok(())
}

fn component(
    module: &Path,
    out: &Path,
    embed: Option<&[String]>,
    adapter: Option<&Path>,
) -> anyhow::Result<()> {
    let mut bytes = std::fs::read(module).with_context(|| format!("cannot read `{}`", module.display()))?;
    match embed {
        None => {}
        Some([wit, world]) => {
            let mut resolve = wit_parser::Resolve::default();
            let (package, _) = resolve.push_path(wit)?;
            let world = resolve.select_world(&[package], Some(world))?;
            embed_component_metadata(&mut bytes, &resolve, world, StringEncoding::UTF8)?;
        }
        Some(other) => bail!("found {} values of `--embed`, expected 2", other.len()),
    }
    let mut encoder = ComponentEncoder::default().validate(true).module(&bytes)?;
    if let Some(adapter) = adapter {
        let adapter =
            wat::parse_file(adapter).with_context(|| format!("cannot read `{}`", adapter.display()))?;
        encoder = encoder.adapter("wasi_snapshot_preview1", &adapter)?;
    }
    let component = encoder.encode().context("the module does not make a component")?;
    std::fs::write(out, component).with_context(|| format!("cannot write `{}`", out.display()))
}
