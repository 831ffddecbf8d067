//! `cargo xtask ci`: the whole gate. Every step runs, so that one run says all that is wrong; how long each took stands at
//! the end.

mod arrows;
pub(crate) mod deny;
mod steps;
mod tidy;

use crate::{plugins, shell, suite, toolchain};

/// Runs every step.
///
/// # Errors
///
/// Which steps failed.
pub(crate) fn run() -> anyhow::Result<()> {
    let mut steps = steps::Steps::default();
    steps.run("fmt", || shell::cargo().args(["fmt", "--all", "--check"]).echoed());
    steps.run("tidy", tidy::check);
    steps.run("arrows", arrows::check);
    steps.run("deny", deny::check);
    steps.run("clippy", || {
        let all = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-Dwarnings"];
        shell::cargo().args(all).echoed()
    });
    steps.run("build-plugins", || plugins::build(toolchain::From::default()).map(drop));
    steps.run("clippy of components", plugins::clippy);
    steps.run("test", || suite::run(None));
    steps.finish()
}
