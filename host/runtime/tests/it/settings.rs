//! `NAME.toml` beside a component: what it can say, and what is said about mistakes in it.

use wasmeter_runtime::{Failure, FailureKind};

use crate::guest::Guest;
use crate::support::{Folder, Lines, quick, runtime, runtime_with};

/// Loads a well-behaved guest with these settings.
fn load(settings: &str) -> Result<(), Failure> {
    let folder = Folder::new();
    let file = folder.put_guest("guest.wasm", &Guest::default());
    folder.put("guest.toml", settings);
    runtime().load(&file).map(drop)
}

#[test]
fn everything_that_can_be_said() {
    load(
        "enabled = true\nmemory_limit_bytes = 1_048_576\ncall_deadline_ms = 0x64\n\
         [config]\na = 1\n[config.nested]\nb = [1.5, 'x', 2026-11-21]\n",
    )
    .unwrap();
    load("").unwrap();
}

#[test]
fn mistakes_are_found_with_their_line() {
    for (settings, expected) in [
        ("\nenable = false", "guest.toml:2: unknown key `enable`, did you mean `enabled`?"),
        ("memory_limit = 5", "guest.toml:1: unknown key `memory_limit`, did you mean `memory_limit_bytes`?"),
        (
            "routes = ['/a']",
            "guest.toml:1: unknown key `routes`, known are `enabled`, `digest`, `hold_answers`, `approximate_buckets`, `on_failure`, `interval_ms`, \
             `timeout_ms`, `grants`, `config` and the limits `memory_limit_bytes`, `stack_bytes_max`, `table_elements_max`, `handles_max`, `answer_bytes_max`, `hostcall_bytes_max`, `frame_bytes_max`, `http_head_bytes_max`, `http_body_bytes_max`, `directory_bytes_max`, \
             `setup_deadline_ms`, `call_deadline_ms`, `streams_deadline_ms`, `map_attributes_deadline_ms`, \
             `process_deadline_ms`, `observe_deadline_ms`, `observe_wait_ms`, `observe_interval_ms`, `observation_points_max`, `export_deadline_ms`, `flush_deadline_ms`, `log_lines_per_sec`, `log_burst_lines`; what the plugin itself takes belongs under `[config]`",
        ),
        ("enabled = 'yes'", "guest.toml:1: `enabled` is `\"yes\"`, expected `true` or `false`"),
        (
            "\n\ncall_deadline_ms = 0",
            "guest.toml:3: `call_deadline_ms` is 0, expected a whole number from 1 to 60000",
        ),
        (
            "memory_limit_bytes = '64 MiB'",
            "guest.toml:1: `memory_limit_bytes` is `\"64 MiB\"`, expected a whole number from 65536 to 4294967296",
        ),
        (
            "memory_limit_bytes = 99999999999999999999",
            "guest.toml:1: `memory_limit_bytes` is 99999999999999999999, expected a whole number from 65536 to 4294967296",
        ),
        ("digest = 'sha256:beef'", "guest.toml:1: `digest` is `\"sha256:beef\"`, expected"),
        (
            "log_lines_per_sec = -1",
            "guest.toml:1: `log_lines_per_sec` is -1, expected a whole number from 0 to 100000",
        ),
        ("log_burst = 5", "guest.toml:1: unknown key `log_burst`, did you mean `log_burst_lines`?"),
        ("config = 5", "guest.toml:1: `config` is a value of type integer, expected a table"),
        ("[config]\na = nan", "guest.toml:2: nan has no JSON form"),
        ("[config]\na = 9999999999999999999", "guest.toml:2: 9999999999999999999 is no 64-bit integer"),
        ("[config\n", "guest.toml:1: "),
    ] {
        let failure = load(settings).expect_err(settings);
        assert_eq!(failure.kind, FailureKind::BadSettings, "{settings}: {failure}");
        assert!(failure.reason.starts_with(expected), "{settings}: {failure}");
    }
}

#[test]
fn settings_that_are_no_text() {
    let folder = Folder::new();
    let file = folder.put_guest("guest.wasm", &Guest::default());
    folder.put("guest.toml", b"\n# \xff");
    let failure = runtime().load(&file).unwrap_err();
    assert_eq!(failure.reason, "guest.toml:2: it is not UTF-8 text");
}

#[test]
fn nesting_without_end_is_refused() {
    for settings in [
        format!("[config]\na = {}{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("[config]\n{}a = 1", "a.".repeat(100_000)),
        format!("[{}a]\nb = 1", "config.".repeat(100_000)),
    ] {
        assert_eq!(load(&settings).unwrap_err().kind, FailureKind::BadSettings);
    }
}

#[test]
fn a_pinned_digest_must_be_that_of_the_file() {
    let folder = Folder::new();
    let runtime = runtime();
    let file = folder.put_guest("guest.wasm", &Guest::default());
    let digest = runtime.load(&file).unwrap().info().digest;
    folder.put("guest.toml", format!("digest = '{digest}'"));
    runtime.load(&file).unwrap();
    folder.put_guest("guest.wasm", &Guest::named("guest", "1.0.1"));
    let failure = runtime.load(&file).unwrap_err();
    assert_eq!(failure.kind, FailureKind::DigestMismatch);
    assert!(failure.reason.ends_with(&format!("and its settings pin {digest}")), "{failure}");
}

#[test]
fn the_configuration_reaches_the_plugin_as_json() {
    let lines = std::sync::Arc::new(Lines::default());
    let runtime = runtime_with(wasmeter_runtime::RuntimeConfig { log: lines.clone(), ..quick() });
    let folder = Folder::new();
    // Logs what `configure` is given, and what the import `config` gives.
    let guest = Guest {
        fields: r#"(import "wasmeter:plugin/host@0.1.0" "log" (func $log (param i32 i32 i32)))
                   (import "wasmeter:plugin/host@0.1.0" "config" (func $config (param i32)))"#
            .to_owned(),
        configure: "(call $log (i32.const 2) (local.get $ptr) (local.get $len))
                    (call $config (i32.const 240))
                    (call $log (i32.const 2) (i32.load (i32.const 240)) (i32.load (i32.const 244)))
                    i32.const 8",
        ..Guest::default()
    };
    let file = folder.put_guest("guest.wasm", &guest);
    folder.put(
        "guest.toml",
        "[config]\nroutes = ['/a', '/b']\ndeep = { n = 1, f = 0.5, t = true, d = 2026-11-21 }",
    );
    runtime.load(&file).unwrap();
    let expected = r#"{"deep":{"d":"2026-11-21","f":0.5,"n":1,"t":true},"routes":["/a","/b"]}"#;
    let lines = lines.all();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|(_, _, line)| line == expected), "{lines:?}");
}
