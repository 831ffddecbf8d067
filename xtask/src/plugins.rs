//! Building the plugins: every crate of the workspace below `plugins/` and `examples/` that is a component, and the guests of
//! benches.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::toolchain::{self, Toolchain};
use crate::{shell, workspace};

/// Where the built components are, one folder per kind.
#[derive(Clone, Debug)]
pub(crate) struct Components {
    /// The first-party plugins.
    pub(crate) plugins: PathBuf,
    /// The plugins that misbehave, or do as they are told, for the tests of the sandbox.
    pub(crate) hostile: PathBuf,
    /// The Views of `examples/`.
    pub(crate) examples: PathBuf,
}

impl Components {
    fn new() -> Self {
        let dir = workspace::target().join("plugins");
        Self { plugins: dir.join("components"), hostile: dir.join("hostile"), examples: dir.join("examples") }
    }
}

/// The folders of the plugins that are of no use in service.
const FOR_TESTS: [&str; 6] = [
    "plugins/hostile",
    "plugins/hostile-exporter",
    "plugins/hostile-observer",
    "plugins/hostile-processor",
    "plugins/reach",
    "host/runtime/benches/guests",
];

struct Plugin {
    package: String,
    /// The file Cargo makes of it.
    artifact: String,
    /// The folder it belongs to.
    folder: PathBuf,
}

fn is_component(target: &Value) -> bool {
    let types = target.get("crate_types").and_then(Value::as_array);
    types.is_some_and(|types| types.iter().any(|crate_type| crate_type == "cdylib"))
}

fn plugins(components: &Components) -> anyhow::Result<Vec<Plugin>> {
    let metadata = workspace::metadata()?;
    let packages =
        metadata.get("packages").and_then(Value::as_array).context("`cargo metadata` lists no packages")?;
    let mut plugins = Vec::new();
    for package in packages {
        let text = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default();
        let path = Path::new(text("manifest_path")).strip_prefix(workspace::root()).unwrap_or(Path::new(""));
        let folder = if FOR_TESTS.iter().any(|folder| path.starts_with(folder)) {
            &components.hostile
        } else if path.starts_with("plugins") {
            &components.plugins
        } else if path.starts_with("examples") {
            &components.examples
        } else {
            continue;
        };
        let targets = package.get("targets").and_then(Value::as_array);
        let Some(library) = targets.and_then(|targets| targets.iter().find(|target| is_component(target)))
        else {
            continue;
        };
        let library = library.get("name").and_then(Value::as_str).unwrap_or_default();
        plugins.push(Plugin {
            package: text("name").to_owned(),
            artifact: format!("{}.wasm", library.replace('-', "_")),
            folder: folder.clone(),
        });
    }
    if plugins.is_empty() {
        bail!("no crate below plugins/ or examples/ is a `cdylib`");
    }
    Ok(plugins)
}

/// Puts a file in place in one step, and leaves one that is the same already alone: the folder may be watched.
pub(crate) fn place(bytes: &[u8], file: &Path) -> anyhow::Result<()> {
    if std::fs::read(file).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let unfinished = file.with_extension("unfinished");
    std::fs::write(&unfinished, bytes)?;
    std::fs::rename(&unfinished, file).with_context(|| format!("cannot write `{}`", file.display()))
}

/// Removes components no crate makes any more.
fn remove_stale(folder: &Path, plugins: &[Plugin]) -> anyhow::Result<()> {
    let made = |path: &Path| {
        let name = path.file_stem().unwrap_or_default();
        plugins.iter().any(|plugin| plugin.folder == folder && *plugin.package == *name)
    };
    for file in std::fs::read_dir(folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") && !made(&path) {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// A Cargo command for all plugins, as components.
fn cargo(toolchain: &Toolchain, command: &str, plugins: &[Plugin]) -> shell::Shell {
    let packages = plugins.iter().flat_map(|plugin| ["--package", &plugin.package]);
    toolchain
        .wrap(shell::cargo())
        .args([command, "--locked", "--profile", "plugin", "--target", toolchain::TARGET])
        .args(packages)
        // Its own, so that neither build waits for the other or makes it start again.
        .env("CARGO_TARGET_DIR", workspace::target().join("wasm"))
}

/// Builds every plugin.
pub(crate) fn build(from: toolchain::From) -> anyhow::Result<Components> {
    let toolchain = toolchain::find(from)?;
    println!("building components with {}", toolchain.description);
    let components = Components::new();
    let plugins = plugins(&components)?;
    cargo(&toolchain, "build", &plugins).run()?;
    for folder in [&components.plugins, &components.hostile, &components.examples] {
        std::fs::create_dir_all(folder)?;
        remove_stale(folder, &plugins)?;
    }
    let made = workspace::target().join("wasm").join(toolchain::TARGET).join("plugin");
    for plugin in &plugins {
        let artifact = made.join(&plugin.artifact);
        let bytes =
            std::fs::read(&artifact).with_context(|| format!("`{}` was not made", artifact.display()))?;
        let file = plugin.folder.join(format!("{}.wasm", plugin.package));
        place(&bytes, &file)?;
        println!("{:>9} bytes  {}", bytes.len(), file.display());
    }
    Ok(components)
}

/// Lints what is compiled for components only.
pub(crate) fn clippy() -> anyhow::Result<()> {
    let components = Components::new();
    cargo(&toolchain::find(toolchain::From::default())?, "clippy", &plugins(&components)?)
        .args(["--package", "wasmeter-guest", "--", "-Dwarnings"])
        .run()
}
