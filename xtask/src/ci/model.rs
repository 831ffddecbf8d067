//! What threads do without locks, under a model checker. It replaces atomics by its own throughout a build, so that build has a
//! folder of its own.

use crate::{shell, workspace};

/// Explores the engine's models: every interleaving within their bounds.
pub(super) fn check() -> anyhow::Result<()> {
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    shell::cargo()
        .env("RUSTFLAGS", format!("{flags} --cfg loom -Dwarnings"))
        .env("CARGO_TARGET_DIR", workspace::target().join("model"))
        .args(["test", "--package", "wasmeter-engine", "--lib", "--locked", "model::"])
        .echoed()
}
