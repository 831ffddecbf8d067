//! A provider with a plugin directory of first-party components, and a machine made of files for its observers.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, MeterProvider as _};
use tempfile::TempDir;
use wasmeter_api::MeterProvider;

use crate::support::*;

/// A component that `cargo xtask test` has built.
pub(super) fn component(name: &str) -> Vec<u8> {
    let folder = if name.starts_with("hostile") { "WASMETER_HOSTILE" } else { "WASMETER_COMPONENTS" };
    let folder = std::env::var_os(folder).map(PathBuf::from);
    let folder = folder.expect("where components are is not set: run the tests with `cargo xtask test`");
    fs::read(folder.join(format!("{name}.wasm"))).expect("the component is built")
}

pub(super) fn put(folder: &TempDir, file: &str, bytes: &[u8]) {
    // In one step, as an operator's tool does it.
    let unfinished = folder.path().join(format!(".{file}"));
    fs::write(&unfinished, bytes).unwrap();
    fs::rename(unfinished, folder.path().join(file)).unwrap();
}

/// A provider with the folder as its plugin directory.
pub(super) fn setup_of(folder: &TempDir) -> Setup {
    setup_with(CUMULATIVE, |builder| builder.with_plugin_directory(folder.path()))
}

/// The directory is watched by another thread, which tells nobody when it has swapped: look until it has.
pub(super) fn await_swaps(provider: &MeterProvider, swaps: u64) {
    eventually("the swap", || provider.counts().plugin_swaps >= swaps);
}

pub(super) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + AGES;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// Says that it is done, also if the test fails before that: the thread would go on for ever.
pub(super) struct Until<'a>(pub(super) &'a AtomicBool);

impl Drop for Until<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub(super) fn orders(provider: &MeterProvider) -> Counter<u64> {
    provider.meter("shop").u64_counter("orders").build()
}

pub(super) fn path(number: u32) -> [KeyValue; 1] {
    [KeyValue::new("url.path", format!("/orders/{number}"))]
}

/// Another build of a component: the same code, with a custom section that makes it a different file.
pub(super) fn rebuilt(name: &str) -> Vec<u8> {
    let mut bytes = component(name);
    // Section 0 of the binary format is a custom one: its size, then its name with its length before it.
    bytes.extend_from_slice(b"\0\x06\x05again");
    bytes
}

/// A `/proc` of a machine with one process that has used so many hundredths of a second.
pub(super) fn machine(user_ticks: u32) -> TempDir {
    let proc = tempfile::tempdir().unwrap();
    put_machine(&proc);
    put_process(&proc, user_ticks);
    proc
}

pub(super) fn put_machine(proc: &TempDir) {
    put(
        proc,
        "stat",
        b"cpu  300 20 100 5000 40 3 4 5 0 0\ncpu0 300 20 100 5000 40 3 4 5 0 0\nbtime 1\nprocesses 9\n",
    );
}

pub(super) fn put_process(proc: &TempDir, user_ticks: u32) {
    let process = proc.path().join("7");
    fs::create_dir_all(&process).unwrap();
    let stat = format!("7 (worker) S 1 1 1 0 -1 0 4 0 3 0 {user_ticks} 50 0 0 20 0 4 0 100 0 0 0\n");
    fs::write(process.join("stat"), stat).unwrap();
    fs::write(process.join("status"), "VmRSS:\t 4 kB\n").unwrap();
}

/// The settings of an observer that sees this machine, and is waited for on the busiest one.
pub(super) fn sees(proc: &Path, config: &str) -> String {
    format!(
        "observe_wait_ms = 60000\n[grants]\ndirectories = [{{ host = \"{}\", guest = \"/proc\", access = \"read\" }}]\n[config]\n{config}\n",
        proc.display()
    )
}
