//! Packages of Python and Node, in folders of their own below `target/`, fetched again only when the lists change that they
//! are made from.

pub(crate) mod node;
pub(crate) mod python;

use std::path::Path;

/// Whether a folder was made from just this; the stamp is written last.
pub(crate) fn is_made_from(dir: &Path, source: &str) -> bool {
    std::fs::read_to_string(dir.join("made-from")).is_ok_and(|stamp| stamp == source)
}

pub(crate) fn stamp(dir: &Path, source: &str) -> anyhow::Result<()> {
    Ok(std::fs::write(dir.join("made-from"), source)?)
}
