//! What an operator would grant, for a unit test.

use std::path::Path;

/// From now on, paths that begin with `guest` lead [`files`](crate::files) into the directory `host`, on this thread.
pub fn grant_directory(guest: &str, host: impl AsRef<Path>) {
    crate::files::grant_directory(guest, host.as_ref());
}
