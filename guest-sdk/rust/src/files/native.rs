//! Files of the machine a unit test runs on.

use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::{Entry, FileKind, Metadata};

thread_local! {
    /// Directories by what the plugin calls them.
    static GRANTED: RefCell<Vec<(String, PathBuf)>> = const { RefCell::new(Vec::new()) };
}

/// From now on, paths of this thread that begin with `guest` are in the directory `host`.
pub(crate) fn grant_directory(guest: &str, host: &Path) {
    GRANTED.with_borrow_mut(|granted| {
        granted.retain(|(known, _)| known != guest);
        granted.push((guest.to_owned(), host.to_owned()));
    });
}

fn locate(path: &str) -> PathBuf {
    GRANTED.with_borrow(|granted| {
        let below = |(guest, host): &(String, PathBuf)| {
            let rest = path.strip_prefix(guest.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| host.join(rest.trim_start_matches('/')))
        };
        granted.iter().rev().find_map(below).unwrap_or_else(|| PathBuf::from(path))
    })
}

fn kind(of: fs::FileType) -> FileKind {
    if of.is_file() {
        FileKind::File
    } else if of.is_dir() {
        FileKind::Directory
    } else if of.is_symlink() {
        FileKind::Link
    } else {
        FileKind::Other
    }
}

/// Up to one byte more than asked for.
pub(super) fn read(path: &str, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(locate(path))?.take((bytes_max as u64).saturating_add(1)).read_to_end(&mut content)?;
    Ok(content)
}

pub(super) fn list(path: &str) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(locate(path))? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string() {
            entries.push(Entry { name, kind: kind(entry.file_type()?) });
        }
    }
    Ok(entries)
}

pub(super) fn metadata(path: &str) -> io::Result<Metadata> {
    let metadata = fs::metadata(locate(path))?;
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok(Metadata {
        kind: kind(metadata.file_type()),
        size_bytes: metadata.len(),
        modified_unix_nanos: modified.and_then(|time| u64::try_from(time.as_nanos()).ok()),
    })
}

pub(super) fn write(path: &str, content: &[u8]) -> io::Result<()> {
    fs::write(locate(path), content)
}

pub(super) fn append(path: &str, content: &[u8]) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(locate(path))?.write_all(content)
}

pub(super) fn sync(path: &str) -> io::Result<()> {
    OpenOptions::new().write(true).open(locate(path))?.sync_all()
}

pub(super) fn create_directory(path: &str) -> io::Result<()> {
    fs::create_dir(locate(path))
}

pub(super) fn rename(from: &str, to: &str) -> io::Result<()> {
    fs::rename(locate(from), locate(to))
}

pub(super) fn remove(path: &str) -> io::Result<()> {
    fs::remove_file(locate(path))
}

pub(super) fn remove_directory(path: &str) -> io::Result<()> {
    fs::remove_dir(locate(path))
}
