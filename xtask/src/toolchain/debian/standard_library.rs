//! The standard library for wasm, which the distributions do not have for their newest compiler.

use std::path::Path;

use anyhow::Context;

use super::super::{TARGET, Toolchain};
use crate::shell;

/// A crate of nothing, for the sake of what it depends on. One unit, so that the library is optimised as a whole.
const MANIFEST: &str = "[package]\nname = \"nothing\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
                        [profile.release]\ncodegen-units = 1\n[workspace]\n";

/// Builds the library and puts it where the compiler looks for it.
pub(super) fn build(toolchain: &Toolchain, dir: &Path) -> anyhow::Result<()> {
    println!("building the standard library for {TARGET}, once");
    let source = dir.join("nothing");
    std::fs::create_dir_all(source.join("src"))?;
    std::fs::write(source.join("src/lib.rs"), "#![no_std]\n")?;
    std::fs::write(source.join("Cargo.toml"), MANIFEST)?;
    let target = source.join("target");
    toolchain
        .wrap(shell::cargo())
        .args(["build", "--quiet", "--release", "--target", TARGET, "-Zbuild-std=std,panic_abort"])
        .dir(&source)
        .env("CARGO_TARGET_DIR", &target)
        // Building the standard library is not stable in Cargo; using it, once built, is.
        .env("RUSTC_BOOTSTRAP", "1")
        // Without bitcode in it, plugins could not be optimised together with it.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .run()?;
    let library = dir.join("usr/lib/rustlib").join(TARGET).join("lib");
    std::fs::create_dir_all(&library)?;
    let made = target.join(TARGET).join("release/deps");
    for file in
        std::fs::read_dir(&made).with_context(|| format!("nothing was built in `{}`", made.display()))?
    {
        let file = file?;
        let name = file.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(".rlib") && !name.starts_with("libnothing") {
            std::fs::copy(file.path(), library.join(&*name))?;
        }
    }
    std::fs::remove_dir_all(&source)?;
    Ok(())
}
