//! The engine does not want a generation: what it gets instead.

use std::sync::Arc;

use wasmeter_engine::{View, ViewFault};
use wasmeter_runtime::{Directory, FailureKind, Generation, Rejection};

use crate::guest::Guest;
use crate::support::{Folder, runtime};

fn fault() -> ViewFault {
    ViewFault { view: "x".into(), reason: "`streams` trapped".to_owned() }
}

fn labels(generation: &Generation) -> Vec<String> {
    generation.plugins().iter().map(|plugin| plugin.name().to_owned()).collect()
}

/// A folder in which `a` and `b` serve in version 1, then change to version 2.
fn two_changed() -> (Folder, Directory, Arc<Generation>, Arc<Generation>) {
    let folder = Folder::new();
    let directory = Directory::new(folder.path(), runtime());
    folder.put_guest("a.wasm", &Guest::named("a", "1.0.0"));
    folder.put_guest("b.wasm", &Guest::named("b", "1.0.0"));
    let first = directory.rescan().generation.unwrap();
    folder.put_guest("a.wasm", &Guest::named("a", "2.0.0"));
    folder.put_guest("b.wasm", &Guest::named("b", "2.0.0"));
    let second = directory.rescan().generation.unwrap();
    (folder, directory, first, second)
}

#[test]
fn only_the_plugin_that_is_to_blame_goes_back() {
    let (folder, directory, first, second) = two_changed();
    let Rejection::Try { generation: third, failure } = directory.reject(&second, "a 2.0.0", &fault()) else {
        panic!("`b` remains changed");
    };
    assert_eq!(labels(&third), ["a 1.0.0", "b 2.0.0"]);
    assert!(Arc::ptr_eq(&third.plugins()[0], &first.plugins()[0]), "the old instance, not a new one");
    assert!(Arc::ptr_eq(&directory.current(), &third));
    let failure = failure.unwrap();
    assert_eq!(failure.kind, FailureKind::SwapRefused);
    assert_eq!(
        failure.to_string(),
        "plugin `a` 2.0.0 (a.wasm): it was taken out of service again: `streams` trapped; what served before serves on; \
         put a corrected build in place"
    );
    assert_eq!(directory.failures(), [failure]);
    // The build is not tried again, the next one is.
    assert!(directory.rescan().generation.is_none());
    folder.put_guest("a.wasm", &Guest::named("a", "3.0.0"));
    assert_eq!(labels(&directory.rescan().generation.unwrap()), ["a 3.0.0", "b 2.0.0"]);
    assert_eq!(directory.failures(), []);
}

#[test]
fn when_nothing_new_remains_the_generation_before_serves_on() {
    let (_folder, directory, first, second) = two_changed();
    let Rejection::Try { generation: third, .. } = directory.reject(&second, "a 2.0.0", &fault()) else {
        panic!("`b` remains changed");
    };
    let Rejection::Back { generation, .. } = directory.reject(&third, "b 2.0.0", &fault()) else {
        panic!("nothing remains changed");
    };
    assert!(Arc::ptr_eq(&generation, &first) && Arc::ptr_eq(&directory.current(), &first));
    assert_eq!(directory.failures().len(), 2);
}

#[test]
fn a_rejected_newcomer_leaves_no_plugin_behind() {
    let folder = Folder::new();
    let directory = Directory::new(folder.path(), runtime());
    folder.put_guest("a.wasm", &Guest::named("a", "1.0.0"));
    let first = directory.rescan().generation.unwrap();
    folder.put_guest("b.wasm", &Guest::named("b", "1.0.0"));
    let second = directory.rescan().generation.unwrap();
    assert!(matches!(directory.reject(&second, "b 1.0.0", &fault()), Rejection::Back { .. }));
    assert!(Arc::ptr_eq(&directory.current(), &first));
    assert!(directory.rescan().generation.is_none());
}

#[test]
fn an_old_plugin_cannot_be_exchanged_so_the_change_is_held() {
    let (folder, directory, first, second) = two_changed();
    directory.rescan();
    folder.put_guest("c.wasm", &Guest::named("c", "1.0.0"));
    folder.remove("b.wasm");
    let third = directory.rescan().generation.unwrap();
    assert_eq!(labels(&third), ["a 2.0.0", "c 1.0.0"]);
    let Rejection::Back { generation, failure } = directory.reject(&third, "a 2.0.0", &fault()) else {
        panic!("`a` is not new in this generation");
    };
    assert!(Arc::ptr_eq(&generation, &second));
    assert_eq!(labels(&directory.current()), ["a 2.0.0", "b 2.0.0"]);
    assert_eq!(failure.unwrap().kind, FailureKind::SwapRefused);
    // Held, not failed: neither tried again at once nor forgotten.
    assert!(directory.rescan().generation.is_none());
    assert_eq!(directory.failures(), []);
    folder.put_guest("a.wasm", &Guest::named("a", "3.0.0"));
    assert_eq!(labels(&directory.rescan().generation.unwrap()), ["a 3.0.0", "c 1.0.0"]);
    drop(first);
}

#[test]
fn a_generation_that_is_over_cannot_be_rejected() {
    let (folder, directory, first, second) = two_changed();
    assert!(
        matches!(directory.reject(&first, "a 1.0.0", &fault()), Rejection::Stale(current) if current.number() == second.number())
    );
    folder.put_guest("c.wasm", &Guest::named("c", "1.0.0"));
    let third = directory.rescan().generation.unwrap();
    assert!(matches!(directory.reject(&second, "a 2.0.0", &fault()), Rejection::Stale(_)));
    assert!(Arc::ptr_eq(&directory.current(), &third));
}

#[test]
fn a_view_that_is_no_plugin_takes_the_change_back() {
    let (_folder, directory, first, second) = two_changed();
    let Rejection::Back { generation, failure } = directory.reject(&second, "view 1 of the file", &fault())
    else {
        panic!("the culprit is none of the plugins");
    };
    assert!(Arc::ptr_eq(&generation, &first));
    assert_eq!(failure, None);
}
