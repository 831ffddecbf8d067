//! What can fail, and how it is told.

use wasmeter_engine::ViewFault;

/// Why a frame was not exported, or an exporter not flushed or shut down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The deadline had passed.
    #[error("the export was not done by its deadline")]
    Timeout,
    /// The exporter had been shut down before.
    #[error("the exporter has been shut down")]
    AlreadyShutdown,
    /// The exporter failed; in its own words.
    #[error("the export failed: {0}")]
    Failed(String),
    /// A processor of the plugin directory could not do its work, and so the metrics are kept back; in its words.
    #[error("{0}")]
    NotProcessed(String),
    /// The exporter panicked; with the panic's message.
    #[error("the exporter panicked: {0}")]
    Panicked(String),
}

/// Why a collection, flush or shutdown failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The provider has been shut down.
    #[error("the meter provider has been shut down")]
    AlreadyShutdown,
    /// The call came from inside a callback or an exporter, for which it would have to wait.
    #[error(
        "called from a callback or an exporter, which this would have to wait for; call it from elsewhere"
    )]
    Reentrant,
    /// The reader belongs to no provider.
    #[error("the reader has not been given to a meter provider; pass it to `with_reader`")]
    NotAttached,
    /// It was not done in time. It goes on nevertheless.
    #[error("not done within the given time")]
    Timeout,
    /// An exporter failed. Of several the first one is told here.
    #[error(transparent)]
    Export(#[from] ExportError),
}

/// Why a provider could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A manual reader belongs to another provider, or was given twice (metrics SDK, "MetricReader").
    #[error("a manual reader was given that belongs to a meter provider already; make one for each")]
    ReaderInUse,
    /// The thread of a periodic reader could not be started.
    #[error("the thread of a periodic reader could not be started: {0}")]
    Thread(#[source] std::io::Error),
    /// The plugin runtime could not be started: the machine lacks something it needs.
    #[cfg(feature = "plugins")]
    #[error(transparent)]
    PluginRuntime(#[from] wasmeter_runtime::StartError),
    /// The threads that keep the plugin directory could not be started.
    #[cfg(feature = "plugins")]
    #[error("the threads of the plugin directory could not be started: {0}")]
    PluginThread(#[source] std::io::Error),
}

/// Why a callback was not registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// There is nothing it could observe.
    #[error("a callback was given no instruments to observe; name at least one")]
    NoInstruments,
    /// One of its instruments cannot be had.
    #[error("instrument `{instrument}` cannot be observed: {reason}")]
    Refused {
        /// The instrument's name.
        instrument: String,
        /// What the engine says about it.
        reason: wasmeter_engine::Rejection,
    },
    /// The provider has been shut down.
    #[error("the meter provider has been shut down")]
    AlreadyShutdown,
}

/// Why other Views, or another meter configurator, were not put into service. Those from before go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SwapError {
    /// A View could not answer.
    #[error(transparent)]
    View(#[from] ViewFault),
    /// The call came from inside a View that is being put into service.
    #[error("called from a view, which the swap would have to wait for; call it from elsewhere")]
    Reentrant,
    /// The provider has been shut down.
    #[error("the meter provider has been shut down")]
    AlreadyShutdown,
}
