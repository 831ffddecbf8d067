//! Building the View of `examples/views` in the languages that Cargo does not build, and in Rust where nobody has this repository.
//! What builds it comes from the package registries, in the versions that the lists beside the source name, into `target/languages`.

mod c;
mod go;
mod javascript;
mod python;
mod readme;

use std::ffi::OsStr;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::packages::{is_made_from, stamp};
use crate::{plugins, shell, workspace};
pub(crate) use readme::follow;

/// A language the View is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    /// Without the SDK; with it, it is built like the other plugins.
    Rust,
    C,
    Javascript,
    Python,
    Go,
}

/// What each language is built by.
struct Workplace {
    /// The folder of the source.
    source: PathBuf,
    /// Below `target/`: tools, caches and what lies between source and component.
    dir: PathBuf,
    /// What is to be made.
    component: PathBuf,
}

impl Language {
    /// All but Rust, which `cargo xtask build-plugins` builds with the SDK.
    const BUILT: [Self; 4] = [Self::C, Self::Javascript, Self::Python, Self::Go];
    const ALL: [Self; 5] = [Self::Rust, Self::C, Self::Javascript, Self::Python, Self::Go];

    const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::C => "c",
            Self::Javascript => "javascript",
            Self::Python => "python",
            Self::Go => "go",
        }
    }

    /// The source of the rules by which it is built, if there are any beside the README's.
    const fn recipe(self) -> &'static str {
        match self {
            Self::Rust => "",
            Self::C => include_str!("c.rs"),
            Self::Javascript => include_str!("javascript.rs"),
            Self::Python => include_str!("python.rs"),
            Self::Go => include_str!("go.rs"),
        }
    }

    /// Everything the component depends on, as text.
    fn made_from(self, source: &Path) -> anyhow::Result<String> {
        let mut all = self.recipe().to_owned();
        append(&mut all, source)?;
        append(&mut all, &contract())?;
        if matches!(self, Self::C | Self::Go) {
            // The generators of bindings are crates.
            append(&mut all, &workspace::root().join("Cargo.lock"))?;
        }
        Ok(all)
    }

    fn build(self, work: &Workplace) -> anyhow::Result<()> {
        match self {
            Self::Rust => Ok(()),
            Self::C => c::build(work),
            Self::Javascript => javascript::build(work),
            Self::Python => python::build(work),
            Self::Go => go::build(work),
        }
    }
}

/// The folder of the contract.
fn contract() -> PathBuf {
    workspace::root().join("wit")
}

/// Appends the names and contents of all files in a folder, or of one file. Files that are no text are not source.
fn append(all: &mut String, path: &Path) -> anyhow::Result<()> {
    if path.is_dir() {
        let entries = std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path()));
        let mut entries = entries.collect::<Result<Vec<_>, _>>()?;
        entries.sort();
        let made = |path: &PathBuf| {
            let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
            ["node_modules", "__pycache__"].contains(&name)
        };
        return entries.iter().filter(|path| !made(path)).try_for_each(|path| append(all, path));
    }
    if let Ok(text) = std::fs::read_to_string(path) {
        write!(all, "\n=== {}\n{text}", path.display())?;
    }
    Ok(())
}

/// Builds the View in these languages, in all if there are none; the folder of the components. What is up to date stays.
///
/// # Errors
///
/// The packages of a language cannot be fetched, or its compiler refuses the source.
pub(crate) fn build(languages: &[Language]) -> anyhow::Result<PathBuf> {
    let folder = workspace::target().join("plugins/views");
    std::fs::create_dir_all(&folder)?;
    for language in Language::BUILT {
        if !languages.is_empty() && !languages.contains(&language) {
            continue;
        }
        let name = language.name();
        let source = workspace::root().join("examples/views").join(name);
        let work = Workplace {
            dir: workspace::target().join("languages").join(name),
            component: folder.join(format!("routes-{name}.wasm")),
            source,
        };
        let wanted = language.made_from(&work.source)?;
        if !(is_made_from(&work.dir, &wanted) && work.component.is_file()) {
            println!("building the View in {name}");
            std::fs::create_dir_all(&work.dir)?;
            language.build(&work).with_context(|| format!("the View in {name} cannot be built"))?;
            stamp(&work.dir, &wanted)?;
        }
        let bytes = std::fs::metadata(&work.component)?.len();
        println!("{bytes:>9} bytes  {}", work.component.display());
    }
    Ok(folder)
}

impl Workplace {
    /// A folder for what lies between source and component, empty.
    fn fresh(&self, name: &str) -> anyhow::Result<PathBuf> {
        let dir = self.dir.join(name);
        if dir.exists() {
            std::fs::remove_dir_all(&dir)?;
        }
        std::fs::create_dir_all(&dir)?;
        Ok(dir)
    }

    /// A Python with the packages of the source's `requirements.txt`.
    fn python(&self) -> anyhow::Result<PathBuf> {
        let requirements = self.source.join("requirements.txt");
        crate::packages::python::prepare(&requirements, &self.dir.join("venv"))?
            .with_context(|| format!("no `{}`", requirements.display()))
    }

    /// Puts what was made in place in one step.
    fn place(&self, made: &Path) -> anyhow::Result<()> {
        plugins::place(&std::fs::read(made)?, &self.component)
    }
}

/// The project's own program that makes bindings and components.
fn componentize() -> shell::Shell {
    shell::cargo().args(["run", "--quiet", "--locked", "--bin", "wasmeter-componentize", "--"])
}

/// Writes the bindings of the world `view` into a folder.
fn bindings(language: &str, out: &Path) -> anyhow::Result<()> {
    componentize()
        .args(["bindings", "--language", language, "--world", "view", "--wit"])
        .arg(contract())
        .arg("--out")
        .arg(out)
        .run()
}
