//! Rotel, which wasmeter is measured beside where points are passed on: the program in its package of PyPI, which is built for some
//! systems only.

use std::path::PathBuf;

use crate::packages::python;
use crate::{shell, workspace};

/// The program, if it can be had here.
///
/// # Errors
///
/// There is no Python. That the package cannot be installed or started is told and no error.
pub(super) fn install() -> anyhow::Result<Option<PathBuf>> {
    let dir = workspace::target().join("peers/rotel");
    let wanted = workspace::root().join("host/load/rotel.txt");
    let python = match python::prepare(&wanted, &dir) {
        Ok(python) => python,
        Err(error) => {
            println!("without Rotel: {error:#}");
            return Ok(None);
        }
    };
    let Some(python) = python else { return Ok(None) };
    let place =
        "import importlib.util; print(importlib.util.find_spec('rotel').submodule_search_locations[0])";
    let folder = shell::program(&python).args(["-c", place]).text()?;
    let program = PathBuf::from(folder.trim()).join("rotel-agent");
    if !shell::program(&program).arg("--version").works() {
        println!("without Rotel: `{}` cannot be started", program.display());
        return Ok(None);
    }
    Ok(Some(program))
}
