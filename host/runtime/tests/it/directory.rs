//! A folder that changes: what is swapped, what is kept, and what serves on when something is wrong.

use std::sync::Arc;

use wasmeter_engine::View;
use wasmeter_runtime::{Directory, FailureKind, Scan};

use crate::guest::Guest;
use crate::support::{Folder, counter, runtime};

/// The labels of the plugins in service.
fn serving(directory: &Directory) -> Vec<String> {
    directory.current().plugins().iter().map(|plugin| plugin.name().to_owned()).collect()
}

fn nothing_happened(scan: &Scan) -> bool {
    scan.generation.is_none() && scan.failures.is_empty()
}

const VERSIONS: [&str; 10] =
    ["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0", "1.6.0", "1.7.0", "1.8.0", "1.9.0"];

#[test]
fn ten_swaps_in_a_row() {
    let (folder, runtime) = (Folder::new(), runtime());
    let directory = Directory::new(folder.path(), runtime.clone());
    folder.put_guest("other.wasm", &Guest::named("other", "1.0.0"));
    for (at, version) in VERSIONS.into_iter().enumerate() {
        folder.put_guest("guest.wasm", &Guest::named("guest", version));
        let scan = directory.rescan();
        let generation = scan.generation.expect("a new generation");
        assert_eq!(generation.number(), at as u64 + 1);
        assert_eq!(serving(&directory), [format!("guest {version}"), "other 1.0.0".to_owned()]);
        assert!(generation.views().iter().all(|view| view.streams(&counter()) == Ok(None)));
        if at > 0 {
            assert_eq!((scan.swapped.len(), scan.kept.len(), scan.added.len()), (1, 1, 0));
            assert_eq!(&*scan.swapped[0].from.info().version, VERSIONS[at - 1]);
            assert_eq!(&*scan.swapped[0].to.info().version, version);
        }
        assert!(nothing_happened(&directory.rescan()));
    }
    assert!(runtime.counts().snapshot().is_empty());
}

#[test]
fn unchanged_plugins_keep_their_instance() {
    let folder = Folder::new();
    let directory = Directory::new(folder.path(), runtime());
    folder.put_guest("guest.wasm", &Guest::default());
    let before = directory.rescan().generation.unwrap();
    folder.put_guest("new.wasm", &Guest::named("new", "1.0.0"));
    // The same bytes written again are no change.
    folder.put_guest("guest.wasm", &Guest::default());
    let after = directory.rescan().generation.unwrap();
    assert!(Arc::ptr_eq(&before.plugins()[0], &after.plugins()[0]));
    assert_eq!(after.plugins().len(), 2);
}

#[test]
fn plugins_stand_in_the_order_of_their_file_names() {
    let folder = Folder::new();
    let directory = Directory::new(folder.path(), runtime());
    for (file, name) in [("30-a.wasm", "a"), ("10-c.wasm", "c"), ("20-b.wasm", "b")] {
        folder.put_guest(file, &Guest::named(name, "1.0.0"));
    }
    folder.put(".half-written.wasm", "x");
    folder.put("readme.txt", "x");
    let scan = directory.rescan();
    let order: Vec<_> = scan.generation.unwrap().plugins().iter().map(|plugin| plugin.info().name).collect();
    assert_eq!(order.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["c", "b", "a"]);
    assert_eq!(scan.failures, []);
}

#[test]
fn a_broken_build_leaves_the_one_before_in_service() {
    let (folder, runtime) = (Folder::new(), runtime());
    let directory = Directory::new(folder.path(), runtime.clone());
    let good = Guest::default().component();
    folder.put("guest.wasm", &good);
    directory.rescan();
    let before = directory.current();

    // Cut short, trapping, not answering in time, and of another contract: one after the other.
    let trapping = Guest { streams: "unreachable", ..Guest::default() }.component();
    let looping = Guest { configure: "call $spin i32.const 8", ..Guest::default() }.component();
    for (bytes, kind) in [
        (&good[..good.len() / 2], FailureKind::NotAComponent),
        (trapping.as_slice(), FailureKind::Trap),
        (looping.as_slice(), FailureKind::Deadline),
    ] {
        folder.put("guest.wasm", bytes);
        let scan = directory.rescan();
        assert!(scan.generation.is_none());
        assert_eq!(scan.failures.iter().map(|failure| failure.kind).collect::<Vec<_>>(), [kind]);
        assert_eq!(scan.kept.len(), 1);
        // Reported once, and not tried again for as long as the file is the same.
        assert!(nothing_happened(&directory.rescan()));
        assert_eq!(directory.failures().len(), 1);
        assert!(Arc::ptr_eq(&directory.current(), &before));
        assert_eq!(directory.current().views()[0].streams(&counter()), Ok(None));
        let counted: u64 =
            runtime.counts().snapshot().iter().filter(|line| line.kind == kind).map(|line| line.count).sum();
        assert_eq!(counted, 1);
    }

    // The old build again: what serves already, and nothing is wrong any more.
    folder.put("guest.wasm", &good);
    assert!(nothing_happened(&directory.rescan()));
    assert_eq!(directory.failures(), []);
    // And one that failed before fails anew, and is counted anew.
    folder.put("guest.wasm", &trapping);
    assert_eq!(directory.rescan().failures.len(), 1);
    assert_eq!(runtime.counts().get("guest", FailureKind::Trap), 2);
    // A good one ends it.
    folder.put_guest("guest.wasm", &Guest::named("guest", "2.0.0"));
    assert_eq!(directory.rescan().swapped.len(), 1);
    assert_eq!(directory.failures(), []);
}

#[test]
fn a_broken_plugin_does_not_hold_up_the_others() {
    let folder = Folder::new();
    let directory = Directory::new(folder.path(), runtime());
    folder.put("broken.wasm", "nonsense");
    folder.put_guest("guest.wasm", &Guest::default());
    let scan = directory.rescan();
    assert_eq!((scan.added.len(), scan.failures.len()), (1, 1));
    assert_eq!(serving(&directory), ["guest 1.0.0"]);
    folder.remove("broken.wasm");
    assert!(nothing_happened(&directory.rescan()));
    assert_eq!(directory.failures(), []);
}

#[test]
fn a_removed_or_disabled_file_removes_the_plugin() {
    let folder = Folder::new();
    let directory = Directory::new(folder.path(), runtime());
    folder.put_guest("guest.wasm", &Guest::default());
    folder.put_guest("other.wasm", &Guest::named("other", "1.0.0"));
    directory.rescan();

    folder.put("guest.toml", "enabled = false");
    let scan = directory.rescan();
    assert_eq!(scan.removed.len(), 1);
    assert_eq!(serving(&directory), ["other 1.0.0"]);
    assert!(nothing_happened(&directory.rescan()));

    folder.remove("other.wasm");
    let scan = directory.rescan();
    assert_eq!(scan.removed.len(), 1);
    assert!(scan.generation.unwrap().plugins().is_empty());
    assert!(nothing_happened(&directory.rescan()));

    folder.put("guest.toml", "enabled = true");
    assert_eq!(directory.rescan().added.len(), 1);
}

#[test]
fn changed_settings_swap_the_plugin_without_compiling_it_again() {
    let folder = Folder::new();
    let directory = Directory::new(folder.path(), runtime());
    folder.put_guest("guest.wasm", &Guest::default());
    directory.rescan();
    let compiled = directory.current().plugins()[0].info().compile_ms;

    folder.put("guest.toml", "memory_limit_bytes = 131072");
    let scan = directory.rescan();
    assert_eq!(scan.swapped.len(), 1);
    let info = scan.swapped[0].to.info();
    assert_eq!(info.memory_limit_bytes, 131_072);
    assert!(
        info.compile_ms.to_bits() == compiled.to_bits(),
        "the time it took is that of the first compilation"
    );

    folder.put("guest.toml", "memory = 1");
    assert_eq!(directory.rescan().failures[0].kind, FailureKind::BadSettings);
    assert_eq!(directory.current().plugins()[0].info().memory_limit_bytes, 131_072);

    folder.remove("guest.toml");
    assert_eq!(directory.rescan().swapped.len(), 1);
    assert_eq!(directory.current().plugins()[0].info().memory_limit_bytes, 64 << 20);
}

#[test]
fn a_folder_that_is_away_for_a_moment_changes_nothing() {
    let folder = Folder::new();
    let path = folder.path().join("plugins");
    let directory = Directory::new(&path, runtime());
    let scan = directory.rescan();
    assert!(scan.generation.is_none());
    assert_eq!(scan.failures[0].kind, FailureKind::Unreadable);
    assert!(nothing_happened(&directory.rescan()), "told once");

    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("guest.wasm"), Guest::default().component()).unwrap();
    assert_eq!(directory.rescan().added.len(), 1);
    assert_eq!(directory.failures(), []);

    std::fs::rename(&path, folder.path().join("elsewhere")).unwrap();
    let scan = directory.rescan();
    assert_eq!((scan.kept.len(), scan.failures.len()), (1, 1));
    assert_eq!(serving(&directory), ["guest 1.0.0"]);
}

#[test]
fn a_file_replaced_by_renaming_is_seen() {
    let folder = Folder::new();
    let directory = Directory::new(folder.path(), runtime());
    folder.put_guest("guest.wasm", &Guest::default());
    directory.rescan();
    folder.put_guest("guest.wasm.tmp", &Guest::named("guest", "2.0.0"));
    std::fs::rename(folder.path().join("guest.wasm.tmp"), folder.path().join("guest.wasm")).unwrap();
    assert_eq!(directory.rescan().swapped.len(), 1);
    assert_eq!(serving(&directory), ["guest 2.0.0"]);
}

#[test]
fn a_new_generation_gives_a_stopped_plugin_another_chance() {
    let folder = Folder::new();
    let directory = Directory::new(folder.path(), runtime());
    folder.put_guest("guest.wasm", &Guest { map: "unreachable", ..Guest::default() });
    directory.rescan();
    let plugin = directory.current().plugins()[0].clone();
    let empty = wasmeter_model::Attributes::empty();
    for _ in 0..4 {
        plugin.map_attributes(0, &empty).unwrap_err();
    }
    assert!(plugin.streams(&counter()).is_err());
    folder.put_guest("other.wasm", &Guest::named("other", "1.0.0"));
    directory.rescan();
    assert_eq!(plugin.streams(&counter()), Ok(None));
}
