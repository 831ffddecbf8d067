//! Files below the directories the operator grants.
//!
//! A plugin that uses this module needs `directories` below `[grants]` in its `NAME.toml`; without, it is not loaded. Paths are
//! absolute and begin with what the grant calls the directory (`guest`). Nothing outside is reachable, neither by `..` nor through
//! a symbolic link, and nothing can be written where only reading is granted.
//!
//! Each call opens what it works on and closes it again, at a few tens of microseconds a time. All of them end with the deadline of the
//! call the plugin is in: a file that blocks, such as a named pipe nobody writes to, ends the instance.
//!
//! Natively, in a unit test, paths are those of the machine, unless [`testing::grant_directory`](crate::testing::grant_directory)
//! puts a directory in their place.
//!
//! ```
//! use wasmeter_guest::{files, testing};
//!
//! # let directory = std::env::temp_dir().join(format!("wasmeter-files-{}", std::process::id()));
//! # std::fs::create_dir_all(&directory)?;
//! testing::grant_directory("/data", &directory);
//! files::append("/data/lines.txt", b"one\n")?;
//! files::append("/data/lines.txt", b"two\n")?;
//! assert_eq!(files::read_to_string("/data/lines.txt", 1 << 10)?, "one\ntwo\n");
//! files::remove("/data/lines.txt")?;
//! # std::fs::remove_dir(&directory)?;
//! # Ok::<(), std::io::Error>(())
//! ```

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(target_family = "wasm")]
mod wasi;

use std::io;

#[cfg(not(target_family = "wasm"))]
use native as host;
#[cfg(not(target_family = "wasm"))]
pub(crate) use native::grant_directory;
#[cfg(target_family = "wasm")]
use wasi as host;

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A file with content of its own.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, a pipe or a socket.
    Other,
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, without the directory's.
    pub name: String,
    /// What it is; links are not followed.
    pub kind: FileKind,
}

/// What is known of a file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// What it is; links are followed.
    pub kind: FileKind,
    /// Its size in bytes; 0 for many files that the operating system makes up when they are read.
    pub size_bytes: u64,
    /// When its content was changed last, in nanoseconds since the Unix epoch; `None` if unknown.
    pub modified_unix_nanos: Option<u64>,
}

/// Reads a whole file.
///
/// # Errors
///
/// It cannot be read, or it is larger than `bytes_max` ([`io::ErrorKind::FileTooLarge`]).
pub fn read(path: &str, bytes_max: usize) -> io::Result<Vec<u8>> {
    let content = host::read(path, bytes_max)?;
    if content.len() > bytes_max {
        let message = format!("`{path}` is larger than {bytes_max} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(content)
}

/// Reads a whole file as text.
///
/// # Errors
///
/// As [`read`], or it is not UTF-8 ([`io::ErrorKind::InvalidData`]).
pub fn read_to_string(path: &str, bytes_max: usize) -> io::Result<String> {
    String::from_utf8(read(path, bytes_max)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("`{path}` is not UTF-8 text")))
}

/// The entries of a directory, sorted by name; `.` and `..` are not among them, and neither is a name that is not UTF-8.
///
/// # Errors
///
/// It cannot be read.
pub fn list(path: &str) -> io::Result<Vec<Entry>> {
    let mut entries = host::list(path)?;
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// What is known of a file without reading it.
///
/// # Errors
///
/// There is no such file, or nothing can be said of it.
pub fn metadata(path: &str) -> io::Result<Metadata> {
    host::metadata(path)
}

/// Writes a file, in place of what it holds if there is one. Not in one step: whoever must never see half of it writes another
/// file and [`rename`]s it.
///
/// # Errors
///
/// It cannot be written, or only reading is granted.
pub fn write(path: &str, content: &[u8]) -> io::Result<()> {
    host::write(path, content)
}

/// Adds to the end of a file, which is made if there is none.
///
/// # Errors
///
/// It cannot be written, or only reading is granted. Some of the content may have been added.
pub fn append(path: &str, content: &[u8]) -> io::Result<()> {
    host::append(path, content)
}

/// Has the operating system write to the disk what it holds of a file, so that it survives a loss of power.
///
/// # Errors
///
/// There is no such file, or it cannot be written.
pub fn sync(path: &str) -> io::Result<()> {
    host::sync(path)
}

/// Makes a directory.
///
/// # Errors
///
/// There is something of that name, or it cannot be made.
pub fn create_directory(path: &str) -> io::Result<()> {
    host::create_directory(path)
}

/// Renames a file or directory, in place of what there is under the new name. Both names are to be below one granted directory.
///
/// # Errors
///
/// It cannot be renamed.
pub fn rename(from: &str, to: &str) -> io::Result<()> {
    host::rename(from, to)
}

/// Removes a file.
///
/// # Errors
///
/// There is none, or it cannot be removed.
pub fn remove(path: &str) -> io::Result<()> {
    host::remove(path)
}

/// Removes a directory, which must be empty.
///
/// # Errors
///
/// There is none, it is not empty, or it cannot be removed.
pub fn remove_directory(path: &str) -> io::Result<()> {
    host::remove_directory(path)
}

#[cfg(test)]
mod tests;
