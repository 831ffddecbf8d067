//! The compiler of Debian and Ubuntu, with a standard library for wasm built from their sources.
//!
//! For machines that reach a package mirror but not rustup's servers. The packages are unpacked below `target/`, not
//! installed: that needs no root, and leaves the machine's own compiler alone.

mod packages;
mod standard_library;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::{Toolchain, linker, probe};
use crate::{debian, shell, workspace};

/// Where shared libraries are, by the names of Debian's architectures.
fn multiarch() -> String {
    format!("{}-linux-gnu", std::env::consts::ARCH)
}

fn environment(dir: &Path) -> anyhow::Result<Toolchain> {
    let rustc = dir.join("usr/bin/rustc");
    // The compiler is a shared library beside the standard library's, LLVM another one.
    let libraries = std::env::join_paths([dir.join("usr/lib").join(multiarch()), dir.join("usr/lib")])?;
    let mut variables = linker::variables()?;
    variables.push(("RUSTC".to_owned(), rustc.clone().into_os_string()));
    variables.push(("LD_LIBRARY_PATH".to_owned(), libraries.clone()));
    let version = shell::program(&rustc).env("LD_LIBRARY_PATH", &libraries).arg("--version").text()?;
    let description = format!("{} of the distribution's packages", version.trim());
    Ok(Toolchain { description, variables, is_in_use: false })
}

/// The toolchain below `target/toolchain/debian`, made first if need be.
pub(super) fn toolchain() -> anyhow::Result<Toolchain> {
    let dir: PathBuf = workspace::target().join("toolchain/debian");
    if dir.join("complete").is_file() {
        let toolchain = environment(&dir)?;
        probe::compiles(&toolchain).with_context(|| format!("remove `{}` and try again", dir.display()))?;
        return Ok(toolchain);
    }
    if !debian::is_here() {
        bail!("no `apt-get` and `dpkg-deb` here");
    }
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    std::fs::create_dir_all(&dir)?;
    packages::unpack(&dir)?;
    let toolchain = environment(&dir)?;
    standard_library::build(&toolchain, &dir)?;
    probe::compiles(&toolchain)?;
    std::fs::write(dir.join("complete"), "")?;
    Ok(toolchain)
}
