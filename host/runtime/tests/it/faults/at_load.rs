//! Plugins of every world that misbehave before they serve: they are refused, and what serves already serves on.

use wasmeter_runtime::{Directory, FailureKind};

use crate::guest::Guest;
use crate::support::{Folder, runtime};

const WORLDS: [&str; 4] = ["view", "observer", "processor", "exporter"];

/// In each world such a plugin is refused for this reason, and the one that serves stays as it is.
#[track_caller]
fn refused(guest: impl Fn() -> Guest, kind: FailureKind, words: &str) {
    for world in WORLDS {
        let folder = Folder::new();
        let good = Guest { world, ..Guest::named("good", "1.0.0") };
        folder.put_guest("good.wasm", &observing_nothing(good));
        let runtime = runtime();
        let directory = Directory::new(folder.path(), runtime.clone());
        assert_eq!(directory.rescan().failures, [], "{world}");
        let before = directory.current().number();
        folder.put_guest("bad.wasm", &Guest { world, ..observing_nothing(guest()) });
        let scan = directory.rescan();
        let [failure] = &scan.failures[..] else { panic!("{world}: {:?}", scan.failures) };
        assert_eq!(failure.kind, kind, "{world}: {failure}");
        assert!(failure.reason.contains(words), "{world}: {failure}");
        let generation = directory.current();
        let serving: Vec<_> = generation.plugins().iter().map(|plugin| plugin.info()).collect();
        assert_eq!((generation.number(), serving.len()), (before, 1), "{world}");
        assert_eq!((serving[0].state.name(), serving[0].stats.faults), ("active", 0), "{world}");
        assert_eq!(runtime.counts().snapshot().len(), 1, "{world}: one plugin, one kind");
    }
}

/// An observer has an observation at 2048; others have nothing there.
fn observing_nothing(guest: Guest) -> Guest {
    let fields = format!("{} {}", guest.fields, crate::observation::observation("", &[]));
    Guest { fields, ..guest }
}

#[test]
fn a_start_that_never_ends() {
    let start = || Guest { fields: "(start $spin)".to_owned(), ..Guest::named("bad", "1.0.0") };
    refused(start, FailureKind::Deadline, "ran longer than 500ms");
}

#[test]
fn a_start_that_traps() {
    let fields = "(func $trap unreachable) (start $trap)";
    let start = || Guest { fields: fields.to_owned(), ..Guest::named("bad", "1.0.0") };
    refused(start, FailureKind::Instantiate, "unreachable");
}

#[test]
fn a_start_that_takes_memory_without_end() {
    let fields = "(func $all (loop $more (br_if $more (i32.ne (memory.grow $memory (i32.const 16)) (i32.const -1)))) unreachable) \
                  (start $all)";
    let start = || Guest { fields: fields.to_owned(), ..Guest::named("bad", "1.0.0") };
    refused(start, FailureKind::Memory, "of memory and may have 64 MiB");
}

#[test]
fn an_introduction_that_never_ends() {
    let info = || Guest { info: "call $spin unreachable", ..Guest::named("bad", "1.0.0") };
    refused(info, FailureKind::Deadline, "`info` ran longer than 500ms");
}

#[test]
fn an_introduction_that_recurses_without_end() {
    let recurse = "(drop (call $recurse (i32.const 0))) i32.const 64";
    let info = || Guest { info: recurse, ..Guest::named("bad", "1.0.0") };
    refused(info, FailureKind::Trap, "`info` trapped: call stack exhausted");
}

#[test]
fn a_configuration_that_never_ends() {
    let configure = || Guest { configure: "call $spin unreachable", ..Guest::named("bad", "1.0.0") };
    refused(configure, FailureKind::Deadline, "`configure` ran longer than 500ms");
}

#[test]
fn an_allocator_that_never_returns_with_the_configuration() {
    let realloc = || Guest { realloc: "call $spin", ..Guest::named("bad", "1.0.0") };
    refused(realloc, FailureKind::Deadline, "`configure` ran longer than 500ms");
}

#[test]
fn an_allocator_that_gives_the_configuration_no_room() {
    let realloc = || Guest { realloc: "(return (i32.const -1))", ..Guest::named("bad", "1.0.0") };
    refused(realloc, FailureKind::InvalidAnswer, "realloc return: beyond end of memory");
}
