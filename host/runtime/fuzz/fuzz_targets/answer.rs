//! Any memory as a guest's answer: checked and used or refused, never a panic.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use wasmeter_engine::View;
use wasmeter_model::Attributes;
use wasmeter_runtime::{Runtime, RuntimeConfig};

#[path = "../../tests/it/guest.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod guest;

static RUNTIME: LazyLock<Arc<Runtime>> =
    LazyLock::new(|| Arc::new(Runtime::new(RuntimeConfig::default()).unwrap()));
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

fuzz_target!(|bytes: &[u8]| {
    let answer = &bytes[..bytes.len().min(guest::ANSWER_BYTES)];
    let file = FOLDER.path().join("fuzzed.wasm");
    std::fs::write(&file, guest::Guest::answering(answer)).unwrap();
    if let Ok(plugin) = RUNTIME.load(&file) {
        drop(plugin.map_attributes(0, &Attributes::empty()));
    }
});
