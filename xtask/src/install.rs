//! Tools of crates.io, built once below `target/tools`.

use std::path::PathBuf;

use crate::{shell, workspace};

/// The program of a crate of the same name: the one in `PATH`, else one installed for this workspace.
pub(crate) fn tool(name: &str) -> anyhow::Result<PathBuf> {
    if shell::exists(name) {
        return Ok(name.into());
    }
    let tools = workspace::target().join("tools");
    let program = tools.join("bin").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        println!("{name} is not installed; building it, once");
        shell::cargo()
            // Not optimised: it is built in half the time that way, and used for seconds.
            .args(["install", "--locked", "--quiet", "--debug", name, "--root"])
            .arg(&tools)
            // Not the workspace's own, whose lock and profiles have nothing to do with the tool's.
            .env("CARGO_TARGET_DIR", tools.join("build"))
            .echoed()?;
        // Hundreds of megabytes nobody asks for again.
        std::fs::remove_dir_all(tools.join("build"))?;
    }
    Ok(program)
}
