//! Other programs: run them, and say which one failed.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::workspace;

/// A program to run in the workspace's root folder.
pub(crate) struct Shell(Command);

/// A program by name or path.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Shell {
    let mut command = Command::new(name);
    command.current_dir(workspace::root());
    Shell(command)
}

/// The Cargo that runs this task.
pub(crate) fn cargo() -> Shell {
    program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The compiler Cargo uses.
pub(crate) fn rustc() -> Shell {
    program(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

/// True if a program of this name is in `PATH`.
pub(crate) fn exists(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).any(|dir| dir.join(&file).is_file())
}

impl Shell {
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.0.arg(arg);
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.0.args(args);
        self
    }

    pub(crate) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(key, value);
        self
    }

    pub(crate) fn envs(mut self, variables: &[(&str, &str)]) -> Self {
        self.0.envs(variables.iter().copied());
        self
    }

    pub(crate) fn env_remove(mut self, key: &str) -> Self {
        self.0.env_remove(key);
        self
    }

    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.0.current_dir(dir);
        self
    }

    fn line(&self) -> String {
        let words = std::iter::once(self.0.get_program()).chain(self.0.get_args());
        words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }

    /// Runs the program, its output going where this task's goes.
    pub(crate) fn run(mut self) -> anyhow::Result<()> {
        let line = self.line();
        let status = self.0.status().with_context(|| format!("`{line}` cannot be started"))?;
        if !status.success() {
            bail!("`{line}` failed: {status}");
        }
        Ok(())
    }

    /// As [`Shell::run`], after saying what is run.
    pub(crate) fn echoed(self) -> anyhow::Result<()> {
        println!("$ {}", self.line());
        self.run()
    }

    /// Runs the program; its standard output as text. What it says of errors becomes part of the error.
    pub(crate) fn text(mut self) -> anyhow::Result<String> {
        let line = self.line();
        let output = self.0.output().with_context(|| format!("`{line}` cannot be started"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`{line}` failed: {}\n{}", output.status, said.trim_end());
        }
        String::from_utf8(output.stdout).with_context(|| format!("`{line}` did not print text"))
    }

    /// Runs the program, whatever becomes of it; its standard output as text.
    pub(crate) fn text_of_any_end(mut self) -> anyhow::Result<String> {
        let line = self.line();
        let output = self
            .0
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("`{line}` cannot be started"))?;
        String::from_utf8(output.stdout).with_context(|| format!("`{line}` did not print text"))
    }

    /// True if the program can be started and succeeds; nothing it says is shown.
    pub(crate) fn works(mut self) -> bool {
        let quiet = self.0.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    }
}
