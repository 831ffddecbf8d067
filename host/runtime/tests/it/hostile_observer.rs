//! The plugin `hostile-observer`, built by a real toolchain: each of its misbehaviours, beside a build of it that behaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasmeter_model::{Resource, Timestamp};
use wasmeter_runtime::{Directory, FailureKind, ObservedSeries, PluginLimits, Runtime, RuntimeConfig, Taken};

use crate::support::{Folder, Lines, built, quick, runtime, runtime_with, said};

/// What one observer said: its points and those said twice, or why it said nothing.
type Said = Result<(usize, u64), String>;

/// Two of them in service, of which `b` misbehaves from the second observation on.
struct Scene {
    runtime: Arc<Runtime>,
    directory: Directory,
    series: ObservedSeries,
    times: AtomicU64,
    _folder: Folder,
}

impl Scene {
    /// `None` where the plugin is not built.
    fn new(runtime: Arc<Runtime>, behaviour: &str) -> Option<Self> {
        let component = built("WASMETER_HOSTILE")?.join("hostile-observer.wasm");
        let folder = Folder::new();
        for name in ["a", "b"] {
            std::fs::copy(&component, folder.path().join(format!("{name}.wasm"))).unwrap();
        }
        folder.put("a.toml", "[config]\nmetric = \"a\"");
        let settings = format!(
            "observation_points_max = 1000\n[config]\nmetric = \"b\"\nobserve = \"{behaviour}\"\nwell = 1"
        );
        folder.put("b.toml", settings);
        let directory = Directory::new(folder.path(), runtime.clone());
        assert_eq!(directory.rescan().failures, [], "{behaviour}");
        let series = ObservedSeries::new(Resource::default());
        Some(Self { runtime, directory, series, times: AtomicU64::new(0), _folder: folder })
    }

    /// What `a` and `b` say.
    fn observe(&self) -> [Said; 2] {
        // Collections of the same time share what is said.
        let now = Timestamp::from_secs(1_800_000_000 + self.times.fetch_add(1, Ordering::Relaxed));
        let mut both = [Err(String::new()), Err(String::new())];
        for (plugin, answer) in said(&self.directory.current().observers(), now) {
            let taken = answer.map(|frame| self.series.take(&plugin, frame, now));
            let taken = taken.map(|Taken { frame, duplicates, .. }| (frame.point_count(), duplicates));
            let at = usize::from(plugin.file().ends_with("b.wasm"));
            both[at] = taken.map_err(|fault| fault.reason);
        }
        both
    }

    /// The faults that are counted of `a` and of `b`.
    fn faults(&self) -> [u64; 2] {
        let generation = self.directory.current();
        [0, 1].map(|at| generation.plugins()[at].info().stats.faults)
    }
}

/// Memory is found to be short before the deadline passes, but only on a machine that is not too busy.
fn patient() -> Arc<Runtime> {
    let limits = PluginLimits {
        call_deadline: Duration::from_secs(20),
        memory_limit_bytes: 16 << 20,
        ..quick().limits
    };
    runtime_with(RuntimeConfig { limits, ..quick() })
}

/// `b` says nothing, for this reason, and the next time it is asked an instance that behaves.
#[track_caller]
fn lost(runtime: Arc<Runtime>, behaviour: &str, kind: FailureKind, words: &str) {
    let Some(scene) = Scene::new(runtime, behaviour) else { return };
    let [a, Err(reason)] = scene.observe() else { panic!("{behaviour}: it observed") };
    assert_eq!(a, Ok((1, 0)), "{behaviour}");
    assert!(reason.contains(words), "{behaviour}: {reason}");
    assert_eq!((scene.faults(), scene.runtime.counts().get("b", kind)), ([0, 1], 1));
    assert_eq!(scene.observe(), [Ok((1, 0)), Ok((1, 0))], "{behaviour}");
}

#[test]
fn it_does_not_come_back() {
    lost(runtime(), "loop", FailureKind::Deadline, "`observe` ran longer than 300ms");
    lost(runtime(), "trap", FailureKind::Trap, "`observe` trapped");
    lost(runtime(), "panic", FailureKind::Trap, "at observation 1");
}

#[test]
fn it_wants_everything() {
    lost(patient(), "recurse", FailureKind::Trap, "`observe` trapped");
    lost(patient(), "allocate", FailureKind::Memory, "and may have 16 MiB");
    let Some(content) = Scene::new(patient(), "grow") else { return };
    // It gets what it may have, and has nothing left for the answer, or is content with less.
    let [a, _] = content.observe();
    assert_eq!(a, Ok((1, 0)));
    assert!(content.directory.current().plugins()[1].info().memory_bytes <= 16 << 20);
}

#[test]
fn it_talks_too_much() {
    let lines = Arc::new(Lines::default());
    let runtime = runtime_with(RuntimeConfig { log: lines.clone(), ..quick() });
    let Some(scene) = Scene::new(runtime, "flood-log") else { return };
    assert_eq!(scene.observe(), [Ok((1, 0)), Ok((1, 0))], "what it says besides is taken");
    let kept = lines.all().len();
    assert!((256..2500).contains(&kept), "{kept} lines");
    let dropped = [0, 1].map(|at| scene.directory.current().plugins()[at].info().stats.log_lines_dropped);
    assert_eq!(dropped, [0, 5000 - kept as u64]);
}

/// `b` says nothing for this reason, each time, and keeps its instance.
#[track_caller]
fn refused(behaviour: &str, kind: FailureKind, words: &str) {
    let Some(scene) = Scene::new(patient(), behaviour) else { return };
    for times in 1..=2 {
        let [a, Err(reason)] = scene.observe() else { panic!("{behaviour}: it observed") };
        assert_eq!(a, Ok((1, 0)), "{behaviour}");
        assert!(reason.contains(words) && reason.len() < 1000, "{behaviour}: {reason}");
        assert_eq!((scene.faults(), scene.runtime.counts().get("b", kind)), ([0, times], times));
    }
    assert_eq!(scene.directory.current().plugins()[1].info().state.name(), "active");
}

#[test]
fn it_gives_up() {
    refused("give-up", FailureKind::Fault, "`observe` gave up: found a machine, expected peace");
    refused("giant-reason", FailureKind::Fault, "`observe` gave up: rrr");
}

#[test]
fn it_says_more_than_it_may() {
    let words = "it has 10000 points, and `observation_points_max` is 1000";
    refused("many-points", FailureKind::InvalidAnswer, words);
}
