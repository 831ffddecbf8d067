//! What a folder looks like from outside: enough to notice a change without reading files.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::Metadata;
use std::path::Path;
use std::time::SystemTime;

/// Which folder it is: another one of the same name is not the same.
pub(super) type FolderId = (u64, u64);

/// The components of a folder with their settings and signatures, by length and time of change.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    folder: Option<FolderId>,
    files: BTreeMap<OsString, (u64, Option<SystemTime>)>,
}

impl Snapshot {
    /// What cannot be read is not there.
    pub(super) fn of(path: &Path) -> Self {
        let folder = std::fs::metadata(path).ok().filter(Metadata::is_dir).as_ref().map(folder_id);
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        let files = entries
            .filter_map(|entry| {
                let path = entry.path();
                let relevant = path
                    .extension()
                    .is_some_and(|extension| ["wasm", "toml", "minisig"].iter().any(|one| extension == *one));
                // Through links, as the files are read.
                let metadata = relevant.then(|| std::fs::metadata(&path).ok()).flatten()?;
                Some((entry.file_name(), (metadata.len(), metadata.modified().ok())))
            })
            .collect();
        Self { folder, files }
    }

    /// The folder, if there is one.
    pub(super) fn folder(&self) -> Option<FolderId> {
        self.folder
    }
}

#[cfg(unix)]
fn folder_id(metadata: &Metadata) -> FolderId {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Without numbers for folders, the time of creation tells them apart well enough.
#[cfg(not(unix))]
fn folder_id(metadata: &Metadata) -> FolderId {
    let created = metadata.created().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    (0, created.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)))
}
