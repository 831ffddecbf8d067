//! Which code tells the fuzzer what an input reaches: that of this repository. What it depends on, a compiler of wasm among it, is
//! built as for any release; watched itself, it would take hours to build and draw the fuzzer to what is not asked about.
//!
//! Flags that Cargo knows are for all crates alike, so Cargo calls this program in place of the compiler.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Context;

use crate::shell::Shell;
use crate::workspace;

/// What the crates of this repository are compiled with besides.
const FLAGS: [&str; 9] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
    "-Coverflow-checks",
    "--cfg=fuzzing",
];

/// Set where this program stands in for the compiler.
const MARK: &str = "WASMETER_FUZZ_COVERAGE";

/// Has a build of Cargo's call this program in place of the compiler.
///
/// # Errors
///
/// This program does not know where it is.
pub(super) fn watched(cargo: Shell) -> anyhow::Result<Shell> {
    let this = std::env::current_exe().context("this program does not know its own path")?;
    Ok(cargo.env("RUSTC_WRAPPER", this).env(MARK, "1"))
}

/// The flags as one text: what was built with others is to be built anew, which Cargo does not notice.
pub(super) fn flags() -> String {
    FLAGS.join(" ")
}

/// Compiles what Cargo asks for, if this program was called in place of the compiler.
pub(crate) fn compile_if_asked() -> Option<ExitCode> {
    std::env::var_os(MARK)?;
    let mut words = std::env::args_os().skip(1);
    let compiler = words.next()?;
    let words: Vec<OsString> = words.collect();
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR");
    let watched = is_watched(&words, manifest.as_deref(), workspace::root());
    let mut command = Command::new(compiler);
    command.args(words);
    if watched {
        command.args(FLAGS);
    }
    Some(match command.status() {
        Ok(status) => {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            ExitCode::from(code.unwrap_or(1))
        }
        Err(error) => {
            eprintln!("error: the compiler cannot be started: {error}");
            ExitCode::FAILURE
        }
    })
}

/// Whether it is a crate of this repository, and one for the target machine: what runs during the build is not fuzzed.
fn is_watched(words: &[OsString], manifest: Option<&OsStr>, root: &Path) -> bool {
    let ours = manifest.is_some_and(|dir| Path::new(dir).starts_with(root));
    ours && words.iter().any(|word| word == "--target")
}

#[cfg(test)]
mod tests {
    use std::ffi::{OsStr, OsString};
    use std::path::Path;

    use super::is_watched;

    #[test]
    fn only_crates_of_this_repository_for_the_target_machine_are_watched() {
        let watched = |words: &str, manifest: Option<&str>| {
            let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
            is_watched(&words, manifest.map(OsStr::new), Path::new("/repository"))
        };
        let target = "--crate-name frame --target x86_64-unknown-linux-gnu";
        assert!(watched(target, Some("/repository/host/runtime/fuzz")));
        assert!(watched(target, Some("/repository/host/model")));
        assert!(!watched(target, Some("/registry/wasmtime-48.0.0")));
        assert!(!watched(target, Some("/repository-of-others/model")));
        assert!(!watched("--crate-name build_script_build", Some("/repository/host/model")));
        assert!(!watched("-vV", None));
    }
}
