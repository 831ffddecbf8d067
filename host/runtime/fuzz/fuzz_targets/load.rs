//! Any bytes as a component: loaded or refused, never a panic.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use wasmeter_runtime::{Runtime, RuntimeConfig};

static RUNTIME: LazyLock<Arc<Runtime>> =
    LazyLock::new(|| Arc::new(Runtime::new(RuntimeConfig::default()).unwrap()));
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

fuzz_target!(|bytes: &[u8]| {
    let file = FOLDER.path().join("fuzzed.wasm");
    std::fs::write(&file, bytes).unwrap();
    drop(RUNTIME.load(&file));
});
