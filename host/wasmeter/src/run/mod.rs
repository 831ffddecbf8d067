//! `wasmeter run`: the composition root.
//!
//! ```text
//! receivers -> sink -> engine <- plugin keeper (directory -> generation -> swap)
//!         observers ---> |
//!                        +-> processors -> readers: page, OTLP exporters, console, exporters of the directory
//! ```

mod client_limits;
mod durations;
mod exporters;
mod open_files;
mod own_metrics;
mod pipeline;
mod plugin_keeper;
mod readers;
mod signals;
mod sink;
mod timings;
mod views;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use wasmeter_config::Config;
use wasmeter_engine::{Engine, EngineConfig};
use wasmeter_otlp::receive::Receiver;
use wasmeter_runtime::{KeyError, Runtime, RuntimeConfig, TrustedKey};

use crate::clock::now;
use crate::settings::{Settings, print_problems};
use crate::{EXIT_CONFIGURATION, log};
use exporters::Surroundings;
use plugin_keeper::PluginKeeper;
use readers::Readers;
pub(crate) use readers::exporter_problems;

/// How long the last exports may take before the program ends without them.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(10);

/// How often the engine is asked what there is to tell.
const NOTICES_INTERVAL: Duration = Duration::from_secs(1);

/// What stops everything: becomes true once.
type Shutdown = watch::Receiver<bool>;

async fn stopped(mut shutdown: Shutdown) {
    // An error means that the sender is gone, which is a stop too.
    let _stopped = shutdown.wait_for(|stop| *stop).await;
}

/// The runtime's settings for a configuration.
///
/// # Errors
///
/// A trusted key is none.
fn runtime_config(plugins: &wasmeter_config::Plugins) -> Result<RuntimeConfig, KeyError> {
    let trusted_keys =
        plugins.trusted_keys.iter().map(|key| TrustedKey::parse(key)).collect::<Result<_, _>>()?;
    let cache_directory = plugins.cache_directory.clone();
    Ok(RuntimeConfig { limits: plugins.limits, trusted_keys, cache_directory, ..RuntimeConfig::default() })
}

/// The plugin runtime for a configuration, or the problem with it.
pub(crate) fn start_runtime(plugins: &wasmeter_config::Plugins) -> Result<Runtime, String> {
    let config = runtime_config(plugins).map_err(|error| error.to_string())?;
    Runtime::new(config).map_err(|error| error.to_string())
}

/// Runs until a signal says stop.
pub(crate) fn run(settings: Settings) -> ExitCode {
    log::start(settings.config.log_level);
    for warning in &settings.config.warnings {
        tracing::warn!("{warning}");
    }
    if settings.config.disabled {
        tracing::warn!("disabled by the configuration: nothing is received, aggregated or exported");
        return ExitCode::SUCCESS;
    }
    open_files::raise();
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("wasmeter").build() {
            Ok(runtime) => runtime,
            Err(error) => {
                print_problems(&[format!("cannot start threads: {error}")]);
                return ExitCode::FAILURE;
            }
        };
    let outcome = runtime.block_on(serve(settings));
    // Blocking work that does not end, such as a plugin at its deadline, must not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problems) => {
            print_problems(&problems);
            ExitCode::from(EXIT_CONFIGURATION)
        }
    }
}

/// A listener, or a problem that says which.
async fn bind(what: &str, address: Option<std::net::SocketAddr>) -> Result<Option<TcpListener>, String> {
    let Some(address) = address else { return Ok(None) };
    let listener = TcpListener::bind(address).await;
    listener
        .map(Some)
        .map_err(|error| format!("{what}: cannot listen on {address}: {error}; is another program using it?"))
}

async fn serve(settings: Settings) -> Result<(), Vec<String>> {
    let config = settings.config.clone();
    let mut signals =
        signals::Signals::new().map_err(|error| vec![format!("cannot handle signals: {error}")])?;
    let (grpc, http) = tokio::join!(
        bind("OTLP/gRPC", config.receivers.otlp_grpc),
        bind("OTLP/HTTP", config.receivers.otlp_http)
    );
    let mut problems: Vec<String> =
        [grpc.as_ref().err(), http.as_ref().err()].into_iter().flatten().cloned().collect();
    let readers = Readers::prepare(&config).await.map_err(|more| problems.extend(more)).unwrap_or_default();
    let (Ok(grpc), Ok(http), true) = (grpc, http, problems.is_empty()) else { return Err(problems) };

    let engine_config = EngineConfig {
        readers: readers.engine_configs(),
        limits: config.limits.clone(),
        exemplar_filter: config.exemplar_filter,
    };
    let (stop_readers, readers_shutdown) = watch::channel(false);
    let plugin_runtime = Arc::new(start_runtime(&config.plugins).map_err(|problem| vec![problem])?);
    let surroundings = Surroundings {
        runtime: Handle::current(),
        stats: readers.stats(),
        shutdown: readers_shutdown.clone(),
    };
    let (engine, keeper) =
        start_plugins(&settings, engine_config, plugin_runtime.clone(), surroundings).await?;

    let limits = client_limits::of_config(&config.client_limits);
    let receiver = Receiver::new(Arc::new(sink::EngineSink::new(engine.clone())), limits);
    let export_stats = readers.stats();
    own_metrics::register(
        &engine,
        &config.resource,
        receiver.stats(),
        plugin_runtime,
        keeper.plugins(),
        export_stats,
    );

    let (stop, shutdown) = watch::channel(false);
    announce(grpc.as_ref(), http.as_ref(), &readers, &config, &keeper);
    let receivers = tokio::spawn(receive(receiver, grpc, http, shutdown.clone()));
    let readers = readers.start(&keeper.pipeline(), &readers_shutdown);

    let telling = tokio::spawn(tell_notices(engine.clone(), shutdown));

    let signalled = signals.run(&keeper, &settings).await;
    tracing::info!(signal = signalled, "stopping: no more is received, what is held is exported");
    // Order matters: what the receivers have accepted must be in the engine before the last collection.
    let _stopping = stop.send(true);
    if let Err(error) = receivers.await {
        tracing::error!(%error, "a receiver ended badly");
    }
    keeper.stop();
    if let Err(error) = telling.await {
        tracing::error!(%error, "the telling of notices ended badly");
    }
    let _stopping = stop_readers.send(true);
    tokio::select! {
        ((), ()) = async { tokio::join!(readers.finish(), keeper.exports().finish()) } => {
            tracing::info!("stopped");
        }
        () = tokio::time::sleep(FLUSH_TIMEOUT) => {
            tracing::error!(timeout_secs = FLUSH_TIMEOUT.as_secs(), "the last exports did not end in time");
        }
        () = signals.stop() => tracing::error!("stopped again: the last exports are given up"),
    }
    Ok(())
}

/// Loads the plugins, which may take a while, and makes the engine with their Views.
async fn start_plugins(
    settings: &Settings,
    engine: EngineConfig,
    runtime: Arc<Runtime>,
    surroundings: Surroundings,
) -> Result<(Engine, PluginKeeper), Vec<String>> {
    let config = settings.config.clone();
    tokio::task::spawn_blocking(move || {
        let views = views::of_config(&config);
        let resource = own_metrics::own_resource(&config.resource);
        let put_together = |views, more_readers| {
            let mut engine = engine;
            let first = engine.readers.len();
            engine.readers.extend::<Vec<_>>(more_readers);
            let added = first..engine.readers.len();
            (Engine::new(engine, views, now()), added)
        };
        PluginKeeper::start(&config.plugins, runtime, views, resource, surroundings, put_together)
    })
    .await
    .map_err(|error| vec![format!("loading plugins failed: {error}")])?
    .map_err(|problem| vec![problem])
}

async fn receive(
    receiver: Receiver,
    grpc: Option<TcpListener>,
    http: Option<TcpListener>,
    shutdown: Shutdown,
) {
    let grpc = async {
        if let Some(listener) = grpc {
            receiver.serve_grpc(listener, stopped(shutdown.clone())).await;
        }
    };
    let http = async {
        if let Some(listener) = http {
            receiver.serve_http(listener, stopped(shutdown.clone())).await;
        }
    };
    tokio::join!(grpc, http);
}

/// Logs what the engine has to tell about instruments and their Views, until stopped.
async fn tell_notices(engine: Engine, shutdown: Shutdown) {
    let mut interval = tokio::time::interval(NOTICES_INTERVAL);
    let stopped = stopped(shutdown);
    tokio::pin!(stopped);
    let mut is_stopping = false;
    while !is_stopping {
        tokio::select! {
            _ = interval.tick() => {}
            () = &mut stopped => is_stopping = true,
        }
        for notice in engine.notices() {
            tracing::warn!(instrument = %notice.instrument, "{}", notice.message);
        }
    }
}

/// Says where everything is: on the standard output, one line each, for people and for scripts.
#[expect(clippy::print_stdout, reason = "the command's answer")]
fn announce(
    grpc: Option<&TcpListener>,
    http: Option<&TcpListener>,
    readers: &Readers,
    config: &Config,
    keeper: &PluginKeeper,
) {
    let address = |listener: &TcpListener| listener.local_addr().map_or("?".to_owned(), |at| at.to_string());
    println!("wasmeter {}", env!("CARGO_PKG_VERSION"));
    if let Some(listener) = grpc {
        println!("OTLP/gRPC    http://{}", address(listener));
    }
    if let Some(listener) = http {
        println!("OTLP/HTTP    http://{}{}", address(listener), wasmeter_otlp::METRICS_PATH);
    }
    for line in readers.describe() {
        println!("{line}");
    }
    if let Some(directory) = &config.plugins.directory {
        let names = keeper.plugins().names();
        let names = if names.is_empty() { "none yet".to_owned() } else { names.join(", ") };
        println!("plugins      {} ({names})", directory.display());
    }
    println!("ready");
}
