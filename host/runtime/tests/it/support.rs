//! What the tests share: a runtime that is quick to lose patience, folders, and questions.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use wasmeter_model::frame::Frame;
use wasmeter_model::{
    Advisory, Attributes, Instrument, InstrumentKind, NumberKind, Origin, Resource, Scope, Timestamp,
};
use wasmeter_runtime::{
    Failure, LogLevel, LogSink, ObserverFault, Observers, Plugin, PluginLimits, RestartPolicy, Runtime,
    RuntimeConfig,
};

use crate::guest::Guest;

/// A runtime with short deadlines, so that the tests of them are quick.
pub(crate) fn runtime() -> Arc<Runtime> {
    runtime_with(quick())
}

pub(crate) fn runtime_with(config: RuntimeConfig) -> Arc<Runtime> {
    Arc::new(Runtime::new(config).unwrap())
}

const HOUR: Duration = Duration::from_secs(3600);

/// Deadlines far above what a well-behaved guest needs even on a busy machine, and far below the defaults.
pub(crate) fn quick() -> RuntimeConfig {
    RuntimeConfig {
        limits: PluginLimits {
            call_deadline: Duration::from_millis(300),
            setup_deadline: Duration::from_millis(500),
            ..PluginLimits::default()
        },
        // Longer than any test, so that none depends on how fast it runs.
        restart: RestartPolicy { backoff: HOUR, backoff_max: HOUR, ..RestartPolicy::default() },
        ..RuntimeConfig::default()
    }
}

/// What observers say at a time, one after the other, however long they take.
pub(crate) fn said(
    observers: &Observers,
    now: Timestamp,
) -> Vec<(Arc<Plugin>, Result<Frame, ObserverFault>)> {
    let (sender, answers) = mpsc::channel();
    observers.observe(now, move |plugin, answer| sender.send((plugin.clone(), answer)).unwrap());
    // It ends when none of them has anything more to say.
    answers.iter().collect()
}

/// A plugin folder that is removed with the test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let file = self.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        file
    }

    pub(crate) fn put_guest(&self, name: &str, guest: &Guest) -> PathBuf {
        self.put(name, guest.component())
    }

    pub(crate) fn remove(&self, name: &str) {
        std::fs::remove_file(self.path().join(name)).unwrap();
    }
}

/// Loads bytes as a plugin `sample.wasm` without settings, and expects that to fail.
pub(crate) fn refused(runtime: &Arc<Runtime>, bytes: impl AsRef<[u8]>) -> Failure {
    let folder = Folder::new();
    runtime.load(&folder.put("sample.wasm", bytes)).expect_err("the plugin was accepted")
}

/// A counter of a service.
pub(crate) fn counter() -> Instrument {
    instrument("http.requests", InstrumentKind::Counter)
}

pub(crate) fn instrument(name: &str, kind: InstrumentKind) -> Instrument {
    Instrument {
        name: name.into(),
        description: "Requests".into(),
        unit: "1".into(),
        kind,
        number: NumberKind::Int,
        origin: Origin::Received,
        scope: Arc::new(Scope { name: "tests".into(), ..Scope::default() }),
        resource: Arc::new(Resource {
            attributes: Attributes::from_iter([("service.name", "shop"), ("service.instance.id", "1")]),
            ..Resource::default()
        }),
        advisory: Advisory {
            boundaries: Some([0.5, 1.0].into()),
            attributes: Some(["method".into(), "status".into()].into()),
        },
    }
}

/// Keeps the lines plugins log.
#[derive(Default)]
pub(crate) struct Lines(Mutex<Vec<(String, LogLevel, String)>>);

impl Lines {
    pub(crate) fn all(&self) -> Vec<(String, LogLevel, String)> {
        self.0.lock().unwrap().clone()
    }
}

impl LogSink for Lines {
    fn line(&self, plugin: &str, level: LogLevel, message: &str) {
        self.0.lock().unwrap().push((plugin.to_owned(), level, message.to_owned()));
    }
}

/// The folder an environment variable names, or `None` with a word to whoever runs the tests.
pub(crate) fn built(variable: &str) -> Option<PathBuf> {
    let dir = std::env::var_os(variable).map(PathBuf::from);
    if dir.is_none() {
        skipped(variable);
    }
    dir
}

#[expect(
    clippy::print_stderr,
    reason = "the test runner shows it, and a test that did nothing must not be silent"
)]
fn skipped(variable: &str) {
    eprintln!("skipped: {variable} is not set; `cargo xtask test` builds the plugins and sets it");
}

/// The `hostile` plugin with this configuration in a folder of its own.
pub(crate) fn hostile(config: &str) -> Option<(Folder, PathBuf)> {
    let component = built("WASMETER_HOSTILE")?.join("hostile.wasm");
    let folder = Folder::new();
    let file = folder.path().join("hostile.wasm");
    std::fs::copy(component, &file).unwrap();
    folder.put("hostile.toml", format!("[config]\n{config}\n"));
    Some((folder, file))
}
