//! Packages of Node.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::{is_made_from, stamp};
use crate::shell;

/// The lists a package folder is made from, the second one with the exact versions.
const LISTS: [&str; 2] = ["package.json", "package-lock.json"];

/// The folder of the packages that the lists in `lists` ask for; `None` if there are none.
pub(crate) fn prepare(lists: &Path, dir: &Path) -> anyhow::Result<Option<PathBuf>> {
    let mut wanted = String::new();
    for name in LISTS {
        let list = lists.join(name);
        match std::fs::read_to_string(&list) {
            Ok(text) => wanted.push_str(&text),
            Err(_) if !list.exists() => return Ok(None),
            Err(error) => return Err(error).context(format!("cannot read `{}`", list.display())),
        }
    }
    let node_modules = dir.join("node_modules");
    if is_made_from(dir, &wanted) && node_modules.is_dir() {
        return Ok(Some(node_modules));
    }
    if !shell::exists("npm") {
        bail!("no `npm` in PATH: install Node.js 20 or newer");
    }
    println!("fetching packages of Node into {}", dir.display());
    std::fs::create_dir_all(dir)?;
    for name in LISTS {
        std::fs::copy(lists.join(name), dir.join(name))?;
    }
    shell::program("npm")
        // What the lock file names and nothing else; no package's own scripts run.
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .dir(dir)
        .echoed()
        .with_context(|| {
            let list = lists.display();
            format!("the packages of `{list}` cannot be installed; is the package registry reachable?")
        })?;
    stamp(dir, &wanted)?;
    Ok(Some(node_modules))
}
