//! A folder as Kubernetes mounts a ConfigMap: every file is a link into `..data`, which is a link itself, and an update of
//! them all is one renaming of that link.

#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::sync::mpsc::channel;
use std::time::Duration;

use wasmeter_engine::View;
use wasmeter_runtime::{Directory, Watcher};

use crate::guest::Guest;
use crate::support::{Folder, runtime};

/// Far longer than any change takes to be seen; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Puts the plugins `a` and `b` of this version in place, both at once.
fn publish(folder: &Folder, version: &'static str) {
    let content = format!("..{version}");
    std::fs::create_dir(folder.path().join(&content)).unwrap();
    for name in ["a", "b"] {
        folder.put_guest(&format!("{content}/{name}.wasm"), &Guest::named(name, version));
    }
    let unfinished = folder.path().join("..data_tmp");
    symlink(&content, &unfinished).unwrap();
    std::fs::rename(unfinished, folder.path().join("..data")).unwrap();
}

#[test]
fn a_switch_of_the_link_is_seen_and_is_one_change() {
    let folder = Folder::new();
    publish(&folder, "1.0.0");
    for name in ["a.wasm", "b.wasm"] {
        symlink(format!("..data/{name}"), folder.path().join(name)).unwrap();
    }
    let directory = Directory::new(folder.path(), runtime());
    assert_eq!(directory.rescan().added.len(), 2);

    let (changed, changes) = channel();
    let _watcher = Watcher::start(folder.path(), move || changed.send(()).unwrap_or_default()).unwrap();
    publish(&folder, "2.0.0");
    changes.recv_timeout(PATIENCE).expect("the switch");
    let scan = directory.rescan();
    assert_eq!((scan.swapped.len(), scan.generation.unwrap().number()), (2, 2));
    let serving: Vec<_> =
        directory.current().plugins().iter().map(|plugin| plugin.name().to_owned()).collect();
    assert_eq!(serving, ["a 2.0.0", "b 2.0.0"]);
}
