//! The OpenTelemetry Collector that wasmeter is measured beside, built by its own builder from the Go module proxy.

use std::path::PathBuf;

use anyhow::{Context, ensure};

use crate::packages::python;
use crate::{shell, workspace};

/// The builder, of the same release as the components in `host/load/collector.yaml`.
const BUILDER: &str = "go.opentelemetry.io/collector/cmd/builder@v0.155.0";

/// Builds it unless that was done; the program. Takes minutes the first time.
///
/// # Errors
///
/// There is no Go, the modules cannot be fetched, or they do not compile.
pub(super) fn build() -> anyhow::Result<PathBuf> {
    let dir = workspace::target().join("peers/collector");
    let source = workspace::root().join("host/load/collector.yaml");
    let config = dir.join("builder.yaml");
    let program = dir.join("otelcol-peer");
    if program.is_file() && std::fs::read(&config).ok() == std::fs::read(&source).ok() {
        return Ok(program);
    }
    // The Go of the View in Go, where that has it.
    let wanted = workspace::root().join("examples/views/go/requirements.txt");
    let python = python::prepare(&wanted, &workspace::target().join("languages/go/venv"))?;
    let go = python.with_context(|| format!("no `{}`", wanted.display()))?.with_file_name("go");
    println!("building the Collector in {}", dir.display());
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    std::fs::create_dir_all(&dir)?;
    let go = |arguments: &[&str]| {
        shell::program(&go)
            .args(arguments)
            .dir(&dir)
            .env("GOPATH", workspace::target().join("peers/go"))
            .env("GOCACHE", workspace::target().join("peers/go-cache"))
            .env("GOENV", "off")
            .env("GOTOOLCHAIN", "local")
    };
    // Its last step tidies the module, which asks for what only tests of the components need, and some of that is not to be had:
    // all that is needed here is there before.
    let written = go(&["run", BUILDER, "--skip-compilation", "--config"]).arg(&source).run();
    ensure!(dir.join("go.mod").is_file(), "the builder wrote no module: {written:?}");
    go(&["build", "-mod=mod", "-trimpath", "-ldflags=-s -w", "-o", "otelcol-peer", "."]).run()?;
    std::fs::copy(&source, &config)?;
    Ok(program)
}
