//! Licences, sources and banned crates, by cargo-deny and `deny.toml`.

use std::path::PathBuf;

use crate::{install, shell};

/// The program, installed if need be.
pub(crate) fn install() -> anyhow::Result<PathBuf> {
    install::tool("cargo-deny")
}

/// Checks what the workspace depends on. Not the advisories, whose answer changes without a change of the project's: the
/// gate must say the same of one commit today and tomorrow.
pub(super) fn check() -> anyhow::Result<()> {
    shell::program(install()?)
        .args(["--workspace", "--locked", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"])
        .echoed()
}
