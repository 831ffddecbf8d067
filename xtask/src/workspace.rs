//! Where things are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use crate::shell;

/// The folder of the root `Cargo.toml`.
pub(crate) fn root() -> &'static Path {
    const MANIFEST_DIR: &str = env!("CARGO_MANIFEST_DIR");
    Path::new(MANIFEST_DIR).parent().unwrap_or(Path::new("."))
}

/// Cargo's target folder: what the task makes and fetches is below it.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        // A relative one is relative to where cargo was called, which is where this task runs.
        Some(dir) => std::path::absolute(&dir).unwrap_or_else(|_| dir.into()),
        None => root().join("target"),
    }
}

/// The environment's `PATH` with a folder before it.
pub(crate) fn path_with(first: &Path) -> anyhow::Result<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs = std::iter::once(first.to_owned()).chain(std::env::split_paths(&path));
    std::env::join_paths(dirs).with_context(|| format!("`{}` cannot be in PATH", first.display()))
}

/// What Cargo knows of the workspace, without its dependencies.
pub(crate) fn metadata() -> anyhow::Result<Value> {
    let text = shell::cargo().args(["metadata", "--format-version", "1", "--no-deps", "--locked"]).text()?;
    serde_json::from_str(&text).context("`cargo metadata` did not print JSON")
}
