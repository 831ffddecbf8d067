//! How much a plugin's writable directories may hold.
//!
//! What is there is measured when it is first written to, and then what is written is added: so what is known is never less than
//! what the plugin itself put there. Only where that does not fit any more is measured again, since files are also removed, by the
//! plugin and by others.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use super::wait::Overdue;
use crate::totals::Totals;

/// What an entry of a directory counts beside its content, in bytes: about what a file system spends on one.
pub(super) const ENTRY_BYTES: u64 = 4096;

/// The room in the writable directories of one plugin, for all its instances.
pub(crate) struct Quota {
    directories: Vec<PathBuf>,
    bytes_max: u64,
    /// What is there at most, as far as the plugin itself put it there; `None` if nobody has looked yet.
    used: Mutex<Option<u64>>,
    refused: AtomicU64,
    /// Of the plugin's name, once that is known.
    totals: OnceLock<Arc<Totals>>,
}

/// There is no room left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoRoom;

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the plugin's writable directories hold as much as they may (`directory_bytes_max`)")
    }
}

impl std::error::Error for NoRoom {}

/// Why something is not written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    NoRoom,
    /// The call was over before it was known how much room there is.
    Overdue,
}

impl Quota {
    pub(crate) fn new(directories: impl IntoIterator<Item = PathBuf>, bytes_max: u64) -> Self {
        Self {
            directories: directories.into_iter().collect(),
            bytes_max,
            used: Mutex::default(),
            refused: AtomicU64::new(0),
            totals: OnceLock::new(),
        }
    }

    /// Takes room for this many bytes.
    pub(super) fn take(&self, bytes: u64, until: Instant) -> Result<(), Refused> {
        if bytes == 0 {
            return Ok(());
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let with = |used: u64| Some(used.saturating_add(bytes)).filter(|used| *used <= self.bytes_max);
        if let Some(more) = used.and_then(with) {
            *used = Some(more);
            return Ok(());
        }
        let measured = self.measure(until)?;
        let more = with(measured);
        *used = Some(more.unwrap_or(measured));
        if more.is_none() {
            self.refuse();
            return Err(Refused::NoRoom);
        }
        Ok(())
    }

    /// Counts what is refused there, too, and what was before. Called once, before the plugin serves.
    pub(crate) fn count_with(&self, totals: &Arc<Totals>) {
        if self.totals.set(totals.clone()).is_ok() {
            totals.refused_writes(self.refused.load(Ordering::Relaxed));
        }
    }

    fn refuse(&self) {
        if self.refused.fetch_add(1, Ordering::Relaxed) == 0 {
            let directories: Vec<_> =
                self.directories.iter().map(|path| path.display().to_string()).collect();
            tracing::warn!(
                directories = directories.join(", "),
                bytes_max = self.bytes_max,
                "a plugin's writable directories are full; remove something, or raise `directory_bytes_max` in its settings"
            );
        }
        if let Some(totals) = self.totals.get() {
            totals.refused_writes(1);
        }
    }

    /// What is in the directories; no more than what shows that they are full. Links are not followed, and what cannot be read is
    /// taken for empty.
    fn measure(&self, until: Instant) -> Result<u64, Refused> {
        let mut bytes = 0_u64;
        let mut open: Vec<PathBuf> = self.directories.clone();
        while let Some(directory) = open.pop() {
            for entry in entries(&directory) {
                if Instant::now() >= until {
                    return Err(Refused::Overdue);
                }
                if bytes > self.bytes_max {
                    return Ok(bytes);
                }
                // The link's own, where it is one.
                let Ok(metadata) = entry.metadata() else { continue };
                let content = if metadata.is_dir() { 0 } else { metadata.len() };
                bytes = bytes.saturating_add(content).saturating_add(ENTRY_BYTES);
                if metadata.is_dir() {
                    open.push(entry.path());
                }
            }
        }
        Ok(bytes)
    }
}

fn entries(directory: &Path) -> impl Iterator<Item = std::fs::DirEntry> {
    std::fs::read_dir(directory).into_iter().flatten().flatten()
}

/// The quota as one store writes against it.
#[derive(Clone)]
pub(super) struct Meter {
    quota: Option<Arc<Quota>>,
    /// When the call in progress is over.
    until: Arc<Mutex<Instant>>,
}

impl Meter {
    /// Without a quota there is nothing to write to.
    pub(super) fn new(quota: Option<Arc<Quota>>) -> Self {
        Self { quota, until: Arc::new(Mutex::new(Instant::now())) }
    }

    pub(super) fn begin_call(&self, until: Instant) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    /// Whether there is anything to write to, and so to measure.
    pub(super) fn counts(&self) -> bool {
        self.quota.is_some()
    }

    pub(super) fn take(&self, bytes: u64) -> Result<(), Refused> {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        self.quota.as_ref().map_or(Ok(()), |quota| quota.take(bytes, until))
    }
}

impl From<Refused> for wasmtime::Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoRoom => NoRoom.into(),
            Refused::Overdue => Overdue.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn what_is_there_counts_whoever_put_it_there_and_what_is_removed_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("below");
        std::fs::create_dir(&below).unwrap();
        std::fs::write(below.join("a"), [0; 1000]).unwrap();
        std::os::unix::fs::symlink("/", folder.path().join("all")).unwrap();
        // Three entries, a file of 1000 bytes and a link of one.
        let there = 3 * ENTRY_BYTES + 1001;
        let quota = Quota::new([folder.path().to_owned()], there + 500);
        assert_eq!(quota.take(200, soon()), Ok(()));
        assert_eq!(quota.take(300, soon()), Ok(()));
        assert_eq!(*quota.used.lock().unwrap(), Some(there + 500));
        // Nothing of it was written: the second look finds all of the room again.
        assert_eq!(quota.take(500, soon()), Ok(()));
        assert_eq!(quota.take(501, soon()), Err(Refused::NoRoom));
        assert_eq!(quota.refused.load(Ordering::Relaxed), 1);
        std::fs::remove_file(below.join("a")).unwrap();
        assert_eq!(quota.take(501, soon()), Ok(()));
    }

    #[test]
    fn who_looks_through_a_directory_does_so_within_the_call() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), "").unwrap();
        let quota = Quota::new([folder.path().to_owned()], 1 << 20);
        assert_eq!(quota.take(1, Instant::now()), Err(Refused::Overdue));
        assert_eq!(quota.take(0, Instant::now()), Ok(()));
        assert_eq!(quota.take(1, soon()), Ok(()));
    }
}
