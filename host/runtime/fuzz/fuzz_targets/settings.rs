//! Any bytes as the settings beside a component: taken or refused, never a panic.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use wasmeter_runtime::{Runtime, RuntimeConfig};

static RUNTIME: LazyLock<Arc<Runtime>> =
    LazyLock::new(|| Arc::new(Runtime::new(RuntimeConfig::default()).unwrap()));
/// The component is none: the settings are read before it is looked at.
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("fuzzed.wasm"), "none").unwrap();
    folder
});

fuzz_target!(|bytes: &[u8]| {
    std::fs::write(FOLDER.path().join("fuzzed.toml"), bytes).unwrap();
    drop(RUNTIME.load(&FOLDER.path().join("fuzzed.wasm")));
});
