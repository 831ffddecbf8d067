//! The watcher on a real file system. Waits for what it is told, never for time to pass.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use wasmeter_runtime::Watcher;

use crate::support::Folder;

/// Far longer than any change takes to be seen; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

fn watch(path: &std::path::Path) -> (Watcher, Receiver<()>) {
    let (changed, changes) = channel();
    (Watcher::start(path, move || changed.send(()).unwrap_or_default()).unwrap(), changes)
}

#[test]
fn changes_of_files_are_seen() {
    let folder = Folder::new();
    folder.put("there-before.wasm", "1");
    let (watcher, changes) = watch(folder.path());
    folder.put("new.wasm", "1");
    changes.recv_timeout(PATIENCE).expect("a new file");
    folder.put("new.wasm", "22");
    changes.recv_timeout(PATIENCE).expect("a changed file");
    folder.put("new.tmp", "333");
    std::fs::rename(folder.path().join("new.tmp"), folder.path().join("new.wasm")).unwrap();
    changes.recv_timeout(PATIENCE).expect("a replaced file");
    folder.put("new.toml", "");
    changes.recv_timeout(PATIENCE).expect("settings");
    folder.remove("new.wasm");
    changes.recv_timeout(PATIENCE).expect("a removed file");
    drop(watcher);
    // The thread and with it the callback are gone.
    while changes.try_recv().is_ok() {}
    assert_eq!(changes.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
}

#[test]
fn a_folder_created_later_or_replaced_is_watched() {
    let folder = Folder::new();
    let path = folder.path().join("plugins");
    let (_watcher, changes) = watch(&path);
    std::fs::create_dir(&path).unwrap();
    changes.recv_timeout(PATIENCE).expect("the folder");
    std::fs::write(path.join("a.wasm"), "1").unwrap();
    changes.recv_timeout(PATIENCE).expect("a file in it");

    std::fs::rename(&path, folder.path().join("old")).unwrap();
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("b.wasm"), "1").unwrap();
    changes.recv_timeout(PATIENCE).expect("another folder");
    while changes.try_recv().is_ok() {}
    std::fs::write(path.join("c.wasm"), "1").unwrap();
    changes.recv_timeout(PATIENCE).expect("a file in the other folder");
}
