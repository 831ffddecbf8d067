//! The linker that turns a wasm module into a component.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::{install, shell, workspace};

const COMPONENT_LINKER: &str = "wasm-component-ld";
const VARIABLE: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER";

/// Where a toolchain keeps the tools of its own that `PATH` does not show.
fn tools_dirs(sysroot: &Path) -> Vec<PathBuf> {
    let Ok(targets) = std::fs::read_dir(sysroot.join("lib/rustlib")) else { return Vec::new() };
    targets.flatten().map(|target| target.path().join("bin")).filter(|dir| dir.is_dir()).collect()
}

fn has(dir: &Path, name: &str) -> bool {
    dir.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)).is_file()
}

/// The environment in which the component linker, and the wasm linker it calls, are found without any set-up.
pub(super) fn variables() -> anyhow::Result<Vec<(String, OsString)>> {
    let sysroot = shell::rustc().args(["--print", "sysroot"]).text()?;
    let dirs = tools_dirs(Path::new(sysroot.trim()));
    let linker = match dirs.iter().find(|dir| has(dir, COMPONENT_LINKER)) {
        Some(dir) => dir.join(format!("{COMPONENT_LINKER}{}", std::env::consts::EXE_SUFFIX)),
        None => install::tool(COMPONENT_LINKER)?,
    };
    let mut variables = vec![(VARIABLE.to_owned(), linker.into_os_string())];
    match dirs.iter().find(|dir| has(dir, "rust-lld")) {
        Some(dir) => variables.push(("PATH".to_owned(), workspace::path_with(dir)?)),
        None if shell::exists("wasm-ld") => {}
        None => bail!(
            "no linker for wasm: neither `rust-lld` in the toolchain nor `wasm-ld` in PATH; install `lld`"
        ),
    }
    Ok(variables)
}
