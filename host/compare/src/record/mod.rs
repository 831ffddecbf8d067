//! What measuring costs in either engine, from the same program and in the same minute.
//!
//! Each case first proves that both sides count the same; only then are they timed, in turns (ours, theirs, theirs, ours, ...),
//! so that whatever else the machine does falls on both. A round takes a quarter of a millisecond, much less than a
//! scheduler's slice; the median of all rounds is the result. After timing, the collected total must be the number of measurements made.

mod cases;
mod crew;
mod footprint;
mod harness;
mod line;
mod machine;
mod page;
mod subject;
mod wasm;

use std::path::PathBuf;

pub use line::{Line, Target};
pub use machine::Machine;
pub use page::{markdown, table};

/// How much is measured.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only proves that both sides count the same and that every case runs; times mean nothing.
    pub quick: bool,
    /// Only the cases whose name contains this.
    pub filter: Option<String>,
    /// The folder that `cargo xtask build-plugins` fills, for the cases about components; they are left out without.
    pub components: Option<PathBuf>,
}

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// One line a case.
    pub lines: Vec<Line>,
    /// Where the two sides do not count the same, or a measurement is missing. Such cases have no line.
    pub differences: Vec<String>,
}

/// Runs the cases and hands each line to `tell` as it comes.
///
/// # Errors
///
/// A component cannot be loaded.
pub fn run(options: &Options, mut tell: impl FnMut(&Line)) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    let harness = harness::Harness::new(options.quick);
    let components = options.components.as_deref().map(wasm::Components::load).transpose()?;
    let wanted = |name: &str| options.filter.as_ref().is_none_or(|part| name.contains(part.as_str()));
    let mut found = |result: Result<Vec<Line>, String>| match result {
        Ok(lines) => {
            for line in lines.into_iter().filter(|line| wanted(&line.case)) {
                tell(&line);
                outcome.lines.push(line);
            }
        }
        Err(difference) => outcome.differences.push(difference),
    };
    for case in cases::all(components.as_ref()) {
        if case.names().iter().any(|name| wanted(name)) {
            found(case.run(&harness));
        }
    }
    for footprint in footprint::ALL {
        if wanted(footprint.name) {
            found(footprint.run().map(|line| vec![line]));
        }
    }
    Ok(outcome)
}
