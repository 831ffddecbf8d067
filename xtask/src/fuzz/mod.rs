//! Fuzzing of the decoders and of what plugins answer with libFuzzer, on the stable compiler: coverage guides it, and what is checked
//! are panics and the targets' own assertions. For an address sanitizer besides, `cargo +nightly fuzz` runs the same targets.

mod coverage;

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::packages::{is_made_from, stamp};
use crate::{shell, workspace};
pub(crate) use coverage::compile_if_asked;

/// A fuzz target.
struct Target {
    name: String,
    /// The `fuzz` folder it is of.
    folder: PathBuf,
}

impl Target {
    /// As it is shown and asked for, such as `otlp/decode_json`.
    fn title(&self) -> String {
        let owner = self.folder.parent().and_then(Path::file_name).unwrap_or_default();
        format!("{}/{}", owner.to_string_lossy(), self.name)
    }
}

/// Every target, by folder and name.
fn targets() -> anyhow::Result<Vec<Target>> {
    let mut targets = Vec::new();
    for owner in std::fs::read_dir(workspace::root().join("host"))? {
        let folder = owner?.path().join("fuzz");
        let Ok(files) = std::fs::read_dir(folder.join("fuzz_targets")) else { continue };
        for file in files {
            let file = file?.path();
            let name = file.file_stem().context("a target has a name")?.to_string_lossy().into_owned();
            targets.push(Target { name, folder: folder.clone() });
        }
    }
    targets.sort_by_key(Target::title);
    Ok(targets)
}

/// Runs each target whose title contains `filter` for so many seconds. What a run learns is kept in `target/fuzz` for the next; the
/// first begins with the files of `fuzz/seeds/NAME`, if there are any.
///
/// # Errors
///
/// A target does not build, or an input breaks it; that input is left in `target/fuzz`.
pub(crate) fn run(filter: &str, seconds: u64) -> anyhow::Result<()> {
    let all: Vec<Target> = targets()?.into_iter().filter(|target| target.title().contains(filter)).collect();
    ensure!(!all.is_empty(), "no target has `{filter}` in its name");
    let dir = workspace::target().join("fuzz");
    let host = shell::rustc().args(["--print", "host-tuple"]).text()?;
    let host = host.trim();
    let build = build_folder(&dir)?;
    for target in &all {
        println!("=== {}", target.title());
        // For a target machine, so that what builds and runs at once is not instrumented.
        let cargo = shell::cargo()
            .args(["build", "--release", "--target", host, "--bin", &target.name, "--manifest-path"])
            .arg(target.folder.join("Cargo.toml"))
            .env("CARGO_TARGET_DIR", &build);
        coverage::watched(cargo)?.run()?;
        let place = dir.join(target.title());
        let corpus = place.join("corpus");
        std::fs::create_dir_all(&corpus)?;
        let mut program = shell::program(build.join(host).join("release").join(&target.name))
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-artifact_prefix={}/", place.display()))
            .args(["-rss_limit_mb=4096", "-timeout=30", "-print_final_stats=1"])
            .arg(&corpus);
        let seeds = target.folder.join("seeds").join(&target.name);
        if seeds.is_dir() {
            program = program.arg(seeds);
        }
        program.run()?;
    }
    Ok(())
}

/// The folder of the builds; empty if what is in it was built with other flags.
fn build_folder(dir: &Path) -> anyhow::Result<PathBuf> {
    let build = dir.join("build");
    if !is_made_from(&build, &coverage::flags()) {
        if build.exists() {
            std::fs::remove_dir_all(&build)?;
        }
        std::fs::create_dir_all(&build)?;
        stamp(&build, &coverage::flags())?;
    }
    Ok(build)
}
