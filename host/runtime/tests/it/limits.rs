//! Guests that do not come back or want everything: each is stopped where it is, and the host goes on.

use std::time::{Duration, Instant};

use wasmeter_engine::View;
use wasmeter_model::Attributes;
use wasmeter_runtime::{FailureKind, PluginLimits, RuntimeConfig};

use crate::guest::Guest;
use crate::support::{Folder, counter, hostile, quick, refused, runtime, runtime_with};

/// Loading such a guest fails by its deadline, and not after many times that.
#[track_caller]
fn times_out(guest: &Guest, place: &str) {
    let runtime = runtime();
    let component = guest.component();
    let started = Instant::now();
    let failure = refused(&runtime, component);
    assert_eq!(failure.kind, FailureKind::Deadline, "{failure}");
    assert!(failure.reason.starts_with(&format!("`{place}` ran longer than")), "{failure}");
    // Generous, because machines are busy; without a deadline the test would not end at all.
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[test]
fn an_endless_start_function() {
    let start = r"(func $start (loop $again (br $again))) (start $start)".to_owned();
    times_out(&Guest { fields: start, ..Guest::default() }, "instantiation");
}

#[test]
fn an_endless_info() {
    times_out(&Guest { info: "call $spin i32.const 64", ..Guest::default() }, "info");
}

#[test]
fn an_endless_configure() {
    times_out(&Guest { configure: "call $spin i32.const 8", ..Guest::default() }, "configure");
}

#[test]
fn an_endless_streams() {
    times_out(&Guest { streams: "call $spin i32.const 8", ..Guest::default() }, "streams");
}

#[test]
fn an_endless_allocator() {
    times_out(&Guest { realloc: "call $spin", ..Guest::default() }, "configure");
}

#[test]
fn an_endless_post_return() {
    let post = r#"(func (export "cabi_post_wasmeter:plugin/views@0.1.0#streams") (param i32) call $spin)"#
        .to_owned();
    times_out(&Guest { fields: post, ..Guest::default() }, "streams");
}

#[test]
fn an_endless_map_attributes_in_service() {
    let folder = Folder::new();
    let guest = Guest { map: "call $spin i32.const 8", ..Guest::default() };
    let plugin = runtime().load(&folder.put_guest("guest.wasm", &guest)).unwrap();
    let fault = plugin.map_attributes(0, &Attributes::empty()).unwrap_err();
    assert!(fault.reason.starts_with("`map-attributes` ran longer than 300ms"), "{fault}");
}

#[test]
fn a_deadline_of_one_plugin_does_not_touch_another() {
    let folder = Folder::new();
    let runtime = runtime();
    let patient = folder.put_guest("patient.wasm", &Guest::default());
    folder.put("patient.toml", "call_deadline_ms = 60000");
    let patient = runtime.load(&patient).unwrap();
    let endless = Guest { map: "call $spin i32.const 8", ..Guest::default() };
    let endless = runtime.load(&folder.put_guest("endless.wasm", &endless)).unwrap();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| endless.map_attributes(0, &Attributes::empty()));
        while !running.is_finished() {
            patient.streams(&counter()).unwrap();
        }
        running.join().unwrap().unwrap_err();
    });
    assert_eq!(patient.info().stats.faults, 0);
}

#[test]
fn memory_beyond_the_limit() {
    // 1024 pages are the limit itself, and the module has one already.
    let grow =
        "(if (i32.eq (memory.grow $memory (i32.const 1024)) (i32.const -1)) (then unreachable)) i32.const 8";
    let failure = refused(&runtime(), Guest { streams: grow, ..Guest::default() }.component());
    assert_eq!(failure.kind, FailureKind::Memory);
    assert_eq!(failure.reason, "`streams` wanted 65600 KiB of memory and may have 64 MiB");
    assert!(failure.help.contains("`memory_limit_bytes`"), "{failure}");
}

#[test]
fn memory_up_to_the_limit_is_given() {
    let grow =
        "(if (i32.eq (memory.grow $memory (i32.const 1023)) (i32.const -1)) (then unreachable)) i32.const 8";
    let folder = Folder::new();
    let plugin =
        runtime().load(&folder.put_guest("guest.wasm", &Guest { streams: grow, ..Guest::default() }));
    // The first question takes all; the second finds nothing left, which is a failure of its own.
    let failure = plugin.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Memory);
    assert_eq!(failure.reason, "`streams` wanted 131008 KiB of memory and may have 64 MiB");
}

#[test]
fn a_guest_content_with_less_serves_on() {
    let grow = "(drop (memory.grow $memory (i32.const 60000))) i32.const 8";
    let folder = Folder::new();
    let plugin = runtime()
        .load(&folder.put_guest("guest.wasm", &Guest { streams: grow, ..Guest::default() }))
        .unwrap();
    assert_eq!(plugin.streams(&counter()), Ok(None));
}

#[test]
fn many_memories_are_summed() {
    // Each far below the limit, together above it.
    let memories = "(memory 300) (memory 300) (memory 300) (memory 300)".to_owned();
    let guest = Guest { fields: memories, ..Guest::default() };
    let failure = refused(&runtime(), guest.component());
    assert_eq!(failure.kind, FailureKind::Memory);
    assert!(failure.reason.starts_with("`instantiation` wanted 75 MiB of memory"), "{failure}");
    let memories = "(memory 300) (memory 300) (memory 300)".to_owned();
    let folder = Folder::new();
    let guest = Guest { fields: memories, ..Guest::default() };
    let plugin = runtime().load(&folder.put_guest("guest.wasm", &guest)).unwrap();
    assert_eq!(plugin.info().memory_bytes, 901 << 16);
}

#[test]
fn too_many_memories_or_instances() {
    let memories = "(memory 0) ".repeat(20);
    let failure = refused(&runtime(), Guest { fields: memories, ..Guest::default() }.component());
    assert_eq!(failure.kind, FailureKind::Instantiate, "{failure}");
}

#[test]
fn tables_beyond_the_limit() {
    let table = "(table 150000 funcref) (table 150000 funcref)".to_owned();
    let failure = refused(&runtime(), Guest { fields: table, ..Guest::default() }.component());
    assert_eq!(failure.kind, FailureKind::Memory);
    assert!(failure.reason.contains("wanted 300000 table elements"), "{failure}");
}

#[test]
fn recursion_without_end() {
    let failure = refused(
        &runtime(),
        Guest { streams: "(drop (call $recurse (i32.const 0))) i32.const 8", ..Guest::default() }.component(),
    );
    assert_eq!(failure.kind, FailureKind::Trap);
    assert!(failure.reason.starts_with("`streams` trapped: call stack exhausted"), "{failure}");
}

#[test]
fn limits_of_the_settings_win() {
    let folder = Folder::new();
    let grow =
        "(if (i32.eq (memory.grow $memory (i32.const 1)) (i32.const -1)) (then unreachable)) i32.const 8";
    let file = folder.put_guest("guest.wasm", &Guest { streams: grow, ..Guest::default() });
    folder.put("guest.toml", "memory_limit_bytes = 65536");
    let failure = runtime().load(&file).unwrap_err();
    assert_eq!(failure.reason, "`streams` wanted 128 KiB of memory and may have 64 KiB");

    let file =
        folder.put_guest("endless.wasm", &Guest { streams: "call $spin i32.const 8", ..Guest::default() });
    folder.put("endless.toml", "call_deadline_ms = 20");
    let failure = runtime().load(&file).unwrap_err();
    assert!(failure.reason.starts_with("`streams` ran longer than 20ms"), "{failure}");
}

#[test]
fn the_hostile_plugin_is_stopped_in_every_way_it_tries() {
    // Memory is found to be short before the deadline passes, but only on a machine that is not too busy.
    let patient = RuntimeConfig {
        limits: PluginLimits {
            call_deadline: Duration::from_secs(20),
            memory_limit_bytes: 16 << 20,
            ..quick().limits
        },
        ..quick()
    };
    let (quick, patient) = (runtime(), runtime_with(patient));
    for (config, runtime, kind, reason) in [
        ("info = 'trap'", &quick, FailureKind::Trap, "`info` trapped"),
        ("info = 'loop'", &quick, FailureKind::Deadline, "`info` ran longer"),
        (
            "configure = 'trap'",
            &quick,
            FailureKind::Trap,
            "after it logged: panicked: no configuration pleases me",
        ),
        ("configure = 'loop'", &quick, FailureKind::Deadline, "`configure` ran longer"),
        ("streams = 'trap'", &quick, FailureKind::Trap, "`streams` trapped"),
        ("streams = 'panic'", &quick, FailureKind::Trap, "panicked: at the instrument"),
        ("streams = 'loop'", &quick, FailureKind::Deadline, "`streams` ran longer"),
        ("streams = 'recurse'", &patient, FailureKind::Trap, "`streams` trapped"),
        ("streams = 'allocate'", &patient, FailureKind::Memory, "and may have 16 MiB"),
        ("map = 'trap'", &quick, FailureKind::Trap, "`map-attributes` trapped"),
        ("map = 'loop'", &quick, FailureKind::Deadline, "`map-attributes` ran longer"),
    ] {
        let Some((_folder, file)) = hostile(config) else { return };
        let failure = runtime.load(&file).expect_err(config);
        assert_eq!(failure.kind, kind, "{config}: {failure}");
        assert!(failure.reason.contains(reason), "{config}: {failure}");
    }
    let Some((_folder, file)) = hostile("streams = 'grow'") else { return };
    let plugin = patient.load(&file).unwrap();
    assert_eq!(plugin.info().memory_bytes, 16 << 20, "it gets what it may have, and serves on");
}
