//! The plugin directory of the demo.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// A directory that is watched by the host.
pub(super) struct Folder {
    path: PathBuf,
    components: PathBuf,
}

impl Folder {
    /// An empty directory, to be filled from `components`.
    pub(super) fn new(path: PathBuf, components: &Path) -> anyhow::Result<Self> {
        if path.exists() {
            fs::remove_dir_all(&path).with_context(|| format!("cannot empty `{}`", path.display()))?;
        }
        fs::create_dir_all(&path).with_context(|| format!("cannot make `{}`", path.display()))?;
        Ok(Self { path, components: components.to_owned() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts a plugin in place, as `file`.
    pub(super) fn add(&self, file: &str, plugin: &str) -> anyhow::Result<()> {
        self.put(file, &self.component(plugin)?)
    }

    /// Replaces a plugin by another build of it: the same code, in a file that is not the same.
    pub(super) fn add_build(&self, file: &str, plugin: &str, build: u8) -> anyhow::Result<()> {
        let mut bytes = self.component(plugin)?;
        // A custom section (0) of six bytes at the end: the length of its name, the name, and what it holds.
        bytes.extend_from_slice(&[0, 6, 4, b'd', b'e', b'm', b'o', build]);
        self.put(file, &bytes)
    }

    fn component(&self, plugin: &str) -> anyhow::Result<Vec<u8>> {
        let path = self.components.join(format!("{plugin}.wasm"));
        fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))
    }

    /// Puts a file in place in one step: the directory is watched.
    pub(super) fn put(&self, file: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.path.join(file);
        let unfinished = self.path.join(format!(".{file}.unfinished"));
        fs::write(&unfinished, bytes)
            .and_then(|()| fs::rename(&unfinished, &path))
            .with_context(|| format!("cannot write `{}`", path.display()))
    }
}
