//! Mistakes that hosts of plugins have made in the field, none of which is to be made here. What each one is tested by:
//!
//! | | mistake | test |
//! |---|---|---|
//! | 1 | deadlines by epochs, and nothing that moves the epoch on | `limits::an_endless_*`, `ticker::tests::it_ticks_and_stops_when_dropped` |
//! | 2 | what moves it on is a task of an executor, which a guest can occupy | `deadlines_pass_while_the_executor_is_occupied` |
//! | 3 | one plugin's timeout ends another's call | `limits::a_deadline_of_one_plugin_does_not_touch_another` |
//! | 4 | a limit of memory that holds for each memory on its own | `limits::many_memories_are_summed` |
//! | 5 | limits that are set after instantiation | `limits::too_many_memories_or_instances`, `faults::at_load::a_start_that_takes_memory_without_end` |
//! | 6 | synchronous WASI on a thread of tokio | `grants::files::a_plugin_is_asked_from_a_thread_of_a_runtime_as_from_any_other` |
//! | 7 | a store that is used again after a trap | `view::after_a_trap_a_fresh_instance_answers` |
//! | 8 | stopping the old build before the new one works | `directory::a_broken_build_leaves_the_one_before_in_service` |
//! | 9 | a mailbox without a bound | `orders_do_not_pile_up_while_a_swap_takes_its_time` |
//! | 10 | several plugins in one store | `a_trap_leaves_another_plugin_of_the_same_component_its_memory` |
//! | 11 | machine code from whoever offers some | `machine_code_in_the_directory_is_not_run`, `cache::an_artefact_of_another_component_or_of_another_host_is_not_run` |
//! | 12 | a compiler that is itself a debug build | `the_compiler_is_optimised_in_every_profile` |
//! | 13 | grants of everything by default | `failures::an_import_of_sockets`, `grants::settings` |
//! | 14 | watching the file instead of its directory | `directory::a_file_replaced_by_renaming_is_seen`, `watch::changes_of_files_are_seen` |
//! | 15 | what is kept by a guest's text, without a bound | `what_is_kept_by_a_plugins_text_has_a_bound`, `totals::tests`, `failure::counts::tests` |
//! | 16 | a timeout of an executor around a call that never yields | `deadlines_pass_while_the_executor_is_occupied` |
//! | 17 | all plugins compiled at once at the start | `plugins_are_loaded_one_after_the_other`, `threads_that_load_take_turns_at_the_compiler` |
//! | 18 | forbidden headers that are let through | `grants::http::headers_that_say_whose_request_it_is_or_where_it_ends_are_not_the_plugins` |

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use wasmeter_engine::{SwapReport, View as _, ViewFault};
use wasmeter_model::Attributes;
use wasmeter_runtime::{
    Directory, FailureKind, Generation, Keeper, LogLevel, LogSink, RestartPolicy, RuntimeConfig, Service,
};

use crate::guest::Guest;
use crate::support::{Folder, quick, runtime, runtime_with};

/// Longer than any deadline here, on the busiest machine.
const AGES: Duration = Duration::from_secs(60);

fn set(number: i64) -> Attributes {
    Attributes::from_iter([("a", number)])
}

#[test]
fn deadlines_pass_while_the_executor_is_occupied() {
    let folder = Folder::new();
    let guest = Guest { map: "call $spin i32.const 8", ..Guest::default() };
    let runtime = runtime();
    let plugin = runtime.load(&folder.put_guest("guest.wasm", &guest)).unwrap();
    // Its one thread is the one that waits, so neither a task nor a timer of it can end the call. The test does not wait with it: a
    // call that nothing ends is to be told as such.
    let (sender, told) = channel();
    std::thread::spawn(move || {
        let executor = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = executor.block_on(async { plugin.map_attributes(0, &Attributes::empty()) });
        sender.send(answer).unwrap_or_default();
    });
    let answer = told.recv_timeout(AGES).expect("the call ends, and its executor with it");
    let fault = answer.unwrap_err();
    assert!(fault.reason.starts_with("`map-attributes` ran longer than 300ms"), "{fault}");
    assert_eq!(runtime.counts().get("guest", FailureKind::Deadline), 1);
}

/// A service whose first swap takes until it is let go.
struct Slow {
    change: u32,
    swaps: Sender<u32>,
    go: Option<Receiver<()>>,
}

impl Service for Slow {
    fn swap(&mut self, _: &Generation) -> Result<Option<SwapReport>, ViewFault> {
        self.swaps.send(self.change).unwrap();
        if let Some(go) = self.go.take() {
            go.recv().unwrap();
        }
        Ok(Some(SwapReport::default()))
    }

    fn refused(&mut self, message: &str) {
        panic!("{message}");
    }

    fn failed(&mut self, message: &str) {
        panic!("{message}");
    }
}

#[test]
fn orders_do_not_pile_up_while_a_swap_takes_its_time() {
    let ((swaps, swapped), (let_go, go)) = (channel(), channel());
    let folder = Folder::new();
    folder.put_guest("a.wasm", &Guest::named("a", "1.0.0"));
    let directory = Arc::new(Directory::new(folder.path(), runtime()));
    let service = Slow { change: 0, swaps, go: Some(go) };
    let keeper = Keeper::start(Some(directory), false, service).unwrap();
    keeper.rescan();
    assert_eq!(swapped.recv().unwrap(), 0);
    for change in 1..=10_000 {
        keeper.rescan();
        keeper.renew(move |service: &mut Slow| service.change = change);
    }
    let_go.send(()).unwrap();
    assert_eq!(swapped.recv().unwrap(), 10_000, "of all that waited the last one");
    keeper.renew(|service| service.change = 0);
    assert_eq!(swapped.recv().unwrap(), 0, "and nothing between it and what comes next");
    assert!(keeper.stop());
    assert!(swapped.recv().is_err());
}

#[test]
fn a_trap_leaves_another_plugin_of_the_same_component_its_memory() {
    let folder = Folder::new();
    // It drops the second set that it is asked about.
    let guest = Guest {
        fields: "(global $asked (mut i32) (i32.const 0))".to_owned(),
        map: "(if (i32.eqz (local.get $len)) (then unreachable))
              (global.set $asked (i32.add (global.get $asked) (i32.const 1)))
              (if (i32.eq (global.get $asked) (i32.const 2)) (then (return (i32.const 8))))
              (i32.store8 (i32.const 160) (i32.const 1)) (i32.store (i32.const 164) (local.get $ptr))
              (i32.store (i32.const 168) (local.get $len)) i32.const 160",
        ..Guest::default()
    };
    for name in ["a.wasm", "b.wasm"] {
        folder.put_guest(name, &guest);
    }
    let directory = Directory::new(folder.path(), runtime());
    assert_eq!(directory.rescan().failures, []);
    let generation = directory.current();
    let [a, b] = generation.plugins() else { panic!("{generation:?}") };
    for plugin in [a, b] {
        assert_eq!(plugin.map_attributes(0, &set(1)), Ok(Some(set(1))));
    }
    a.map_attributes(0, &Attributes::empty()).unwrap_err();
    assert_eq!(b.map_attributes(0, &set(2)), Ok(None), "it has counted on");
    assert_eq!(a.map_attributes(0, &set(2)), Ok(Some(set(2))), "it begins anew");
    assert_eq!([a, b].map(|plugin| plugin.info().stats.faults), [1, 0]);
}

#[cfg(unix)]
#[test]
fn machine_code_in_the_directory_is_not_run() {
    let folder = Folder::new();
    let cache = folder.path().join("cache");
    let config = RuntimeConfig { cache_directory: Some(cache.clone()), ..quick() };
    let runtime = runtime_with(config);
    runtime.load(&folder.put_guest("guest.wasm", &Guest::default())).unwrap();
    let files = std::fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path());
    let artefact = files.into_iter().find(|file| file.extension().is_some_and(|it| it == "artefact"));
    let artefact = std::fs::read(artefact.expect("the plugin's")).unwrap();
    // As it is in the cache, and as the compiler made it: this very host's, for this very compiler.
    for code in [&artefact[..], &artefact[32..]] {
        let failure = runtime.load(&folder.put("code.wasm", code)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::NotAComponent, "{failure}");
    }
    assert!(artefact[32..].starts_with(b"\x7fELF"), "the code begins there");
}

#[test]
fn the_compiler_is_optimised_in_every_profile() {
    let manifest = include_str!("../../../../Cargo.toml").parse::<toml::Table>().unwrap();
    let level = |path: &[&str]| {
        let profiles = manifest["profile"].as_table().unwrap();
        let at = path.iter().try_fold(profiles, |table, key| table.get(*key)?.as_table());
        at.and_then(|profile| profile.get("opt-level")?.as_integer())
    };
    assert!(level(&["dev", "package", "*"]) >= Some(2), "a debug build of it takes a hundred times as long");
    for profile in ["release", "bench", "test"] {
        assert!(
            level(&[profile]).is_none_or(|level| level >= 2) && level(&[profile, "package", "*"]).is_none()
        );
    }
}

#[test]
fn what_is_kept_by_a_plugins_text_has_a_bound() {
    const KEPT: i64 = 100_000;
    let folder = Folder::new();
    // Everything is dropped, and a question never leaves anything in its memory.
    let guest = Guest {
        map: "(if (i32.eqz (local.get $len)) (then unreachable)) (global.set $top (i32.const 8192)) i32.const 8",
        ..Guest::named("held", "1.0.0")
    };
    folder.put_guest("held.wasm", &guest);
    folder.put("held.toml", "hold_answers = true");
    let restart = RestartPolicy { at_once: 0, ..quick().restart };
    let directory = Directory::new(folder.path(), runtime_with(RuntimeConfig { restart, ..quick() }));
    directory.rescan();
    // It settles with the change of another one.
    folder.put_guest("other.wasm", &Guest::named("other", "1.0.0"));
    assert_eq!(directory.rescan().failures, []);
    let plugin = directory.current().plugins()[0].clone();
    for number in 0..=KEPT {
        assert_eq!(plugin.map_attributes(0, &set(number)), Ok(None));
    }
    // Now it cannot answer, and what is kept of its answers shows.
    assert_eq!(plugin.map_attributes(0, &Attributes::empty()), Ok(Some(Attributes::empty())));
    assert_eq!(plugin.map_attributes(0, &set(0)), Ok(None));
    assert_eq!(plugin.map_attributes(0, &set(KEPT)), Ok(Some(set(KEPT))), "one more than is kept");
}

/// Keeps which thread each plugin logs on.
#[derive(Default)]
struct Threads(Mutex<Vec<(String, ThreadId)>>);

impl LogSink for Threads {
    fn line(&self, plugin: &str, _: LogLevel, _: &str) {
        self.0.lock().unwrap().push((plugin.to_owned(), std::thread::current().id()));
    }
}

#[test]
fn plugins_are_loaded_one_after_the_other() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let folder = Folder::new();
    for name in names {
        let import = r#"(import "wasmeter:plugin/host@0.1.0" "log" (func $log (param i32 i32 i32)))"#;
        let configure = "(call $log (i32.const 2) (i32.const 1024) (i32.const 1)) i32.const 8";
        let guest = Guest { fields: import.to_owned(), configure, ..Guest::named(name, "1.0.0") };
        folder.put_guest(&format!("{name}.wasm"), &guest);
    }
    let threads = Arc::new(Threads::default());
    let runtime = runtime_with(RuntimeConfig { log: threads.clone(), ..quick() });
    assert_eq!(Directory::new(folder.path(), runtime).rescan().failures, []);
    let here = std::thread::current().id();
    let expected: Vec<_> = names.iter().map(|name| ((*name).to_owned(), here)).collect();
    let mut told = threads.0.lock().unwrap().clone();
    told.dedup();
    assert_eq!(told, expected, "on the thread that looks, each to its end before the next");
}

#[test]
fn threads_that_load_take_turns_at_the_compiler() {
    const THREADS: usize = 4;
    let folder = Folder::new();
    // So large that compiling takes longer than it takes the others to begin.
    let functions = (0..2000).map(|number| {
        let body = "local.get 0 i64.const 31 i64.mul i64.const 7 i64.xor local.set 0 ".repeat(8);
        format!("(func $f{number} (param i64) (result i64) {body} local.get 0)\n")
    });
    let guest = Guest { fields: functions.collect(), ..Guest::default() };
    let file = folder.put_guest("guest.wasm", &guest);
    let runtime =
        runtime_with(RuntimeConfig { cache_directory: Some(folder.path().join("cache")), ..quick() });
    let begin = std::sync::Barrier::new(THREADS);
    let compiled = std::thread::scope(|scope| {
        let load = || {
            begin.wait();
            runtime.load(&file).unwrap().info().is_cached
        };
        let loads = [(); THREADS].map(|()| scope.spawn(load));
        loads.map(|load| load.join().unwrap()).into_iter().filter(|is_cached| !is_cached).count()
    });
    // Whoever waits for a turn finds what was compiled meanwhile.
    assert_eq!(compiled, 1);
}
