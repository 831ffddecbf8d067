//! Any memory as the frame a processor returns: checked and used or refused, never a panic. Loading has the guest process the
//! frame of the probe, which is all there is to it.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
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
    std::fs::write(&file, guest::Guest::processing(answer)).unwrap();
    drop(RUNTIME.load(&file));
});
