//! What can go wrong with a plugin: closed kinds for metrics, words for people, and how often each happened.

mod counts;
mod kind;
mod text;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use counts::{Counts, FailureCount};
pub use kind::FailureKind;
pub(crate) use text::{bytes, clean, list};

/// A failure of one plugin: who, what happened, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The plugin's own name, or the file's name without its extension where the plugin never got to say its own.
    pub plugin: Arc<str>,
    /// The plugin's own version, if it got to say it.
    pub version: Option<Arc<str>>,
    /// The component's file.
    pub file: PathBuf,
    /// What sort of failure it is.
    pub kind: FailureKind,
    /// What was found and what was expected; lower case, no final dot.
    pub reason: String,
    /// What the operator or the plugin's author can do; lower case, no final dot.
    pub help: String,
}

/// What failures of the directory itself are counted under.
pub(crate) const DIRECTORY: &str = "*";

impl Failure {
    /// What it is counted under: the file's name without its extension, which is the operator's. The name a plugin claims could be
    /// another's.
    pub(crate) fn counted_as(&self) -> Arc<str> {
        if &*self.plugin == DIRECTORY { self.plugin.clone() } else { Identity::of_file(&self.file).name }
    }
    pub(crate) fn new(identity: &Identity, file: &Path, refusal: Refusal) -> Self {
        Self {
            plugin: identity.name.clone(),
            version: identity.version.clone(),
            file: file.to_owned(),
            kind: refusal.kind,
            reason: refusal.reason,
            help: refusal.help,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plugin `{}`", self.plugin)?;
        if let Some(version) = &self.version {
            write!(f, " {version}")?;
        }
        // The folder is the operator's business and says nothing about the plugin: only the file's own name is shown.
        if let Some(file) = self.file.file_name() {
            write!(f, " ({})", file.display())?;
        }
        write!(f, ": {}; {}", self.reason, self.help)
    }
}

impl std::error::Error for Failure {}

/// How a plugin is called in messages before and after it said its name.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) name: Arc<str>,
    pub(crate) version: Option<Arc<str>>,
}

impl Identity {
    /// The identity of a plugin that has not spoken yet: its file's name.
    pub(crate) fn of_file(file: &Path) -> Self {
        let stem = file.file_stem().map_or_else(|| "?".into(), |stem| stem.to_string_lossy());
        Self { name: clean(&stem, 128).into(), version: None }
    }
}

/// A failure before it is known whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) kind: FailureKind,
    pub(crate) reason: String,
    pub(crate) help: String,
    /// Whether the question that was refused ended the instance it was put to.
    pub(crate) ended_instance: bool,
}

impl Refusal {
    pub(crate) fn new(kind: FailureKind, reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self { kind, reason: reason.into(), help: help.into(), ended_instance: false }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.reason, self.help)
    }
}
