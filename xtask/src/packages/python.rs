//! A virtual environment of Python.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::{is_made_from, stamp};
use crate::shell;

/// Debian and Ubuntu leave out what `venv` needs; each of these makes an environment without it or fetches it.
fn create(dir: &Path) -> anyhow::Result<()> {
    if !shell::exists("python3") && !shell::exists("uv") {
        bail!(
            "no `python3` in PATH: install Python 3.10 or newer (Debian: apt-get install python3 python3-venv)"
        );
    }
    let venv = || shell::program("python3").args(["-m", "venv"]).arg(dir);
    let python = dir.join("bin/python");
    let has_pip = || shell::program(&python).args(["-m", "pip", "--version"]).works();
    if venv().works() && has_pip() {
        return Ok(());
    }
    // What is left of an attempt would be taken for an environment by the next one.
    let clear = || if dir.exists() { std::fs::remove_dir_all(dir) } else { Ok(()) };
    clear()?;
    if shell::program("python3").args(["-m", "virtualenv", "--quiet"]).arg(dir).works() && has_pip() {
        return Ok(());
    }
    clear()?;
    if shell::program("uv").args(["venv", "--seed", "--quiet"]).arg(dir).works() && has_pip() {
        return Ok(());
    }
    clear()?;
    let install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "python3-venv"];
    let [apt, arguments @ ..] = install;
    let installed =
        shell::program(apt).args(arguments).works() || shell::program("sudo").arg("-n").args(install).works();
    if installed && venv().works() && has_pip() {
        return Ok(());
    }
    bail!(
        "`python3 -m venv` does not work here, nor do virtualenv and uv: install one of them \
         (Debian: apt-get install python3-venv)"
    );
}

/// The Python of the environment that has what `requirements` lists; `None` if there is no such list.
pub(crate) fn prepare(requirements: &Path, dir: &Path) -> anyhow::Result<Option<PathBuf>> {
    if !requirements.is_file() {
        return Ok(None);
    }
    let wanted = std::fs::read_to_string(requirements)?;
    let python = dir.join("bin/python");
    if is_made_from(dir, &wanted) && shell::program(&python).arg("--version").works() {
        return Ok(Some(python));
    }
    println!("making a virtual environment of Python in {}", dir.display());
    if dir.exists() {
        std::fs::remove_dir_all(dir)?;
    }
    if let Some(parent) = dir.parent() {
        std::fs::create_dir_all(parent)?;
    }
    create(dir)?;
    shell::program(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(requirements)
        .echoed()
        .with_context(|| {
            let list = requirements.display();
            format!("the packages of `{list}` cannot be installed; is the package index reachable?")
        })?;
    stamp(dir, &wanted)?;
    Ok(Some(python))
}
