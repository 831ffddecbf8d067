//! `cargo xtask conformance`: which row of the specification is shown by which test, and whether it passes.

mod evidence;
mod report;
mod rows;

use anyhow::{Context, bail};

use crate::{suite, workspace};
use report::Report;

/// Runs the tests of the crates that own rows, prints the table and writes `docs/conformance.md`.
pub(crate) fn run() -> anyhow::Result<()> {
    let file = rows::read()?;
    let owners: Vec<&str> = file.owners().into_iter().collect();
    let found = evidence::of(&owners, &suite::needs()?)?;
    let report = Report::new(&file, &found)?;
    print!("{}", report.lines());
    let path = workspace::root().join("docs/conformance.md");
    std::fs::write(&path, report.markdown())
        .with_context(|| format!("`{}` cannot be written", path.display()))?;
    println!("{}", report.summary());
    if report.has_failures() {
        bail!("rows fail; `cargo test` of their crate says why");
    }
    Ok(())
}
