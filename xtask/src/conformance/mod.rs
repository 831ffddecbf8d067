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
    let known = workspace_crates()?;
    let mut found = Vec::new();
    for owner in file.owners() {
        let package = format!("wasmeter-{owner}");
        // A crate that is not there yet shows nothing.
        if known.contains(&package) {
            found.extend(evidence::of(owner, &package, Vec::new())?);
        } else if known.iter().any(|known| known == owner) {
            // The program itself, whose tests need more than Cargo.
            found.extend(evidence::of(owner, owner, suite::needs()?)?);
        }
    }
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

fn workspace_crates() -> anyhow::Result<Vec<String>> {
    let metadata = workspace::metadata()?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    Ok(packages.filter_map(|package| Some(package["name"].as_str()?.to_owned())).collect())
}
