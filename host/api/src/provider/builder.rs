//! What a provider is made from.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;
use wasmeter_engine::{Engine, EngineConfig, MetricFilter, View, Views};
use wasmeter_model::limits::Limits;
use wasmeter_model::{Attributes, ExemplarFilter, Resource, Timestamp};

use super::core::Parts;
use super::swap::GivenViews;
use super::{Core, MeterProvider, Owner};
use crate::attributes::converted;
use crate::callbacks::Callbacks;
use crate::clock::{self, Clock};
use crate::configurator::MeterConfigurator;
use crate::diagnostics::{Diagnostic, DiagnosticKind, Diagnostics, Handler};
use crate::environment::Environment;
use crate::error::BuildError;
use crate::meters::Meters;
use crate::plugins::{KeptPlugins, PluginSettings};
use crate::reader::{PeriodicReader, Producers, PushExporter, Reader};
use crate::resource;

/// What of the environment is heeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Reads {
    #[default]
    Nothing,
    Resource,
    All,
}

/// Makes a [`MeterProvider`].
#[derive(Default)]
#[must_use = "call `build`"]
pub struct MeterProviderBuilder {
    readers: Vec<Reader>,
    views: Views,
    resource: Resource,
    environment: Reads,
    limits: Limits,
    exemplar_filter: Option<ExemplarFilter>,
    configurator: Option<MeterConfigurator>,
    callback_timeout: Option<Duration>,
    plugins: PluginSettings,
    clock: Option<Clock>,
    handler: Option<Handler>,
}

impl MeterProviderBuilder {
    /// How long the callbacks of a collection have if nothing else is said.
    pub const CALLBACK_TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);

    /// Adds a reader: a [`crate::ManualReader`] or a [`crate::PeriodicReader`]. Each has streams of its own, so that one's
    /// collection does not disturb another's. Without any nothing is ever exported.
    pub fn with_reader(mut self, reader: impl Into<Reader>) -> Self {
        self.readers.push(reader.into());
        self
    }

    /// Adds a reader that exports at the interval and with the timeout of the environment, or else the specified ones
    /// ([`crate::PeriodicReader::exporting_to`]).
    pub fn with_periodic_exporter(self, exporter: impl PushExporter) -> Self {
        self.with_reader(PeriodicReader::exporting_to(exporter))
    }

    /// Adds a View to those that stand by themselves, each giving a stream of its own (metrics SDK, "View"); see
    /// [`crate::NativeView::new`]. They relate to each other as [`Views::mode`] says.
    pub fn with_view(mut self, view: Arc<dyn View>) -> Self {
        self.views.base.push(view);
        self
    }

    /// Sets the Views that are laid over each other and over the others, in this order.
    pub fn with_plugins(mut self, views: Vec<Arc<dyn View>>) -> Self {
        self.views.plugins = views;
        self
    }

    /// Sets all Views at once, those given before included.
    pub fn with_views(mut self, views: Views) -> Self {
        self.views = views;
        self
    }

    /// Sets a directory of wasm components (feature `plugins`). Its Views are laid over all others, in the order of their file
    /// names. Its observers are asked at each collection of each reader, and what they say belongs to the provider's resource. Its
    /// processors process what a reader collected before it is exported or, by a manual one, returned. Each of its exporters has a
    /// periodic reader of its own, which a flush and the shutdown reach as they do the program's.
    ///
    /// [`MeterProviderBuilder::build`] loads those that are there, which takes as long as compiling does; then the directory
    /// is watched, and what changes in it is put into service while the program measures, until the shutdown. A file that
    /// cannot be put to work, one that stops answering within a minute included, leaves in service what was; it is told
    /// ([`DiagnosticKind::Plugin`]) and counted. The directory need not exist yet.
    #[cfg(feature = "plugins")]
    pub fn with_plugin_directory(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.plugins.path = Some(path.into());
        self
    }

    /// Sets what the plugins of the directory may use and answer, and where their log lines go (feature `plugins`).
    #[cfg(feature = "plugins")]
    pub fn with_plugin_runtime(mut self, config: wasmeter_runtime::RuntimeConfig) -> Self {
        self.plugins.runtime = config;
        self
    }

    /// Sets which Meters are enabled; all are if not called (metrics SDK, "MeterConfigurator").
    pub fn with_meter_configurator(mut self, configurator: MeterConfigurator) -> Self {
        self.configurator = Some(configurator);
        self
    }

    /// Sets the resource. Where it says nothing, `telemetry.sdk.*` and `service.name` have their specified defaults.
    pub fn with_resource(mut self, resource: Resource) -> Self {
        self.resource = resource;
        self
    }

    /// Adds attributes to the resource; of a key given before the new value counts.
    pub fn with_resource_attributes(mut self, attributes: impl IntoIterator<Item = KeyValue>) -> Self {
        let added: Vec<KeyValue> = attributes.into_iter().collect();
        let added = converted(&added);
        let pairs = self.resource.attributes.iter().chain(added.iter());
        self.resource.attributes = Attributes::from_pairs(pairs).0;
        self
    }

    /// Adds to the resource what `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME` say where the application says nothing
    /// (resource SDK, "Specifying resource information via an environment variable"). They are read in
    /// [`MeterProviderBuilder::build`].
    pub fn with_env_resource(mut self) -> Self {
        self.environment = self.environment.max(Reads::Resource);
        self
    }

    /// Has the environment say what the application does not: the resource as
    /// [`MeterProviderBuilder::with_env_resource`], of periodic readers interval and timeout
    /// (`OTEL_METRIC_EXPORT_INTERVAL`, `OTEL_METRIC_EXPORT_TIMEOUT`, in milliseconds), and the exemplar filter
    /// (`OTEL_METRICS_EXEMPLAR_FILTER`: `always_on`, `always_off` or `trace_based`). With `OTEL_SDK_DISABLED=true` the provider
    /// does nothing: its Meters are silent and nothing is exported. Values that are not valid are told and count as unset. The
    /// variables are read in [`MeterProviderBuilder::build`].
    pub fn with_environment(mut self) -> Self {
        self.environment = Reads::All;
        self
    }

    /// Sets which measurements may become exemplars; if not called, those made in the context of a sampled span of the
    /// `opentelemetry` API (metrics SDK, "ExemplarFilter"). Each View may choose the reservoir, and with it that there are none.
    ///
    /// An exemplar has the attributes that Views removed from its series: if one must not leave the process, choose
    /// [`ExemplarFilter::AlwaysOff`], or [`wasmeter_model::ExemplarReservoir::None`] in the View that removes it.
    pub fn with_exemplar_filter(mut self, filter: ExemplarFilter) -> Self {
        self.exemplar_filter = Some(filter);
        self
    }

    /// Sets the engine's bounds.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets how long a collection waits for its callbacks, all of them together; of a periodic reader they have half of the time
    /// for an export at most. A callback that has not returned by then is given up: what it observes is missing from that
    /// collection, and it is left out of those that follow until it has returned.
    ///
    /// Callbacks run on threads of the provider: one after the other while they are quick, and at the same time when one
    /// takes long. The same callback never runs twice at the same time.
    pub fn with_callback_timeout(mut self, timeout: Duration) -> Self {
        self.callback_timeout = Some(timeout);
        self
    }

    /// Sets where time comes from; the system's clock if not called. The intervals of periodic readers and all timeouts go by
    /// the system's monotonic clock in any case. Called for each measurement, from any thread.
    pub fn with_clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Some(Box::new(clock));
        self
    }

    /// Sets what hears of problems; if not called they go to `tracing` as warnings of the target `wasmeter`. Called from
    /// whatever thread a problem shows on; it must not measure with this provider.
    pub fn with_diagnostics(mut self, handler: impl Fn(&Diagnostic) + Send + Sync + 'static) -> Self {
        self.handler = Some(Box::new(handler));
        self
    }

    /// Builds the provider and starts the threads of its periodic readers.
    ///
    /// # Errors
    ///
    /// [`BuildError::ReaderInUse`], [`BuildError::Thread`], or that the plugin runtime or its threads could not be started.
    pub fn build(self) -> Result<MeterProvider, BuildError> {
        let diagnostics = Arc::new(Diagnostics::new(self.handler));
        let variable = |name: &str| std::env::var(name).ok();
        let mut environment = match self.environment {
            Reads::Nothing => Environment::default(),
            Reads::Resource => Environment::of_resource(variable),
            Reads::All => Environment::read(variable),
        };
        for problem in environment.problems.drain(..) {
            diagnostics.tell(DiagnosticKind::Environment, problem);
        }
        let clock = self.clock.unwrap_or_else(|| Box::new(clock::system));
        let exemplar_filter = self.exemplar_filter.or(environment.exemplar_filter).unwrap_or_default();
        // A provider that the environment disables asks no View and runs no plugin.
        let plugins = if environment.is_disabled { PluginSettings::default() } else { self.plugins };
        let plugins = plugins.load(&diagnostics)?;
        let mut readers: Vec<_> = self.readers.iter().map(|reader| reader.config().clone()).collect();
        readers.extend(plugins.readers());
        let config = EngineConfig { readers, limits: self.limits, exemplar_filter };
        let views = GivenViews { own: self.views, directory: plugins.views() };
        let meters = Meters::new(self.configurator, diagnostics.clone());
        let engine = Engine::new(config, meters.over(views.all()), clock());
        let resource = resource::complete(self.resource, std::mem::take(&mut environment.resource));
        let timeout = self.callback_timeout.unwrap_or(Self::CALLBACK_TIMEOUT_DEFAULT);
        let core = Arc::new(Core::new(Parts {
            plugins: plugins.in_service(&engine, &resource, &diagnostics),
            engine,
            views,
            meters,
            resource,
            clock,
            diagnostics,
            callbacks: Callbacks::new(timeout, self.readers.len()),
            producers: self.readers.iter().map(producers_of).collect(),
            is_disabled: environment.is_disabled,
            exemplar_filter,
        }));
        // Made first, so that whatever has been started ends with it if something fails.
        let mut owner = Owner { core: core.clone(), workers: Vec::new(), plugins: KeptPlugins::default() };
        owner.plugins = plugins.keep(&core, self.readers.len())?;
        for (number, reader) in self.readers.into_iter().enumerate() {
            owner.workers.extend(reader.start(&core, number, &environment)?.map(Arc::new));
        }
        Ok(MeterProvider { owner: Arc::new(owner) })
    }
}

fn producers_of(reader: &Reader) -> (Producers, Option<Arc<dyn MetricFilter>>) {
    (reader.producers().clone(), reader.config().filter.clone())
}

impl std::fmt::Debug for MeterProviderBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MeterProviderBuilder")
            .field("readers", &self.readers.len())
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}
