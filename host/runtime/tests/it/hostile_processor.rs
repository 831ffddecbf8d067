//! The plugin `hostile-processor`, built by a real toolchain: each of its misbehaviours keeps it out of service, with a reason.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use wasmeter_runtime::{FailureKind, PluginLimits, Runtime, RuntimeConfig};

use crate::support::{Folder, Lines, built, quick, runtime, runtime_with};

fn plugin(behaviour: &str) -> Option<(Folder, PathBuf)> {
    let component = built("WASMETER_HOSTILE")?.join("hostile-processor.wasm");
    let folder = Folder::new();
    let file = folder.path().join("hostile-processor.wasm");
    std::fs::copy(component, &file).unwrap();
    folder.put("hostile-processor.toml", format!("[config]\nprocess = \"{behaviour}\""));
    Some((folder, file))
}

#[track_caller]
fn refused(runtime: &Arc<Runtime>, behaviour: &str, kind: FailureKind, words: &str) {
    let Some((_folder, file)) = plugin(behaviour) else { return };
    let failure = runtime.load(&file).expect_err(behaviour);
    assert_eq!(failure.kind, kind, "{failure}");
    assert!(failure.reason.contains(words), "{failure}");
    assert_eq!(runtime.counts().get("hostile-processor", kind), 1);
}

#[test]
fn it_does_not_come_back() {
    refused(&runtime(), "loop", FailureKind::Deadline, "`process` ran longer than");
    refused(&runtime(), "trap", FailureKind::Trap, "`process` trapped");
    refused(&runtime(), "panic", FailureKind::Trap, "after it logged: panicked: at a frame");
}

#[test]
fn it_wants_everything() {
    // Memory is found to be short before the deadline passes, but only on a machine that is not too busy.
    let patient = || {
        let limits = PluginLimits {
            call_deadline: Duration::from_secs(20),
            memory_limit_bytes: 16 << 20,
            ..quick().limits
        };
        runtime_with(RuntimeConfig { limits, ..quick() })
    };
    refused(&patient(), "recurse", FailureKind::Trap, "`process` trapped");
    refused(&patient(), "allocate", FailureKind::Memory, "and may have 16 MiB");
    let Some((_folder, file)) = plugin("grow") else { return };
    let content = patient().load(&file).unwrap();
    assert_eq!(content.info().memory_bytes, 16 << 20, "it gets what it may have, and serves");
}

#[test]
fn it_talks_too_much() {
    let lines = Arc::new(Lines::default());
    let runtime = runtime_with(RuntimeConfig { log: lines.clone(), ..quick() });
    let Some((_folder, file)) = plugin("flood-log") else { return };
    let plugin = runtime.load(&file).unwrap();
    let kept = lines.all().len();
    assert!((256..2500).contains(&kept), "{kept} lines");
    assert_eq!(plugin.info().stats.log_lines_dropped + kept as u64, 5000);
}

#[test]
fn it_gives_up() {
    let (few, many) = ("give-up", "giant-reason");
    refused(&runtime(), few, FailureKind::Fault, "`process` gave up: found a frame, expected peace");
    let Some((_folder, file)) = plugin(many) else { return };
    let failure = runtime().load(&file).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Fault);
    assert!(failure.reason.len() < 1000, "{} bytes of reason", failure.reason.len());
}

#[test]
fn it_lies_about_the_frame() {
    for (lie, words) in [
        ("short-column", "table `metrics`: columns of"),
        ("no-text", "table `strings`: the text is not UTF-8"),
        ("bad-index", "table `metrics`: `name` of row 0 is 4294967295"),
        ("bad-kind", "table `metrics`"),
        ("no-name", "table `metrics`"),
        ("twin-series", "attributes"),
    ] {
        refused(&runtime(), lie, FailureKind::InvalidAnswer, words);
    }
}
