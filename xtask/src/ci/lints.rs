//! The workspace's lints, looked at while it is compiled.
//!
//! `cargo clippy` has `cargo check` call `clippy-driver`, a compiler that also lints, in place of the compiler. What it checks is then
//! compiled once more, with all it depends on. Here the builds that the tests and the demo run call it, so that everything is
//! compiled once. What is tested is then built without optimisations of MIR, which the lints want to see as it was written.

use crate::shell;

/// What has Cargo compile the workspace's own code with lints, of which none is let pass. Whatever is built from the same code
/// has to be given the same, or it is built again.
pub(super) const LINTED: &[(&str, &str)] = &[
    ("RUSTC_WORKSPACE_WRAPPER", "clippy-driver"),
    // As `cargo clippy -- -Dwarnings` passes it on.
    ("CLIPPY_ARGS", "-Dwarnings__CLIPPY_HACKERY__"),
];

/// Compiles all there is in the workspace.
pub(super) fn check() -> anyhow::Result<()> {
    shell::cargo()
        .envs(LINTED)
        .args(["build", "--workspace", "--all-targets", "--locked", "--keep-going"])
        .echoed()
}
