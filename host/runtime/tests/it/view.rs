//! A loaded plugin as the engine sees it: answers, faults, and what becomes of the instance.

use wasmeter_engine::View;
use wasmeter_model::{AttributeRule, Attributes, Pattern, Value};
use wasmeter_runtime::{FailureKind, PluginState, RuntimeConfig};

use crate::guest::Guest;
use crate::support::{Folder, Lines, counter, hostile, quick, runtime, runtime_with};

/// `map-attributes` that traps whenever the set is empty.
const TRAPS_WHEN_EMPTY: &str = "(if (i32.eqz (local.get $len)) (then unreachable)) \
    (i32.store8 (i32.const 160) (i32.const 1)) (i32.store (i32.const 164) (local.get $ptr)) \
    (i32.store (i32.const 168) (local.get $len)) i32.const 160";

#[test]
fn questions_and_answers_cross_unchanged() {
    let folder = Folder::new();
    let plugin = runtime().load(&folder.put_guest("guest.wasm", &Guest::default())).unwrap();
    assert_eq!(plugin.streams(&counter()).unwrap(), None);
    let set = Attributes::from_iter([
        ("empty", Value::Empty),
        ("bool", Value::Bool(true)),
        ("int", Value::Int(i64::MIN)),
        ("double", Value::Double(-0.5)),
        ("text", Value::from("ünïcödé")),
        ("bytes", Value::Bytes([0u8, 255, 1].as_slice().into())),
        ("nested", Value::Nested(r#"{"arrayValue":{"values":[{"intValue":"1"}]}}"#.into())),
    ]);
    assert_eq!(plugin.map_attributes(7, &set).unwrap(), Some(set));
    assert_eq!(plugin.map_attributes(7, &Attributes::empty()).unwrap(), Some(Attributes::empty()));
}

#[test]
fn it_is_named_after_itself_and_after_its_file_where_that_differs() {
    let folder = Folder::new();
    let runtime = runtime();
    let same = runtime.load(&folder.put_guest("guest.wasm", &Guest::default())).unwrap();
    let other = runtime.load(&folder.put_guest("10-guest.wasm", &Guest::default())).unwrap();
    assert_eq!((same.name(), other.name()), ("guest 1.0.0", "guest 1.0.0 (10-guest.wasm)"));
}

#[test]
fn after_a_trap_a_fresh_instance_answers() {
    let folder = Folder::new();
    let runtime = runtime();
    let guest = Guest { map: TRAPS_WHEN_EMPTY, ..Guest::default() };
    let plugin = runtime.load(&folder.put_guest("guest.wasm", &guest)).unwrap();
    let set = Attributes::from_iter([("a", 1i64)]);

    let fault = plugin.map_attributes(0, &Attributes::empty()).unwrap_err();
    assert_eq!(&*fault.view, "guest 1.0.0");
    assert!(fault.reason.starts_with("`map-attributes` trapped: wasm `unreachable`"), "{fault}");
    assert!(matches!(plugin.info().state, PluginState::Backoff { .. }));
    assert_eq!(plugin.info().memory_bytes, 0, "a trapped instance must be gone at once");

    assert_eq!(plugin.map_attributes(0, &set).unwrap(), Some(set));
    assert_eq!(plugin.info().state, PluginState::Active);
    assert_eq!(plugin.info().memory_bytes, 64 << 10);
    assert_eq!(plugin.info().stats.faults, 1);
    assert_eq!(runtime.counts().get("guest", FailureKind::Trap), 1);
}

#[test]
fn after_three_traps_in_a_row_it_is_not_asked_for_a_while() {
    let folder = Folder::new();
    let runtime = runtime();
    let guest = Guest { map: TRAPS_WHEN_EMPTY, ..Guest::default() };
    let plugin = runtime.load(&folder.put_guest("guest.wasm", &guest)).unwrap();
    for _ in 0..3 {
        plugin.map_attributes(0, &Attributes::empty()).unwrap_err();
    }
    let asked = plugin.info().stats.questions;
    // Even what it could answer.
    let fault = plugin.map_attributes(0, &Attributes::from_iter([("a", 1i64)])).unwrap_err();
    assert!(
        fault.reason.starts_with("waiting to be started again after 3 failures in a row, the last one: "),
        "{fault}"
    );
    assert!(plugin.streams(&counter()).is_err());
    assert_eq!(plugin.info().stats.questions, asked);
    assert!(matches!(plugin.info().state, PluginState::Backoff { .. }));
    assert_eq!(plugin.last_failure().unwrap().kind, FailureKind::Trap);
}

#[test]
fn what_a_sender_sends_cannot_stop_a_plugin() {
    let folder = Folder::new();
    let runtime = runtime_with(RuntimeConfig { question_bytes_max: 1 << 10, ..quick() });
    let plugin = runtime.load(&folder.put_guest("guest.wasm", &Guest::default())).unwrap();
    let large = Attributes::from_iter([("a", "x".repeat(2 << 10))]);
    for _ in 0..10 {
        let fault = plugin.map_attributes(0, &large).unwrap_err();
        assert!(fault.reason.contains("plugins are asked about at most 1 KiB"), "{fault}");
    }
    let mut large = counter();
    large.description = "x".repeat(2 << 10).into();
    plugin.streams(&large).unwrap_err();
    assert_eq!(plugin.info().state, PluginState::Active);
    assert_eq!(runtime.counts().get("guest", FailureKind::QuestionTooLarge), 11);
}

#[test]
fn its_log_is_marked_cut_and_rate_limited() {
    let lines = std::sync::Arc::new(Lines::default());
    let runtime = runtime_with(RuntimeConfig { log: lines.clone(), ..quick() });
    let folder = Folder::new();
    // Logs 5000 bytes of the module's memory as an error, 1000 times.
    let guest = Guest {
        fields: r#"(import "wasmeter:plugin/host@0.1.0" "log" (func $log (param i32 i32 i32)))
                   (func $fill (memory.fill (i32.const 2048) (i32.const 120) (i32.const 5000)))
                   (global $left (mut i32) (i32.const 1000))"#
            .to_owned(),
        streams: "call $fill
            (loop $again
              (call $log (i32.const 4) (i32.const 2048) (i32.const 5000))
              (global.set $left (i32.sub (global.get $left) (i32.const 1)))
              (br_if $again (i32.gt_s (global.get $left) (i32.const 0))))
            i32.const 8",
        ..Guest::default()
    };
    let plugin = runtime.load(&folder.put_guest("chatty.wasm", &guest)).unwrap();
    let lines = lines.all();
    let (name, _, line) = &lines[0];
    assert_eq!((name.as_str(), line.len()), ("chatty", 1024 + "…".len()));
    assert!(lines.len() >= 256 && lines.len() < 1000, "{} lines", lines.len());
    assert_eq!(plugin.info().stats.log_lines_dropped + lines.len() as u64, 1002);
}

#[test]
fn the_hostile_plugin_is_well_behaved_when_told_so() {
    let Some((_folder, file)) = hostile("") else { return };
    let plugin = runtime().load(&file).unwrap();
    let streams = plugin.streams(&counter()).unwrap().unwrap();
    assert_eq!(streams.len(), 1);
    assert_eq!(streams[0].attributes, [AttributeRule::Computed(7)]);
    assert_eq!(streams[0].resource, [AttributeRule::Exclude(vec![Pattern::new("service.instance.id")])]);
    let set = Attributes::from_iter([("user.id", "7"), ("method", "GET")]);
    let mapped = plugin.map_attributes(7, &set).unwrap();
    assert_eq!(mapped, Some(Attributes::from_iter([("method", "GET")])));
    let info = plugin.info();
    assert_eq!((&*info.name, &*info.version, &*info.description), ("hostile", "0.1.0", "Misbehaves"));
}

#[test]
fn a_panic_is_told_in_the_plugins_own_words() {
    let lines = std::sync::Arc::new(Lines::default());
    let runtime = runtime_with(RuntimeConfig { log: lines.clone(), ..quick() });
    let Some((_folder, file)) = hostile("map = 'panic-on-marker'") else { return };
    let plugin = runtime.load(&file).unwrap();
    let marked = Attributes::from_iter([("marker", true)]);
    for _ in 0..2 {
        let fault = plugin.map_attributes(7, &marked).unwrap_err();
        assert!(fault.reason.contains("after it logged: panicked: the marker"), "{fault}");
        plugin.map_attributes(7, &Attributes::empty()).unwrap();
    }
    assert!(
        lines.all().iter().any(|(plugin, _, line)| plugin == "hostile" && line == "panicked: the marker")
    );
}

#[test]
fn a_panic_on_the_second_question_is_found_before_service_or_survived() {
    let Some((_folder, file)) = hostile("map = 'panic-on-second'") else { return };
    // The probe asks twice, so this plugin never gets to serve.
    let failure = runtime().load(&file).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Trap);
    assert!(failure.reason.contains("panicked: the second call"), "{failure}");
}

#[test]
fn log_lines_cannot_forge_others() {
    let lines = std::sync::Arc::new(Lines::default());
    let runtime = runtime_with(RuntimeConfig { log: lines.clone(), ..quick() });
    let Some((_folder, file)) = hostile("streams = 'forge-log'") else { return };
    runtime.load(&file).unwrap();
    assert_eq!(lines.all()[0].2, "fine 2026-01-01 ERROR the host is on fire [2J");
}
