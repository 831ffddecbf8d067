//! A plugin directory of a test, filled with the first-party components.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::required;

/// The directory; removed with the value.
pub(crate) struct PluginFolder {
    folder: TempDir,
    builds: u32,
}

/// A component under the name of a plugin.
fn component(name: &str) -> Vec<u8> {
    let folder = if name.starts_with("hostile") { "WASMETER_HOSTILE" } else { "WASMETER_COMPONENTS" };
    let path = required(folder).join(format!("{name}.wasm"));
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl PluginFolder {
    /// A directory with these plugins, numbered in this order.
    pub(crate) fn with(plugins: &[&str]) -> Self {
        let folder = Self { folder: tempfile::tempdir().expect("a temporary directory"), builds: 0 };
        for (number, name) in plugins.iter().enumerate() {
            folder.put(&format!("{number}0-{name}.wasm"), &component(name));
        }
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Puts a file in place at once, as an operator's tool does it.
    pub(crate) fn put(&self, file: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path().join(file);
        let unfinished = self.path().join(format!(".{file}.new"));
        fs::write(&unfinished, bytes).expect("the directory is writable");
        fs::rename(&unfinished, &path).expect("the directory is writable");
        path
    }

    /// Replaces a plugin by another build of it: the same code, with a custom section that makes it a different file.
    pub(crate) fn rebuild(&mut self, file: &str, name: &str) {
        self.builds += 1;
        let mut bytes = component(name);
        let section = format!("\u{5}build{}", self.builds);
        // Section 0 of the binary format is a custom one: its size, then its name with its length before it.
        bytes.push(0);
        bytes.push(u8::try_from(section.len()).expect("a short section"));
        bytes.extend_from_slice(section.as_bytes());
        self.put(file, &bytes);
    }
}
