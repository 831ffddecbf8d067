//! Exporters: plugins that send on what a reader of their own collects.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use wasmeter_model::frame::Frame;
use wasmeter_model::{Aggregation, InstrumentKind, TemporalityPreference};

use crate::failure::Failure;
use crate::plugin::{Plugin, PluginInfo};

/// What an exporter wants to be given. The same for as long as its reader's series are to go on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExportPreference {
    /// Which temporality; never `ByKind` where one of the named ones says the same.
    pub temporality: TemporalityPreference,
    /// The aggregation of each kind where no View says; the specified default for kinds that are not named. Checked: boundaries
    /// are finite and ascend, sizes and scales are in their ranges.
    pub aggregations: HashMap<InstrumentKind, Aggregation>,
}

/// When an exporter is given what was collected, as the operator says in its `NAME.toml` (metrics SDK, "Periodic exporting
/// MetricReader").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportSchedule {
    /// The time between two collections; 60 s.
    pub interval: Duration,
    /// How long one export may take with all its retries; 30 s.
    pub timeout: Duration,
}

impl Default for ExportSchedule {
    fn default() -> Self {
        Self { interval: Duration::from_secs(60), timeout: Duration::from_secs(30) }
    }
}

/// The receiver took a frame, perhaps not all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// The points it refused for good; at most those of the frame.
    pub rejected_points: u64,
    /// What it says about that, or as a warning, on one line; empty if nothing.
    pub message: String,
}

/// A frame was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportError {
    /// Trying again may help.
    Retryable {
        /// How long to wait before that; `None` if it did not say.
        after: Option<Duration>,
        /// What happened, on one line.
        reason: String,
    },
    /// Trying again would not help.
    Permanent {
        /// What happened, on one line.
        reason: String,
    },
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retryable { reason, .. } => write!(f, "not delivered: {reason}"),
            Self::Permanent { reason } => write!(f, "refused: {reason}"),
        }
    }
}

/// An exporter in service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Exporter(Arc<Plugin>);

impl Exporter {
    /// `None` if the plugin is of another world.
    pub(crate) fn of(plugin: &Arc<Plugin>) -> Option<Self> {
        plugin.export_terms().map(|_| Self(plugin.clone()))
    }

    /// Who it is and how it does.
    pub fn info(&self) -> PluginInfo {
        self.0.info()
    }

    /// Its name and version, for messages.
    pub fn label(&self) -> &str {
        self.0.label()
    }

    /// The component's file, by which a successor is known.
    pub fn file(&self) -> &Path {
        self.0.file()
    }

    /// What it wants to be given.
    pub fn preference(&self) -> ExportPreference {
        self.0.export_terms().map(|terms| terms.preference.clone()).unwrap_or_default()
    }

    /// When it is given something.
    pub fn schedule(&self) -> ExportSchedule {
        self.0.export_terms().map(|terms| terms.schedule).unwrap_or_default()
    }

    /// True if both are the same build with the same settings, loaded once.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Has a frame sent, once. Blocks for as long as that takes, at most the plugin's deadline, and for a call in progress
    /// before. A frame without points is taken without asking. After [`Exporter::close`] a fresh instance serves.
    ///
    /// # Errors
    ///
    /// The plugin said why not. A plugin that failed otherwise, or rests after failures, is counted as such and may be
    /// tried again.
    pub fn export(&self, frame: &Frame) -> Result<Accepted, ExportError> {
        if frame.point_count() == 0 {
            return Ok(Accepted::default());
        }
        self.0.ask_export(frame).unwrap_or_else(|refusal| {
            self.0.count_fault(&refusal);
            Err(ExportError::Retryable { after: None, reason: refusal.to_string() })
        })
    }

    /// Flushes and shuts the plugin down. Blocks for as long as that takes, at most twice its deadline, and for a call in
    /// progress before. A plugin without an instance has nothing to flush.
    ///
    /// # Errors
    ///
    /// What it could not do, counted.
    pub fn close(&self) -> Result<(), Vec<Failure>> {
        let refusals = self.0.close();
        let failure = |refusal| {
            self.0.count_fault(&refusal);
            self.0.failure(refusal)
        };
        if refusals.is_empty() { Ok(()) } else { Err(refusals.into_iter().map(failure).collect()) }
    }
}
