//! Plugins that fail in service: what state they are in, when they are asked again, and what others notice of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmeter_engine::{View, ViewFault};
use wasmeter_model::Attributes;
use wasmeter_runtime::{
    Directory, FailureKind, PluginState, Rejection, RestartPolicy, Runtime, RuntimeConfig,
};

use crate::guest::Guest;
use crate::support::{Folder, counter, quick, runtime, runtime_with};

/// `map-attributes` that traps whenever the set is empty, and drops all others.
const TRAPS_OR_DROPS: &str = "(if (i32.eqz (local.get $len)) (then unreachable)) i32.const 8";

/// A runtime in which the first failure is one too many.
fn strict() -> Arc<Runtime> {
    let restart = RestartPolicy { at_once: 0, restarts_max: 0, ..RestartPolicy::default() };
    runtime_with(RuntimeConfig { restart, ..quick() })
}

fn guest() -> Guest {
    Guest { map: TRAPS_OR_DROPS, ..Guest::default() }
}

fn set() -> Attributes {
    Attributes::from_iter([("a", 1i64)])
}

/// A folder whose plugin `guest` has served for a generation.
fn settled(runtime: Arc<Runtime>, settings: &str) -> (Folder, Directory) {
    let folder = Folder::new();
    folder.put_guest("guest.wasm", &guest());
    folder.put("guest.toml", settings);
    let directory = Directory::new(folder.path(), runtime);
    directory.rescan();
    folder.put_guest("other.wasm", &Guest::named("other", "1.0.0"));
    assert_eq!(directory.rescan().added.len(), 1);
    (folder, directory)
}

#[test]
fn a_plugin_goes_from_state_to_state_and_knows_its_generation() {
    let folder = Folder::new();
    let directory = Directory::new(folder.path(), runtime());
    let file = folder.put_guest("guest.wasm", &guest());
    let first = directory.rescan().generation.unwrap().plugins()[0].clone();
    assert_eq!((first.info().state, first.info().generation), (PluginState::Active, 1));
    first.map_attributes(0, &Attributes::empty()).unwrap_err();
    assert!(matches!(first.info().state, PluginState::Backoff { .. }));

    folder.put_guest("guest.wasm", &Guest::named("guest", "2.0.0"));
    let generation = directory.rescan().generation.unwrap();
    let second = generation.plugins()[0].clone();
    assert_eq!((first.info().state, second.info().state), (PluginState::Retired, PluginState::Active));
    assert_eq!(second.info().generation, 2);

    let fault = ViewFault { view: second.name().into(), reason: "no answer".to_owned() };
    assert!(matches!(directory.reject(&generation, second.name(), &fault), Rejection::Back { .. }));
    assert_eq!(second.info().state, PluginState::Retired);
    // The one that returns gets its chance at once.
    assert_eq!(first.map_attributes(0, &set()), Ok(None));
    assert_eq!(first.info().state, PluginState::Active);
    assert_eq!(first.file(), file);
}

#[test]
fn a_plugin_is_seen_while_it_is_loaded_tried_and_finished() {
    // Its configuration takes until the deadline: so long it is loading.
    let folder = Folder::new();
    let runtime = runtime();
    let slow = Guest { configure: "call $spin i32.const 8", ..guest() };
    let file = folder.put_guest("10-slow.wasm", &slow);
    std::thread::scope(|scope| {
        let loading = scope.spawn(|| runtime.load(&file));
        let seen = std::iter::repeat_with(|| (runtime.loading(), loading.is_finished()))
            .find(|(seen, is_finished)| !seen.is_empty() || *is_finished);
        let (seen, _) = seen.unwrap();
        assert_eq!(seen.iter().map(|loading| &*loading.plugin).collect::<Vec<_>>(), ["10-slow"]);
        assert_eq!(seen[0].file, file);
        loading.join().unwrap().unwrap_err();
    });
    assert_eq!((runtime.loading(), runtime.plugins()), (Vec::new(), Vec::new()), "nothing of it remains");

    // One that is tried until the deadline is probing, and loading no more.
    let file = folder.put_guest("slow.wasm", &Guest { streams: "call $spin i32.const 8", ..guest() });
    std::thread::scope(|scope| {
        let probing = scope.spawn(|| runtime.load(&file));
        let states = || runtime.plugins().into_iter().map(|plugin| plugin.state).collect::<Vec<_>>();
        let seen = std::iter::repeat_with(|| (states(), probing.is_finished()))
            .find(|(seen, is_finished)| !seen.is_empty() || *is_finished);
        assert_eq!(seen.unwrap().0, [PluginState::Probing]);
        probing.join().unwrap().unwrap_err();
    });

    let directory = Directory::new(folder.path(), runtime.clone());
    folder.remove("10-slow.wasm");
    folder.remove("slow.wasm");
    folder.put_guest("guest.wasm", &guest());
    directory.rescan();
    folder.put_guest("guest.wasm", &Guest { version: "2.0.0", ..guest() });
    directory.rescan();
    // The first is kept in case the second has to go, and does nothing.
    let versions: Vec<_> = runtime.plugins().into_iter().map(|plugin| plugin.version).collect();
    assert_eq!(versions, [Arc::<str>::from("2.0.0")]);
}

#[test]
fn what_a_plugin_did_is_counted_on_over_a_swap_and_back() {
    let folder = Folder::new();
    let runtime = runtime();
    let directory = Directory::new(folder.path(), runtime.clone());
    let calls =
        || runtime.totals().iter().find(|totals| &*totals.plugin == "guest").map(|totals| totals.calls);
    folder.put_guest("guest.wasm", &guest());
    let first = directory.rescan().generation.unwrap();
    let probes = calls().unwrap();
    first.plugins()[0].map_attributes(0, &set()).unwrap();
    assert_eq!(calls(), Some(probes + 1));
    folder.put_guest("guest.wasm", &Guest { version: "2.0.0", ..guest() });
    let second = directory.rescan().generation.unwrap();
    second.plugins()[0].map_attributes(0, &set()).unwrap();
    assert_eq!(calls(), Some(2 * probes + 2));
    directory.reject(&second, "guest 2.0.0", &ViewFault { view: "x".into(), reason: "no answer".to_owned() });
    first.plugins()[0].map_attributes(0, &set()).unwrap();
    assert_eq!(calls(), Some(2 * probes + 3));
    assert!(runtime.totals()[0].busy > Duration::ZERO);
}

#[test]
fn a_plugin_that_waits_is_started_again_when_its_wait_is_over() {
    let restart =
        RestartPolicy { at_once: 0, backoff: Duration::from_millis(20), ..RestartPolicy::default() };
    let folder = Folder::new();
    let runtime = runtime_with(RuntimeConfig { restart, ..quick() });
    let plugin = runtime.load(&folder.put_guest("guest.wasm", &guest())).unwrap();
    plugin.map_attributes(0, &Attributes::empty()).unwrap_err();
    let started = Instant::now();
    while plugin.map_attributes(0, &set()).is_err() {
        assert!(started.elapsed() < Duration::from_secs(60), "it is never started again");
        std::thread::yield_now();
    }
    assert_eq!(plugin.info().state, PluginState::Active);
    assert_eq!(runtime.counts().get("guest", FailureKind::Quarantined), 0);
}

#[test]
fn a_quarantined_build_is_neither_asked_nor_loaded_under_any_name_until_its_settings_change() {
    let folder = Folder::new();
    let runtime = strict();
    let plugin = runtime.load(&folder.put_guest("guest.wasm", &guest())).unwrap();
    plugin.map_attributes(0, &Attributes::empty()).unwrap_err();
    assert!(matches!(plugin.info().state, PluginState::Quarantined { .. }));
    let asked = plugin.info().stats.questions;
    let fault = plugin.map_attributes(0, &set()).unwrap_err();
    assert!(fault.reason.starts_with("quarantined after 1 failures in a row, the last one: "), "{fault}");
    assert_eq!(plugin.info().stats.questions, asked);

    let again = folder.put_guest("again.wasm", &guest());
    let failure = runtime.load(&again).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Quarantined);
    assert!(
        failure.reason.contains(&*plugin.info().digest) && failure.reason.contains("trapped"),
        "{failure}"
    );
    folder.put("again.toml", "memory_limit_bytes = 131072");
    runtime.load(&again).unwrap();
    folder.put_guest("guest.wasm", &Guest { version: "1.0.1", ..guest() });
    runtime.load(&folder.path().join("guest.wasm")).unwrap();
}

#[test]
fn a_build_that_was_taken_back_is_not_loaded_under_another_name() {
    let folder = Folder::new();
    let directory = Directory::new(folder.path(), runtime());
    folder.put_guest("guest.wasm", &guest());
    let generation = directory.rescan().generation.unwrap();
    let fault = ViewFault { view: "x".into(), reason: "no answer".to_owned() };
    directory.reject(&generation, "guest 1.0.0", &fault);
    folder.put_guest("other.wasm", &guest());
    let scan = directory.rescan();
    assert!(scan.generation.is_none());
    assert_eq!(
        scan.failures.iter().map(|failure| failure.kind).collect::<Vec<_>>(),
        [FailureKind::Quarantined]
    );
}

#[test]
fn a_settled_plugin_that_fails_does_not_keep_others_from_being_replaced() {
    let (folder, directory) = settled(strict(), "");
    let plugin = directory.current().plugins()[0].clone();
    // What it cannot answer is as if it were not there.
    assert_eq!(plugin.map_attributes(0, &Attributes::empty()), Ok(Some(Attributes::empty())));
    assert!(matches!(plugin.info().state, PluginState::Quarantined { .. }));
    assert_eq!(plugin.map_attributes(0, &set()), Ok(Some(set())));
    assert_eq!(plugin.streams(&counter()), Ok(None));
    assert_eq!(plugin.info().stats.faults, 3);

    // Every question a swap asks has an answer, so the swap of another is taken into service.
    folder.put_guest("other.wasm", &Guest::named("other", "2.0.0"));
    let generation = directory.rescan().generation.unwrap();
    for view in generation.views() {
        view.streams(&counter()).unwrap();
        view.map_attributes(0, &set()).unwrap();
    }
    assert!(
        matches!(plugin.info().state, PluginState::Quarantined { .. }),
        "a new generation changes nothing"
    );
}

#[test]
fn the_last_answers_hold_where_the_settings_say_so() {
    for (settings, expected) in [("hold_answers = true", None), ("hold_answers = false", Some(set()))] {
        let (_folder, directory) = settled(strict(), settings);
        let plugin = directory.current().plugins()[0].clone();
        assert_eq!(plugin.map_attributes(0, &set()), Ok(None), "it drops what it can answer");
        assert_eq!(plugin.map_attributes(0, &Attributes::empty()), Ok(Some(Attributes::empty())));
        assert_eq!(plugin.map_attributes(0, &set()), Ok(expected), "{settings}");
        let other = Attributes::from_iter([("b", 1i64)]);
        assert_eq!(plugin.map_attributes(0, &other), Ok(Some(other.clone())), "never asked before");
        assert_eq!(plugin.map_attributes(1, &set()), Ok(Some(set())), "another question");
    }
}
