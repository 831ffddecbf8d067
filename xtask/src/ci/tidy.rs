//! What no compiler checks: the size and the look of files, and reasons for dependencies.

mod files;
mod manifests;

use std::path::PathBuf;

use anyhow::bail;

use crate::{shell, workspace};

/// What is wrong, each with its file and line.
type Findings = Vec<String>;

/// The files of the project: those Git knows, and new ones it does not ignore.
fn tracked() -> anyhow::Result<Vec<PathBuf>> {
    let listed = shell::program("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .text()?;
    let files = listed.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from);
    // Git lists what is deleted, too, until that is committed.
    Ok(files.filter(|file| workspace::root().join(file).is_file()).collect())
}

/// Checks every file.
pub(super) fn check() -> anyhow::Result<()> {
    let files = tracked()?;
    let mut findings = Findings::new();
    files::check(&files, &mut findings)?;
    manifests::check(&files, &mut findings)?;
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings", findings.len());
    }
    println!("{} files are tidy", files.len());
    Ok(())
}
