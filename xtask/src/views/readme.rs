//! Following the READMEs of `examples/views` to the letter, where nobody has this repository: in an empty folder with `wit/` and the
//! example's own files. So what they tell authors stays true.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::{Language, contract};
use crate::packages::{is_made_from, stamp};
use crate::{plugins, shell, toolchain, workspace};

/// What stands before the commands.
const BEFORE: &str = "From `wit/` alone";
/// What they make.
const COMPONENT: &str = "routes.wasm";
/// What programs leave beside the source.
const MADE: [&str; 4] = ["node_modules", "__pycache__", "venv", "target"];

/// Follows the READMEs of these languages, of all if there are none, unless nothing has changed since they were last followed.
/// What they have Cargo install goes into `target/languages/tools`, once; what they make, into the folder `as-written` beside the
/// components of [`build`](super::build), where a test loads it.
///
/// # Errors
///
/// A command of a README fails, or they make no component.
pub(crate) fn follow(languages: &[Language]) -> anyhow::Result<()> {
    let made = workspace::target().join("plugins/views/as-written");
    std::fs::create_dir_all(&made)?;
    for language in Language::ALL {
        if !languages.is_empty() && !languages.contains(&language) {
            continue;
        }
        let name = language.name();
        let source = workspace::root().join("examples/views").join(name);
        let followed = workspace::target().join("languages").join(name).join("as-written");
        let wanted = language.made_from(&source)?;
        let component = made.join(format!("routes-{name}.wasm"));
        if is_made_from(&followed, &wanted) && component.is_file() {
            println!("examples/views/{name}/README.md is unchanged since it was followed");
            continue;
        }
        println!("following examples/views/{name}/README.md");
        follow_in(&source, language, &component)
            .with_context(|| format!("examples/views/{name}/README.md does not work"))?;
        std::fs::create_dir_all(&followed)?;
        stamp(&followed, &wanted)?;
    }
    Ok(())
}

fn follow_in(source: &Path, language: Language, component: &Path) -> anyhow::Result<()> {
    let name = language.name();
    let readme = std::fs::read_to_string(source.join("README.md"))?;
    let commands = commands(&readme)?;
    // Outside of the repository: no tool is to find anything by looking upwards.
    let dir = std::env::temp_dir().join(format!("wasmeter-view-{name}-{}", std::process::id()));
    std::fs::create_dir(&dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    let followed = copy(source, &dir).and_then(|()| copy(&contract(), &dir.join("wit"))).and_then(|()| {
        run(language, commands, &dir)?;
        let bytes = std::fs::read(dir.join(COMPONENT))
            .with_context(|| format!("its commands do not make `{COMPONENT}`"))?;
        println!("{:>9} bytes  {}", bytes.len(), component.display());
        plugins::place(&bytes, component)
    });
    // Kept where something went wrong, to look at.
    if followed.is_ok() {
        std::fs::remove_dir_all(&dir)?;
    }
    followed.with_context(|| format!("followed in `{}`", dir.display()))
}

/// The first block of shell commands behind the words that introduce them.
fn commands(readme: &str) -> anyhow::Result<&str> {
    let commands = readme.split_once(BEFORE).and_then(|(_, rest)| {
        let (_, block) = rest.split_once("```sh\n")?;
        Some(block.split_once("\n```")?.0)
    });
    commands.with_context(|| format!("it has no `{BEFORE}` with a block of shell commands behind it"))
}

fn run(language: Language, commands: &str, dir: &Path) -> anyhow::Result<()> {
    let tools = workspace::target().join("languages/tools");
    let mut script = shell::program("sh")
        .args(["-eux", "-c", commands])
        .dir(dir)
        .env("PATH", path_with(tools.join("bin"))?)
        .env("CARGO_INSTALL_ROOT", &tools)
        .env("CARGO_TARGET_DIR", tools.join("build"));
    // What Cargo tells the programs it runs is about this repository.
    for name in ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "RUSTUP_TOOLCHAIN", "RUSTFLAGS"] {
        script = script.env_remove(name);
    }
    if language == Language::Rust {
        script = toolchain::find(toolchain::From::default())?.wrap_unless_in_use(script);
    }
    script.run().context("its commands failed")
}

/// The search path of this task, with a folder before all others.
fn path_with(first: PathBuf) -> anyhow::Result<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(first).chain(std::env::split_paths(&path));
    std::env::join_paths(all).context("a folder of PATH has a name that cannot stand there")
}

/// Copies a folder but for what was made in it.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from).with_context(|| format!("cannot read `{}`", from.display()))? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        if MADE.iter().any(|made| OsStr::new(made) == name) {
            continue;
        }
        if kind.is_dir() {
            copy(&entry.path(), &to.join(name))?;
        } else if kind.is_file() {
            std::fs::copy(entry.path(), to.join(name))?;
        } else {
            bail!("`{}` is neither a file nor a folder", entry.path().display());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::commands;

    #[test]
    fn the_commands_are_those_behind_the_words() {
        let readme = "```sh\nno\n```\nFrom `wit/` alone, with X:\n\n```sh\none\ntwo\n```\n```sh\nno\n```\n";
        assert_eq!(commands(readme).unwrap(), "one\ntwo");
        assert!(commands("```sh\nno\n```\n").unwrap_err().to_string().contains("From `wit/` alone"));
    }
}
