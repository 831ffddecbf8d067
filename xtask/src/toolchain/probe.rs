//! Trying a toolchain on one line of Rust.

use anyhow::{Context, bail};

use super::{TARGET, Toolchain};
use crate::shell::{self, Shell};
use crate::workspace;

/// Uses the allocator and the standard library, without which a plugin cannot do.
const SOURCE: &str =
    "#[unsafe(no_mangle)] pub extern \"C\" fn probe(n: usize) -> usize { vec![0u8; n].len() }\n";

/// The magic number and the layer that tell a component from a core module.
const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";

fn rustc(toolchain: &Toolchain) -> Shell {
    let own = toolchain.variables.iter().find(|(key, _)| key == "RUSTC");
    toolchain.wrap(own.map_or_else(shell::rustc, |(_, rustc)| shell::program(rustc)))
}

/// Succeeds if the toolchain makes a component of one line of Rust. Takes a fraction of a second.
pub(super) fn compiles(toolchain: &Toolchain) -> anyhow::Result<()> {
    let dir = workspace::target().join("toolchain");
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot create `{}`", dir.display()))?;
    let (source, component) = (dir.join("probe.rs"), dir.join("probe.wasm"));
    std::fs::write(&source, SOURCE)?;
    let linker = toolchain.variables.iter().find(|(key, _)| key.ends_with("_LINKER"));
    let mut rustc = rustc(toolchain)
        .args([
            "--edition",
            "2024",
            "--crate-type",
            "cdylib",
            "-Cpanic=abort",
            "-Copt-level=s",
            "--target",
            TARGET,
        ])
        .arg("-o")
        .arg(&component)
        .arg(&source);
    if let Some((_, linker)) = linker {
        rustc = rustc.arg(format!("-Clinker={}", linker.to_string_lossy()));
    }
    rustc.text()?;
    let made = std::fs::read(&component)?;
    if !made.starts_with(&COMPONENT) {
        bail!("{} made something, but not a component", toolchain.description);
    }
    Ok(())
}
