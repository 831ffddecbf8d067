//! Fuzzing of the decoders with libFuzzer, on the stable compiler: coverage guides it, and what is checked are panics and the
//! targets' own assertions. For an address sanitizer besides, `cargo +nightly fuzz` runs the same targets.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::{shell, workspace};

/// Tells the fuzzer which code an input reaches.
const COVERAGE: [&str; 8] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
    "--cfg=fuzzing",
];

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
    for target in &all {
        println!("=== {}", target.title());
        // For a target machine, so that what builds and runs at once is not instrumented.
        shell::cargo()
            .args(["build", "--release", "--target", host, "--bin", &target.name, "--manifest-path"])
            .arg(target.folder.join("Cargo.toml"))
            .env("CARGO_TARGET_DIR", dir.join("build"))
            .env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\u{1f}"))
            .run()?;
        let place = dir.join(target.title());
        let corpus = place.join("corpus");
        std::fs::create_dir_all(&corpus)?;
        let mut program = shell::program(dir.join("build").join(host).join("release").join(&target.name))
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
