//! What measuring costs in either engine, from the same program and in the same minute.
//!
//! Each case first proves that both sides count the same; only then are they timed, in turns (ours, theirs, theirs, ours, ...),
//! so that whatever else the machine does falls on both. A round takes a quarter of a millisecond, much less than a
//! scheduler's slice; the median of all rounds is the result. After timing, the collected total must be the number of measurements made.
//!
//! A virtual machine may lose half of a processor to its neighbours for seconds, which is longer than a case takes. So there are
//! several passes over all cases, and of each case that pass counts in which it was least disturbed.

mod cases;
mod crew;
mod footprint;
mod harness;
mod line;
mod page;
mod subject;
mod wasm;

use std::path::PathBuf;

pub use line::{Line, Target};
pub use page::{markdown, table};
pub use wasmeter_machine::Machine;

/// How often all cases are timed.
const PASSES: usize = 12;

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

/// What there is to tell of a run that goes on.
#[derive(Clone, Copy, Debug)]
pub enum Told<'a> {
    /// A further pass begins: the how many-th, of how many.
    Pass(usize, usize),
    /// A line that will not change any more.
    Line(&'a Line),
}

/// How much a case was disturbed in the pass in which it was least so far, and its lines then.
type Best = Option<Result<(f64, Vec<Line>), String>>;

/// Takes a further pass into account. A difference in any pass is one.
fn keep_best(known: &mut Best, new: Result<(f64, Vec<Line>), String>) {
    let is_better = match (&*known, &new) {
        (None, _) | (Some(Ok(_)), Err(_)) => true,
        (Some(Ok((known, _))), Ok((new, _))) => new < known,
        (Some(Err(_)), _) => false,
    };
    if is_better {
        *known = Some(new);
    }
}

/// Runs the cases and tells how it goes on.
///
/// # Errors
///
/// A component cannot be loaded.
pub fn run(options: &Options, mut tell: impl FnMut(Told<'_>)) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    let harness = harness::Harness::new(options.quick);
    let components = options.components.as_deref().map(wasm::Components::load).transpose()?;
    let wanted = |name: &str| options.filter.as_ref().is_none_or(|part| name.contains(part.as_str()));
    let is_wanted = |case: &cases::Case| case.names().iter().any(|name| wanted(name));
    let cases: Vec<_> = cases::all(components.as_ref()).into_iter().filter(is_wanted).collect();
    let mut best: Vec<Best> = cases.iter().map(|_| None).collect();
    let passes = if options.quick { 1 } else { PASSES };
    for pass in 1..=passes {
        if !cases.is_empty() && passes > 1 {
            tell(Told::Pass(pass, passes));
        }
        for (case, best) in cases.iter().zip(&mut best) {
            keep_best(best, case.run(&harness));
        }
    }
    let mut found = |result: Result<Vec<Line>, String>| match result {
        Ok(lines) => {
            for line in lines.into_iter().filter(|line| wanted(&line.case)) {
                tell(Told::Line(&line));
                outcome.lines.push(line);
            }
        }
        Err(difference) => outcome.differences.push(difference),
    };
    best.into_iter().flatten().for_each(|case| found(case.map(|(_, lines)| lines)));
    for footprint in footprint::ALL {
        if wanted(footprint.name) {
            found(footprint.run().map(|line| vec![line]));
        }
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::{Best, Line, keep_best};

    fn line(ours: f64) -> Line {
        Line { case: "case".to_owned(), ours, theirs: 1.0, unit: "ns", target: None, ratio_of_fastest: None }
    }

    #[test]
    fn the_pass_counts_that_was_least_disturbed_whatever_the_ratio() {
        let mut known: Best = None;
        for (disturbance, ours) in [(3.0, 10.0), (1.0, 30.0), (2.0, 20.0)] {
            keep_best(&mut known, Ok((disturbance, vec![line(ours)])));
        }
        assert!(matches!(known, Some(Ok((_, lines))) if lines[0].ours == 30.0));
    }

    #[test]
    fn a_difference_in_any_pass_is_told() {
        let mut known: Best = None;
        for new in [Ok((1.0, vec![line(1.0)])), Err("differs".to_owned()), Ok((0.5, vec![line(1.0)]))] {
            keep_best(&mut known, new);
        }
        assert!(matches!(known, Some(Err(error)) if error == "differs"));
    }
}
