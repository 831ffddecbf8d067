//! The provider: what a program installs, flushes and shuts down.

mod builder;
mod collect;
mod core;
mod swap;

use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry::InstrumentationScope;
use opentelemetry::metrics::Meter;
use wasmeter_engine::{SwapReport, Views};
use wasmeter_model::{Advisory, Scope};

use crate::attributes::converted;
use crate::busy::is_busy;
use crate::configurator::MeterConfigurator;
use crate::counts::Counts;
use crate::diagnostics::DiagnosticKind;
use crate::enabled::Enabled;
use crate::error::{Error, ExportError, RegisterError, SwapError};
use crate::meter::{NoInstruments, ScopedInstruments};
use crate::observables::{ObservableInstruments, Observer, Registration};
use crate::plugins::KeptPlugins;
use crate::reader::{Worker, deadline_after};
pub(crate) use core::Core;

pub use builder::MeterProviderBuilder;

/// How long the drop of the last clone waits for the last exports.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);

/// Implements [`opentelemetry::metrics::MeterProvider`] with the wasmeter engine. Clones are the same provider.
///
/// When the last clone is dropped the provider is shut down as well as that can be done in five seconds. The one that
/// `opentelemetry::global` holds is not dropped at the end of `main`: keep a clone, and call [`MeterProvider::shutdown`].
#[derive(Clone, Debug)]
pub struct MeterProvider {
    owner: Arc<Owner>,
}

/// What ends with the last clone; instruments and meters hold the core only.
struct Owner {
    core: Arc<Core>,
    /// Of the program's own readers.
    workers: Vec<Arc<Worker>>,
    plugins: KeptPlugins,
}

impl MeterProvider {
    /// A provider in the making: no readers, no Views, the default resource and limits.
    pub fn builder() -> MeterProviderBuilder {
        MeterProviderBuilder::default()
    }

    /// Has every periodic reader collect and export now, and its exporter flush (metrics SDK, "ForceFlush"). Waits for all of
    /// them, in total no longer than `timeout`. Manual readers have nothing to flush. An exporter of the plugin directory flushes
    /// once, at the end of its instance: it is shut down, too, and a fresh instance goes on.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyShutdown`], [`Error::Reentrant`], [`Error::Timeout`], or the first failure of an exporter.
    pub fn force_flush(&self, timeout: Duration) -> Result<(), Error> {
        if self.owner.core.is_shut_down() {
            return Err(Error::AlreadyShutdown);
        }
        if is_busy() {
            return Err(Error::Reentrant);
        }
        let deadline = deadline_after(timeout);
        // All are asked before one is waited for, so that they go at the same time.
        let of_plugins = self.owner.core.plugins.workers();
        let workers = self.owner.workers.iter().chain(&of_plugins);
        let tickets: Vec<_> = workers.map(|worker| (worker, worker.request_flush(deadline))).collect();
        let outcomes = tickets.into_iter().map(|(worker, ticket)| worker.wait_flush(ticket, deadline));
        outcomes.fold(Ok(()), Result::and)
    }

    /// Collects and exports a last time, then ends the readers and their exporters (metrics SDK, "Shutdown"). Waits no longer
    /// than `timeout`; what is late goes on in its thread. From the call on all instruments are silent, meters have silent
    /// instruments only, and callbacks run for the last collection and then no more.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyShutdown`] from the second call on; [`Error::Reentrant`], which does not shut down; [`Error::Timeout`],
    /// or the first failure of an exporter, which both do.
    pub fn shutdown(&self, timeout: Duration) -> Result<(), Error> {
        if is_busy() {
            return Err(Error::Reentrant);
        }
        self.owner.shut_down(deadline_after(timeout))
    }

    /// Registers a callback for instruments of one Meter, which are made if the Meter has not got them; it observes all of them
    /// at once and may be removed again (metrics API, "Asynchronous Instrument creation" and "Multiple-instrument
    /// callbacks"). For callbacks of one instrument that stay, the `opentelemetry` API's own builders do.
    ///
    /// The callback runs in each collection of each reader, on a thread of the provider and within
    /// [`MeterProviderBuilder::with_callback_timeout`]. One that holds a clone of the
    /// provider keeps it alive until it is removed or the provider is shut down.
    ///
    /// ```
    /// use opentelemetry::InstrumentationScope;
    /// use wasmeter_api::{ManualReader, MeterProvider, ObservableInstrument};
    ///
    /// let reader = ManualReader::default();
    /// let provider = MeterProvider::builder().with_reader(&reader).build()?;
    /// let open = ObservableInstrument::<u64>::gauge("pool.open").with_unit("{connection}");
    /// let waited = ObservableInstrument::<f64>::counter("pool.wait.time").with_unit("s");
    /// let scope = InstrumentationScope::builder("shop").build();
    /// let registration = provider.register_callback(scope, (open, waited), |observer, (open, waited)| {
    ///     let (connections, secs) = (3, 0.25); // what one look at the pool says
    ///     observer.observe(open, connections, &[]);
    ///     observer.observe(waited, secs, &[]);
    /// })?;
    /// assert_eq!(reader.collect()?.point_count(), 2);
    /// registration.unregister();
    /// assert_eq!(reader.collect()?.point_count(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`RegisterError::NoInstruments`], [`RegisterError::Refused`], [`RegisterError::AlreadyShutdown`]. A provider that the
    /// environment disables takes any callback and runs none.
    pub fn register_callback<I: ObservableInstruments>(
        &self,
        scope: InstrumentationScope,
        instruments: I,
        callback: impl Fn(&Observer<'_>, &I) + Send + Sync + 'static,
    ) -> Result<Registration, RegisterError> {
        let core = &self.owner.core;
        if core.is_shut_down() {
            return Err(RegisterError::AlreadyShutdown);
        }
        if core.is_disabled {
            return Ok(Registration { callback: None });
        }
        let mut described = Vec::new();
        instruments.describe(&mut described);
        let meter = ScopedInstruments::new(core.clone(), model_scope(&scope));
        let function = move |observer: &Observer<'_>| callback(observer, &instruments);
        let number = meter.register_callback(described, function)?;
        Ok(Registration { callback: Some((Arc::downgrade(core), number)) })
    }

    /// Puts other Views into service while the program measures. Series whose identity and aggregation do not change keep
    /// value and start; every measurement is in exactly one generation of Views.
    ///
    /// # Errors
    ///
    /// [`SwapError::View`] if one of them could not answer, [`SwapError::Reentrant`], [`SwapError::AlreadyShutdown`]. The Views
    /// from before go on then.
    pub fn swap_views(&self, views: Views) -> Result<SwapReport, SwapError> {
        self.owner.core.swap_views(views)
    }

    /// Puts another meter configurator into service while the program measures: it is asked about every Meter that somebody
    /// has (metrics SDK, "MeterConfigurator"). The series of a Meter that is disabled end, as if Views dropped them: they are
    /// exported a last time, with the flag "no recorded value" then. Those of a Meter that is enabled start.
    ///
    /// # Errors
    ///
    /// As [`MeterProvider::swap_views`], since the Views are asked again. The configurator from before goes on then.
    pub fn update_meter_configurator(
        &self,
        configurator: MeterConfigurator,
    ) -> Result<SwapReport, SwapError> {
        self.owner.core.configure_meters(configurator)
    }

    /// Advises what an instrument should be aggregated with unless a View says (metrics API, "Instrument advisory parameters"):
    /// which attributes are worth keeping, for which the `opentelemetry` API has no words, and boundaries where whoever makes
    /// the instrument gives none. It is found by the names of its Meter and its own, the latter in any case. Advice counts for
    /// instruments that are made after it.
    pub fn advise(&self, meter: &str, instrument: &str, advisory: Advisory) {
        self.owner.core.advice.give(meter, instrument, advisory);
    }

    /// Tells whether the instruments of this name, in any case, are enabled that the Meter of this scope has by now; `None`
    /// if it has none. Of several of one name one is enough.
    pub fn enabled(&self, scope: &InstrumentationScope, name: &str) -> Option<Enabled> {
        let core = &self.owner.core;
        let scope = model_scope(scope);
        let recorders = core.known.of(&Arc::new(scope.clone()), name);
        if recorders.is_empty() {
            return None;
        }
        Some(Enabled::new(core.meters.meter(scope), recorders))
    }

    /// What the provider has counted so far.
    pub fn counts(&self) -> Counts {
        Counts { plugin_failures: self.owner.plugins.failures(), ..self.owner.core.counts() }
    }

    /// The plugins of the directory that are in service, in the order of their file names (feature `plugins`).
    #[cfg(feature = "plugins")]
    pub fn plugins(&self) -> Vec<wasmeter_runtime::PluginInfo> {
        self.owner.plugins.infos()
    }
}

impl opentelemetry::metrics::MeterProvider for MeterProvider {
    fn meter_with_scope(&self, scope: InstrumentationScope) -> Meter {
        let core = &self.owner.core;
        if core.is_shut_down() || core.is_disabled {
            return Meter::new(Arc::new(NoInstruments));
        }
        Meter::new(Arc::new(ScopedInstruments::new(core.clone(), model_scope(&scope))))
    }
}

fn model_scope(scope: &InstrumentationScope) -> Scope {
    Scope {
        name: scope.name().into(),
        version: scope.version().unwrap_or_default().into(),
        schema_url: scope.schema_url().unwrap_or_default().into(),
        attributes: converted(scope.attributes()),
    }
}

impl Owner {
    fn shut_down(&self, deadline: Instant) -> Result<(), Error> {
        if !self.core.begin_shutdown() {
            return Err(Error::AlreadyShutdown);
        }
        self.plugins.request_stop();
        let of_plugins = self.core.plugins.close();
        let workers = || self.workers.iter().chain(&of_plugins);
        workers().for_each(|worker| worker.request_shutdown(deadline));
        self.core.forget_callbacks_after_the_last_reader();
        // In a callback or an exporter there is nobody to wait for but oneself.
        if is_busy() {
            return Err(Error::Reentrant);
        }
        // Each is waited for, whatever became of those before.
        let outcomes = workers().map(|worker| worker.wait_shutdown(deadline));
        outcomes.fold(Ok(()), Result::and)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        match self.shut_down(deadline_after(DROP_TIMEOUT)) {
            // What an exporter says about itself has been told by its reader.
            Ok(()) | Err(Error::AlreadyShutdown | Error::Export(_)) => {}
            Err(error) => {
                let message =
                    format!("the meter provider was dropped before its last exports were done: {error}");
                self.core.diagnostics.tell(DiagnosticKind::Export, message);
            }
        }
    }
}

impl std::fmt::Debug for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Owner")
            .field("periodic_readers", &self.workers.len())
            .field("is_shut_down", &self.core.is_shut_down())
            .finish_non_exhaustive()
    }
}

/// A failure of an exporter, as a flush or shutdown tells it.
impl From<&ExportError> for Error {
    fn from(error: &ExportError) -> Self {
        Self::Export(error.clone())
    }
}
