//! `cargo xtask ci`: the whole gate. Every step runs, so that one run says all that is wrong; how long each took stands at
//! the end.

mod arrows;
pub(crate) mod deny;
mod lints;
mod model;
mod purity;
mod steps;
mod tidy;

use crate::views::{self, Language};
use crate::{demo, plugins, shell, suite, toolchain};

/// Runs the steps of these names; all of them if there are none.
///
/// # Errors
///
/// Which steps failed, or that there is no such step.
pub(crate) fn run(only: Vec<String>) -> anyhow::Result<()> {
    let mut steps = steps::Steps::new(only);
    steps.run("fmt", || shell::cargo().args(["fmt", "--all", "--check"]).echoed());
    steps.run("tidy", tidy::check);
    steps.run("arrows", arrows::check);
    steps.run("purity", purity::check);
    steps.run("deny", deny::check);
    // A warning must not keep the tests from being run.
    let variables = if steps.run("clippy", lints::check) { lints::LINTED } else { &[] };
    steps.run("build-plugins", || plugins::build(toolchain::From::default()).map(drop));
    steps.run("clippy-components", plugins::clippy);
    // Those whose tools come ready-made; `build-views` follows the others, too, which compile theirs for minutes.
    steps.run("readmes", || views::follow(&[Language::Rust, Language::Javascript, Language::Python]));
    steps.run("test", || suite::run(None, variables));
    steps.run("model", model::check);
    steps.run("demo", || demo::run(Some(20), variables));
    steps.finish()
}
