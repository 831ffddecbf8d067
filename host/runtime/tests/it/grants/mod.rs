//! What plugins are granted, and what they are not. The plugin `reach` does what the name of an instrument says and logs what came
//! of it.

mod files;
mod http;
mod others;
mod server;
mod settings;

use std::path::Path;
use std::sync::Arc;

use wasmeter_engine::View as _;
use wasmeter_model::InstrumentKind;
use wasmeter_runtime::{Failure, Plugin, Runtime, RuntimeConfig};

use crate::support::{Folder, Lines, built, instrument, quick, runtime_with};

/// The plugin `reach`, loaded with these settings.
struct Reach {
    runtime: Arc<Runtime>,
    plugin: Arc<Plugin>,
    lines: Arc<Lines>,
}

/// Grants of everything the component imports, so that it loads; what a test is about comes before them.
const OTHERS: [(&str, &str); 5] = [
    ("directories", "[{ host = '/usr', guest = '/nowhere', access = 'read' }]"),
    ("environment", "['NOT_SET_ANYWHERE']"),
    ("http", "['http://127.0.0.1:1']"),
    ("clocks", "true"),
    ("randomness", "true"),
];

/// Settings with these grants and, of what they do not name, just enough.
fn settings(limits: &str, grants: &[(&str, &str)]) -> String {
    let others = OTHERS.iter().filter(|(name, _)| !grants.iter().any(|(granted, _)| granted == name));
    let lines = grants.iter().chain(others).map(|(name, value)| format!("{name} = {value}\n"));
    format!("{limits}\n[grants]\n{}", lines.collect::<String>())
}

fn directory(directory: &Path, access: &str) -> String {
    format!("[{{ host = '{}', guest = '/data', access = '{access}' }}]", directory.display())
}

impl Reach {
    /// `None` where the plugin is not built.
    fn load(settings: &str) -> Option<Result<Self, Failure>> {
        let component = built("WASMETER_HOSTILE")?.join("reach.wasm");
        let folder = Folder::new();
        let file = folder.path().join("reach.wasm");
        std::fs::copy(component, &file).unwrap();
        folder.put("reach.toml", settings);
        let lines = Arc::new(Lines::default());
        let runtime = runtime_with(RuntimeConfig { log: lines.clone(), ..quick() });
        Some(runtime.load(&file).map(|plugin| Self { runtime, plugin, lines }))
    }

    /// With one directory, called `/data`.
    fn with_directory(directory: &Path, access: &str) -> Option<Self> {
        Self::with("", &[("directories", &self::directory(directory, access))])
    }

    /// With these limits and grants.
    fn with(limits: &str, grants: &[(&str, &str)]) -> Option<Self> {
        Some(Self::load(&settings(limits, grants))?.unwrap())
    }

    /// What comes of a command: what was found, or what went wrong.
    fn tell(&self, command: &str) -> String {
        let before = self.lines.all().len();
        let answer = self.plugin.streams(&instrument(command, InstrumentKind::Counter));
        match answer {
            Err(fault) => fault.to_string(),
            Ok(_) => {
                let lines = self.lines.all();
                lines.get(before).map_or_else(|| "nothing was logged".to_owned(), |(_, _, line)| line.clone())
            }
        }
    }
}
