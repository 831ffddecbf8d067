//! Each limit of a settings file takes effect on its plugin.

use std::sync::Arc;

use wasmeter_engine::View;
use wasmeter_model::Attributes;
use wasmeter_runtime::{Directory, Failure, FailureKind, Plugin, RuntimeConfig};

use crate::guest::Guest;
use crate::support::{Folder, Lines, counter, quick, runtime, runtime_with};

fn load(guest: &Guest, settings: &str) -> Result<Arc<Plugin>, Failure> {
    let folder = Folder::new();
    let file = folder.put_guest("guest.wasm", guest);
    folder.put("guest.toml", settings);
    runtime().load(&file)
}

/// Loads without settings, and with these is refused.
#[track_caller]
fn refused(guest: &Guest, settings: &str) -> Failure {
    load(guest, "").unwrap();
    load(guest, settings).expect_err(settings)
}

/// Recurses four thousand levels deep, which takes far more than 64 KiB of stack and far less than 512 KiB.
fn deep() -> Guest {
    Guest {
        fields: "(func $deep (param i32) (result i32)
            (if (result i32) (i32.eqz (local.get 0))
              (then (i32.const 0))
              (else (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (local.get 0)))))"
            .to_owned(),
        streams: "(drop (call $deep (i32.const 4000))) i32.const 8",
        ..Guest::default()
    }
}

#[test]
fn the_stack() {
    let failure = refused(&deep(), "stack_bytes_max = 65_536");
    assert_eq!(failure.kind, FailureKind::Trap);
    assert!(failure.reason.starts_with("`streams` trapped: call stack exhausted"), "{failure}");
    assert!(failure.help.contains("raise `stack_bytes_max`"), "{failure}");
    // A thread of 2 MiB, as tests and the host's own have, bears the largest.
    let endless = Guest { streams: "(drop (call $recurse (i32.const 0))) i32.const 8", ..Guest::default() };
    let failure = load(&endless, "stack_bytes_max = 1_048_576").unwrap_err();
    assert!(failure.reason.starts_with("`streams` trapped: call stack exhausted"), "{failure}");
}

#[test]
fn another_stack_is_taken_up_while_the_plugin_serves_and_its_deadline_holds_there_too() {
    let folder = Folder::new();
    let guest = Guest { map: "call $spin i32.const 8", ..deep() };
    folder.put_guest("guest.wasm", &guest);
    let directory = Directory::new(folder.path(), runtime());
    let before = directory.rescan().added.remove(0);
    folder.put("guest.toml", "stack_bytes_max = 65_536");
    let failure = directory.rescan().failures.remove(0);
    assert!(failure.reason.contains("call stack exhausted"), "{failure}");
    before.streams(&counter()).unwrap();
    folder.put("guest.toml", "stack_bytes_max = 1_048_576");
    let swap = directory.rescan().swapped.remove(0);
    swap.to.streams(&counter()).unwrap();
    let fault = swap.to.map_attributes(0, &Attributes::empty()).unwrap_err();
    assert!(fault.reason.starts_with("`map-attributes` ran longer than 300ms"), "{fault}");
}

#[test]
fn the_bytes_of_a_frame() {
    let folder = Folder::new();
    let file = folder.put_guest("guest.wasm", &Guest { world: "processor", ..Guest::default() });
    folder.put("guest.toml", "frame_bytes_max = 100_000");
    let runtime = runtime();
    let limits = runtime.inspect(&file).terms.unwrap().limits;
    assert_eq!((limits.frame_bytes_max, limits.hostcall_bytes_max()), (100_000, 3 << 20));
    let hostcall = |settings| {
        folder.put("guest.toml", settings);
        runtime.inspect(&file).terms.unwrap().limits.hostcall_bytes_max()
    };
    assert_eq!(hostcall(""), (128 << 20) + (1 << 20), "what a frame of the default size takes");
    assert_eq!(hostcall("hostcall_bytes_max = 5000"), 5000, "what is set holds");
}

#[test]
fn the_elements_of_tables() {
    let guest = Guest { fields: "(table 60 funcref) (table 41 funcref)".to_owned(), ..Guest::default() };
    let failure = refused(&guest, "table_elements_max = 100");
    assert_eq!(failure.kind, FailureKind::Memory);
    assert_eq!(failure.reason, "`instantiation` wanted 101 table elements and may have 100");
    assert!(failure.help.contains("`table_elements_max`"), "{failure}");
    load(&guest, "table_elements_max = 101").unwrap();
}

#[test]
fn the_bytes_a_call_hands_to_the_host() {
    // A description of 8000 bytes.
    let info = "(i32.store (i32.const 84) (i32.const 8000)) i32.const 64";
    let failure = refused(&Guest { info, ..Guest::default() }, "hostcall_bytes_max = 4096");
    assert_eq!(failure.kind, FailureKind::InvalidAnswer, "{failure}");
    assert!(failure.reason.starts_with("`info` failed: "), "{failure}");
}

#[test]
fn the_bytes_of_an_answer() {
    let plugin = load(&Guest::default(), "answer_bytes_max = 1").unwrap();
    let set = Attributes::from_iter([("key", "a value of some length")]);
    let fault = plugin.map_attributes(0, &set).unwrap_err();
    assert!(fault.reason.contains("it holds more than 1 bytes in total"), "{fault}");
    assert_eq!(load(&Guest::default(), "").unwrap().map_attributes(0, &set), Ok(Some(set)));
}

#[test]
fn the_deadline_of_each_kind_of_call() {
    let endless = "call $spin i32.const 8";
    for (guest, call, setting) in [
        (Guest { configure: endless, ..Guest::default() }, "configure", "setup_deadline_ms"),
        (Guest { streams: endless, ..Guest::default() }, "streams", "streams_deadline_ms"),
        (
            Guest { process: endless, world: "processor", ..Guest::default() },
            "process",
            "process_deadline_ms",
        ),
    ] {
        let failure = load(&guest, &format!("{setting} = 20")).unwrap_err();
        assert!(failure.reason.starts_with(&format!("`{call}` ran longer than 20ms")), "{failure}");
        assert!(failure.help.ends_with(&format!("raise `{setting}` in its settings")), "{failure}");
    }
    let guest = Guest { map: endless, ..Guest::default() };
    let plugin = load(&guest, "call_deadline_ms = 250\nmap_attributes_deadline_ms = 20").unwrap();
    let fault = plugin.map_attributes(0, &Attributes::empty()).unwrap_err();
    assert!(fault.reason.starts_with("`map-attributes` ran longer than 20ms"), "{fault}");
}

#[test]
fn the_lines_of_the_log() {
    let guest = Guest {
        fields: r#"(import "wasmeter:plugin/host@0.1.0" "log" (func $log (param i32 i32 i32)))"#.to_owned(),
        configure: "(local $left i32) (local.set $left (i32.const 5))
                    (loop $again
                      (call $log (i32.const 2) (local.get $ptr) (local.get $len))
                      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
                    i32.const 8",
        ..Guest::default()
    };
    let lines = Arc::new(Lines::default());
    let runtime = runtime_with(RuntimeConfig { log: lines.clone(), ..quick() });
    let folder = Folder::new();
    let file = folder.put_guest("guest.wasm", &guest);
    folder.put("guest.toml", "log_lines_per_sec = 0\nlog_burst_lines = 2");
    let plugin = runtime.load(&file).unwrap();
    assert_eq!((lines.all().len(), plugin.info().stats.log_lines_dropped), (2, 3));
    assert_eq!(runtime.totals()[0].log_lines_dropped, 3);
}

#[test]
fn what_settings_do_not_say_stays_with_the_host() {
    let folder = Folder::new();
    let file = folder.put_guest("guest.wasm", &Guest::default());
    let runtime = runtime();
    folder.put("guest.toml", "handles_max = 7");
    let before: Vec<_> = runtime.config().limits.by_name().collect();
    let limits = runtime.inspect(&file).terms.unwrap().limits;
    let changed: Vec<_> =
        limits.by_name().zip(before).filter(|(now, before)| now != before).map(|(now, _)| now).collect();
    assert_eq!(changed, [("handles_max", 7)]);
}
