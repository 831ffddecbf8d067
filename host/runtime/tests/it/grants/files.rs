//! Granted directories.

use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use wasmeter_runtime::FailureKind;

use super::{Reach, directory, settings};
use crate::support::Folder;

#[test]
fn a_plugin_reads_what_it_may_read_and_writes_nothing() {
    let folder = Folder::new();
    folder.put("a.txt", "content");
    let Some(reach) = Reach::with_directory(folder.path(), "read") else { return };
    assert_eq!(reach.tell("read /data/a.txt"), "found: content");
    assert_eq!(reach.tell("list /data"), "found: a.txt");
    assert_eq!(reach.tell("size /data/a.txt"), "found: 7");
    for command in [
        "write /data/a.txt x",
        "write /data/b.txt x",
        "append /data/a.txt x",
        "rename /data/a.txt /data/b.txt",
        "remove /data/a.txt",
        "make /data/sub",
    ] {
        let answer = reach.tell(command);
        assert!(answer.starts_with("failed: "), "{command}: {answer}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(std::fs::read(folder.path().join("a.txt")).unwrap(), b"content");
}

#[test]
fn a_plugin_that_may_write_does_all_one_does_with_files() {
    let folder = Folder::new();
    let Some(reach) = Reach::with_directory(folder.path(), "write") else { return };
    for (command, expected) in [
        ("append /data/a.txt one", "found: done"),
        ("append /data/a.txt two", "found: done"),
        ("read /data/a.txt", "found: onetwo"),
        ("make /data/sub", "found: done"),
        ("rename /data/a.txt /data/sub/b.txt", "found: done"),
        ("list /data/sub", "found: b.txt"),
        ("write /data/sub/b.txt x", "found: done"),
        ("read /data/sub/b.txt", "found: x"),
        ("remove /data/sub/b.txt", "found: done"),
        ("remove-directory /data/sub", "found: done"),
        ("list /data", "found: "),
    ] {
        assert_eq!(reach.tell(command).trim_end(), expected.trim_end(), "{command}");
    }
    assert!(reach.tell("read /data/none").starts_with("failed: NotFound: `/data/none`"));
}

#[test]
fn a_directory_holds_no_more_than_it_may_and_the_plugin_is_told() {
    let folder = Folder::new();
    // The operator's, which counts, too: with what an entry takes there is room for two more entries and 1000 bytes.
    folder.put("there", [0; 1000]);
    let settings = |bytes: u64| {
        super::settings(
            &format!("directory_bytes_max = {bytes}"),
            &[("directories", &directory(folder.path(), "write"))],
        )
    };
    let Some(loaded) = Reach::load(&settings(3 * 4096 + 2000)) else { return };
    let reach = loaded.unwrap();
    let full = |answer: String| answer.starts_with("failed: QuotaExceeded: ");
    let half = "x".repeat(600);
    assert_eq!(reach.tell("make /data/sub"), "found: done");
    assert_eq!(reach.tell(&format!("write /data/a {half}")), "found: done");
    assert!(full(reach.tell(&format!("append /data/a {half}"))), "600 of 400");
    assert_eq!(std::fs::read(folder.path().join("a")).unwrap().len(), 600);
    assert_eq!(reach.tell(&format!("append /data/a {}", "x".repeat(400))), "found: done");
    // By way of a stream, too.
    assert_eq!(reach.tell("stream /data/a x"), "failed: quota");
    // What is only replaced takes nothing, whatever was there.
    for _ in 0..3 {
        assert_eq!(reach.tell(&format!("write /data/a {half}")), "found: done");
    }
    assert!(full(reach.tell("make /data/sub/again")));
    assert!(full(reach.tell("write /data/b x")));
    assert!(!folder.path().join("b").exists());
    assert_eq!(reach.runtime.totals()[0].writes_refused, 4);
    // Another removes something, and there is room again.
    std::fs::remove_file(folder.path().join("there")).unwrap();
    assert_eq!(reach.tell("write /data/b x"), "found: done");
    assert_eq!(reach.tell("stream /data/b y"), "found: done");
    assert_eq!(reach.plugin.info().stats.faults, 0, "it can do something about it");
    let reach = Reach::load(&settings(0)).unwrap().unwrap();
    assert!(full(reach.tell("append /data/a x")));
    assert_eq!(reach.tell("read /data/b"), "found: xy");
}

#[test]
fn nothing_outside_the_directory_is_reachable() {
    let folder = Folder::new();
    let outside = folder.put("secret", "secret");
    let inside = folder.path().join("inside");
    std::fs::create_dir_all(inside.join("sub")).unwrap();
    symlink(&outside, inside.join("absolute")).unwrap();
    symlink("../secret", inside.join("relative")).unwrap();
    symlink("..", inside.join("up")).unwrap();
    symlink("/", inside.join("top")).unwrap();
    symlink("sub/../../secret", inside.join("winding")).unwrap();
    let Some(reach) = Reach::with_directory(&inside, "write") else { return };
    for path in [
        "/data/../secret",
        "/data/sub/../../secret",
        "/data/absolute",
        "/data/relative",
        "/data/up/secret",
        "/data/winding",
        "/data/top/etc/hostname",
        &format!("/data/top{}", outside.display()),
        "/secret",
        "secret",
        "/etc/hostname",
        "/data/./../secret",
        "/data//../secret/",
    ] {
        let answer = reach.tell(&format!("read {path}"));
        assert!(answer.starts_with("failed: "), "{path}: {answer}");
        let answer = reach.tell(&format!("write {path} overwritten"));
        assert!(answer.starts_with("failed: "), "{path}: {answer}");
    }
    assert_eq!(std::fs::read(outside).unwrap(), b"secret");
}

#[test]
fn a_file_that_blocks_does_not_hold_a_call_beyond_its_deadline() {
    let folder = Folder::new();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let Some(reach) = Reach::with_directory(folder.path(), "read") else { return };
    let deadline = reach.runtime.config().limits.call_deadline;
    let started = Instant::now();
    // Opening it waits for somebody who writes.
    let answer = reach.tell("read /data/pipe");
    let took = started.elapsed();
    assert!(answer.contains("`streams` ran longer than 300ms"), "{answer}");
    assert_eq!(reach.plugin.last_failure().unwrap().kind, FailureKind::Deadline);
    assert!(took >= deadline && took < deadline + Duration::from_secs(10), "{took:?}");
    // Whoever waits there is let go, so that the test leaves no thread behind.
    drop(std::fs::OpenOptions::new().write(true).open(&pipe).unwrap());
    folder.put("a.txt", "content");
    assert_eq!(reach.tell("read /data/a.txt"), "found: content", "a new instance serves");
}

#[test]
fn a_plugin_is_asked_from_a_thread_of_a_runtime_as_from_any_other() {
    let folder = Folder::new();
    folder.put("a.txt", "content");
    let Some(reach) = Reach::with_directory(folder.path(), "read") else { return };
    // Where a program with one thread asks its plugins; to block there in tokio's own way is a panic.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { assert_eq!(reach.tell("read /data/a.txt"), "found: content") });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    runtime
        .block_on(runtime.spawn(async move {
            assert_eq!(reach.tell("read /data/a.txt"), "found: content");
            // The last handle to the host may go there, too.
            drop(reach);
        }))
        .unwrap();
}

#[test]
fn a_directory_that_is_not_there_refuses_the_load() {
    let folder = Folder::new();
    let missing = folder.path().join("missing");
    let load = |path| Reach::load(&settings("", &[("directories", &directory(path, "read"))]));
    let Some(loaded) = load(&missing) else { return };
    let failure = loaded.err().unwrap();
    assert_eq!(failure.kind, FailureKind::BadSettings);
    assert!(failure.reason.contains("missing` cannot be used"), "{failure}");
    let file = folder.put("file", "");
    let failure = load(&file).unwrap().err().unwrap();
    assert!(failure.reason.ends_with("file` is not a directory"), "{failure}");
}
