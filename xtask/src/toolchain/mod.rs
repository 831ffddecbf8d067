//! A Rust that compiles components: found or made, and tried before it is trusted.
//!
//! In this order: the compiler in use, if it has the target; the same after `rustup target add`; the compiler of Debian or
//! Ubuntu with a standard library built from their sources, for machines that reach a package mirror but not rustup's
//! servers. Nothing is installed outside rustup's own folder and `target/`.

mod debian;
mod linker;
mod probe;

use std::ffi::OsString;

use anyhow::bail;

use crate::shell::{self, Shell};

/// What plugins are compiled for: no operating system, so that a component imports what its world says and nothing else.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The environment in which Cargo compiles components.
#[derive(Clone, Debug)]
pub(crate) struct Toolchain {
    /// For people.
    pub(crate) description: String,
    variables: Vec<(String, OsString)>,
    /// Whether it is the compiler that is used without all this, which compiles components by itself.
    is_in_use: bool,
}

impl Toolchain {
    /// The program in the environment that compiles components.
    pub(crate) fn wrap(&self, program: Shell) -> Shell {
        // Flags for the host's own code would take the place of those the configuration has for components.
        let program = program.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        self.variables.iter().fold(program, |program, (key, value)| program.env(key, value))
    }

    /// As [`Toolchain::wrap`], where the program would not find the compiler by itself.
    pub(crate) fn wrap_unless_in_use(&self, program: Shell) -> Shell {
        if self.is_in_use { program } else { self.wrap(program) }
    }
}

/// The compiler in use, with a linker that makes components.
fn active() -> anyhow::Result<Toolchain> {
    let version = shell::rustc().arg("--version").text()?;
    let description = version.trim().to_owned();
    Ok(Toolchain { description, variables: linker::variables()?, is_in_use: true })
}

/// Succeeds if the compiler in use has the target, or rustup can give it.
fn with_target(in_use: &Toolchain) -> anyhow::Result<()> {
    if probe::compiles(in_use).is_ok() {
        return Ok(());
    }
    println!("{} cannot compile for {TARGET} yet", in_use.description);
    if !shell::exists("rustup") {
        bail!("has no target {TARGET}, and rustup, which could add it, is not installed");
    }
    shell::program("rustup").args(["target", "add", TARGET]).echoed()?;
    probe::compiles(in_use)
}

/// Where a toolchain is taken from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum From {
    /// What works first, in the order above.
    #[default]
    Anywhere,
    /// The packages of Debian or Ubuntu, whatever else works.
    Packages,
}

/// A toolchain that compiles components.
///
/// # Errors
///
/// Says what was tried, why it did not work, and what to install.
pub(crate) fn find(from: From) -> anyhow::Result<Toolchain> {
    if from == From::Packages {
        return debian::toolchain();
    }
    let mut tried = Vec::new();
    match active() {
        Ok(in_use) => match with_target(&in_use) {
            Ok(()) => return Ok(in_use),
            Err(error) => tried.push(format!("{}: {error:#}", in_use.description)),
        },
        Err(error) => tried.push(format!("the compiler in use: {error:#}")),
    }
    match debian::toolchain() {
        Ok(toolchain) => return Ok(toolchain),
        Err(error) => tried.push(format!("packages of Debian or Ubuntu: {error:#}")),
    }
    bail!(
        "no Rust on this machine compiles for {TARGET}. Install rustup from https://rustup.rs and run \
         `rustup target add {TARGET}`. What was tried:\n  {}",
        tried.join("\n  ")
    );
}
