//! The directory of the compile cache: the host's user's alone, with a key, and of bounded size.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The length of the key, in bytes: that of the hash it is used with.
pub(super) const KEY_BYTES: usize = 32;
/// The name of the key's file.
const KEY: &str = "key";
/// How the names of artefacts end.
const EXTENSION: &str = "artefact";
/// How often a file is written that another process keeps removing.
const ATTEMPTS: usize = 5;
/// How the names of files end that are being written.
const UNFINISHED: &str = "unfinished";
/// Artefacts kept; of more, those written first are removed.
const ARTEFACTS_MAX: usize = 128;
/// The largest artefact; machine code takes about four times the room of the component.
const ARTEFACT_BYTES_MAX: u64 = 1 << 30;

/// A directory that nobody else may enter.
#[derive(Debug)]
pub(super) struct Place {
    directory: PathBuf,
}

impl Place {
    /// Makes the directory, or checks the one there is.
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let metadata = fs::symlink_metadata(directory)?;
        if !metadata.is_dir() {
            return Err(io::Error::other("it is a link or a file, expected a directory"));
        }
        refuse_shared(&metadata, "it", "700")?;
        let place = Self { directory: directory.to_owned() };
        // A file of one's own says who one is. What can be made here with another owner is a matter for its owner.
        place.remove_unfinished()?;
        let probe = place.unfinished()?;
        let own = new_file(&probe)?.metadata()?;
        fs::remove_file(&probe)?;
        if own.uid() != metadata.uid() {
            return Err(io::Error::other(format!(
                "it belongs to the user {}, expected the host's own, {}",
                metadata.uid(),
                own.uid()
            )));
        }
        Ok(place)
    }

    /// The key; a new one if there is none, and then no artefact there was counts any more.
    pub(super) fn key(&self) -> io::Result<[u8; KEY_BYTES]> {
        let path = self.directory.join(KEY);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_file() => {
                refuse_shared(&metadata, "its file `key`", "600")?;
                if let Ok(key) = fs::read(&path)?.try_into() {
                    return Ok(key);
                }
            }
            Ok(_) => return Err(io::Error::other("its `key` is no regular file")),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let key = random()?;
        self.replace(&path, &key)?;
        Ok(key)
    }

    /// The content of an artefact's file, if there is one.
    pub(super) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.path(name);
        let is_file = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
        let mut content = Vec::new();
        let file = is_file.then(|| File::open(path).ok()).flatten()?;
        file.take(ARTEFACT_BYTES_MAX).read_to_end(&mut content).ok()?;
        Some(content)
    }

    /// Writes an artefact's file, whole or not at all.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        self.replace(&self.path(name), content)?;
        self.remove_oldest()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name).with_extension(EXTENSION)
    }

    fn replace(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        for _ in 0..ATTEMPTS {
            let unfinished = self.unfinished()?;
            new_file(&unfinished)?.write_all(content)?;
            match fs::rename(&unfinished, path) {
                // A process that started just now took it for a file left unfinished.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                outcome => return outcome,
            }
        }
        Err(io::Error::other("another process removed what was being written, again and again"))
    }

    /// A name that no other process has, and none before: in containers all have the same number.
    fn unfinished(&self) -> io::Result<PathBuf> {
        Ok(self.directory.join(format!("{:016x}.{UNFINISHED}", u64::from_le_bytes(random()?))))
    }

    /// Removes what processes left that did not get to the end. One that is about to get there tries once more.
    fn remove_unfinished(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == UNFINISHED) {
                // Another process may be removing the same.
                fs::remove_file(&path).or_else(|error| match error.kind() {
                    ErrorKind::NotFound => Ok(()),
                    _ => Err(error),
                })?;
            }
        }
        Ok(())
    }

    fn remove_oldest(&self) -> io::Result<()> {
        let mut artefacts = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == EXTENSION) {
                // Another process may be removing the same.
                let Ok(metadata) = fs::metadata(&path) else { continue };
                artefacts.push((metadata.modified()?, path));
            }
        }
        artefacts.sort();
        let excess = artefacts.len().saturating_sub(ARTEFACTS_MAX);
        for (_, path) in artefacts.into_iter().take(excess) {
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

/// A file that was not there and that only the host's user may read.
fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn refuse_shared(metadata: &Metadata, what: &str, expected: &str) -> io::Result<()> {
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "{what} is open to others (mode {mode:o}), expected mode {expected}; change it with `chmod`"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_artefacts_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::open(&folder.path().join("cache")).unwrap();
        for number in 0..ARTEFACTS_MAX + 5 {
            place.write(&format!("a{number}"), b"x").unwrap();
        }
        let left =
            (0..ARTEFACTS_MAX + 5).filter(|number| place.read(&format!("a{number}")).is_some()).count();
        assert_eq!(left, ARTEFACTS_MAX);
    }

    #[test]
    fn the_key_stays_and_one_of_the_wrong_length_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("cache");
        let place = Place::open(&directory).unwrap();
        let key = place.key().unwrap();
        assert_eq!(Place::open(&directory).unwrap().key().unwrap(), key);
        fs::write(directory.join(KEY), "short").unwrap();
        assert_ne!(place.key().unwrap(), key);
    }

    #[test]
    fn what_was_left_unfinished_goes_with_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("cache");
        let left = Place::open(&directory).unwrap().unfinished().unwrap();
        fs::write(&left, b"half").unwrap();
        Place::open(&directory).unwrap();
        assert!(!left.exists());
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
    }
}
