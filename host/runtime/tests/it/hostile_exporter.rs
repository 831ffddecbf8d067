//! The plugin `hostile-exporter`, built by a real toolchain: each of its misbehaviours, beside a build of it that behaves.

use std::sync::Arc;

use wasmeter_runtime::{
    Accepted, Directory, ExportError, Exporter, FailureKind, PluginLimits, Runtime, RuntimeConfig,
};

use crate::processors::frame;
use crate::support::{Folder, Lines, built, quick, runtime, runtime_with};

/// Two of them in service, of which `b` answers so.
struct Scene {
    runtime: Arc<Runtime>,
    exporters: Vec<Exporter>,
    _directory: (Folder, Directory),
}

impl Scene {
    /// `None` where the plugin is not built.
    fn new(runtime: Arc<Runtime>, answer: &str) -> Option<Self> {
        let component = built("WASMETER_HOSTILE")?.join("hostile-exporter.wasm");
        let folder = Folder::new();
        for name in ["a", "b"] {
            std::fs::copy(&component, folder.path().join(format!("{name}.wasm"))).unwrap();
        }
        folder.put("b.toml", format!("export_deadline_ms = 300\n[config]\nanswers = [\"{answer}\"]"));
        let directory = Directory::new(folder.path(), runtime.clone());
        assert_eq!(directory.rescan().failures, [], "{answer}");
        let exporters = directory.current().exporters();
        Some(Self { runtime, exporters, _directory: (folder, directory) })
    }

    /// What becomes of a frame with two points that `a` and `b` are given.
    fn export(&self) -> [Result<Accepted, ExportError>; 2] {
        [0, 1].map(|at| self.exporters[at].export(&frame()))
    }

    fn faults(&self) -> [u64; 2] {
        [0, 1].map(|at| self.exporters[at].info().stats.faults)
    }
}

/// As much time and memory as a misbehaviour takes that is not about them.
fn patient() -> Arc<Runtime> {
    let limits = PluginLimits { memory_limit_bytes: 16 << 20, ..quick().limits };
    runtime_with(RuntimeConfig { limits, ..quick() })
}

/// The frame is to be exported again, for this reason, and is, by a fresh instance.
#[track_caller]
fn lost(runtime: Arc<Runtime>, answer: &str, kind: FailureKind, words: &str) {
    let Some(scene) = Scene::new(runtime, answer) else { return };
    for times in 1..=2 {
        let [a, Err(ExportError::Retryable { after: None, reason })] = scene.export() else {
            panic!("{answer}: it was taken")
        };
        assert_eq!(a, Ok(Accepted::default()), "{answer}");
        assert!(reason.contains(words), "{answer}: {reason}");
        assert_eq!((scene.faults(), scene.runtime.counts().get("b", kind)), ([0, times], times));
        assert_eq!(scene.exporters[1].info().state.name(), "backoff", "{answer}");
    }
}

#[test]
fn it_does_not_come_back() {
    lost(runtime(), "spin", FailureKind::Deadline, "`export` ran longer than 300ms");
    lost(runtime(), "trap", FailureKind::Trap, "as the configuration says");
    lost(runtime(), "abort", FailureKind::Trap, "`export` trapped");
}

#[test]
fn it_wants_everything() {
    lost(patient(), "recurse", FailureKind::Trap, "`export` trapped");
    lost(patient(), "allocate", FailureKind::Memory, "and may have 16 MiB");
    let Some(content) = Scene::new(patient(), "grow") else { return };
    assert_eq!(content.export()[0], Ok(Accepted::default()));
    assert!(content.exporters[1].info().memory_bytes <= 16 << 20);
}

#[test]
fn it_talks_too_much() {
    let lines = Arc::new(Lines::default());
    let runtime = runtime_with(RuntimeConfig { log: lines.clone(), ..quick() });
    let Some(scene) = Scene::new(runtime, "flood") else { return };
    assert_eq!(scene.export(), [Ok(Accepted::default()), Ok(Accepted::default())]);
    let kept = lines.all().len();
    assert!((256..2500).contains(&kept), "{kept} lines");
    let dropped = [0, 1].map(|at| scene.exporters[at].info().stats.log_lines_dropped);
    assert_eq!(dropped, [0, 5000 - kept as u64]);
}

#[test]
fn it_has_reasons_without_end() {
    let Some(scene) = Scene::new(runtime(), "giant") else { return };
    let [Ok(_), Err(ExportError::Permanent { reason })] = scene.export() else { panic!("it was taken") };
    assert!(reason.starts_with("rrr") && reason.len() < 1000, "{} bytes of reason", reason.len());
    // It says so itself, which is no fault.
    assert_eq!(scene.faults(), [0, 0]);
}

#[test]
fn it_refuses_more_than_there_was() {
    let Some(scene) = Scene::new(runtime(), "reject 3") else { return };
    let [Ok(_), Err(ExportError::Retryable { reason, .. })] = scene.export() else { panic!("it was taken") };
    assert!(reason.contains("3 rejected points of a frame that has 2"), "{reason}");
    assert_eq!(scene.runtime.counts().get("b", FailureKind::InvalidAnswer), 1);
    assert_eq!((scene.faults(), scene.exporters[1].info().state.name()), ([0, 1], "active"));
}

#[test]
fn it_ends_badly() {
    let Some(scene) = Scene::new(runtime(), "accept") else { return };
    let [well, _] = &scene.exporters[..] else { panic!("two serve") };
    assert_eq!(well.close(), Ok(()));
    for (flush, kind) in [("trap", FailureKind::Trap), ("give up", FailureKind::Fault)] {
        let folder = Folder::new();
        let Some(components) = built("WASMETER_HOSTILE") else { return };
        std::fs::copy(components.join("hostile-exporter.wasm"), folder.path().join("b.wasm")).unwrap();
        folder.put("b.toml", format!("[config]\nflush = \"{flush}\""));
        let runtime = runtime();
        let directory = Directory::new(folder.path(), runtime.clone());
        assert_eq!(directory.rescan().failures, [], "{flush}");
        let failures = directory.current().exporters()[0].close().unwrap_err();
        assert_eq!((failures.len(), failures[0].kind), (1, kind), "{flush}");
    }
}
