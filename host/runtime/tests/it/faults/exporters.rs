//! Exporters that misbehave with a frame, between two that do not.

use wasmeter_runtime::{Accepted, ExportError, FailureKind};

use super::{Instance, Scene, when};
use crate::guest::Guest;
use crate::processors::frame;

const OK: &str = "i32.const 8";

fn well(name: &'static str) -> Guest {
    Guest { world: "exporter", ..Guest::named(name, "1.0.0") }
}

/// An exporter that does this with each frame.
fn exporting(export: &str) -> Guest {
    Guest { exporter: [OK, format!("{export} {OK}").leak(), OK, OK], ..well("b") }
}

/// An exporter whose allocator does this when it is to make room for a part of a frame; its configuration has two bytes.
fn allocating(fault: &str) -> Guest {
    Guest { realloc: when("(i32.gt_u (local.get $size) (i32.const 2))", fault, ""), ..well("b") }
}

/// Each of the three is given a frame: two take it, and `b` is to be given it again.
#[track_caller]
fn exporter(bad: Guest, kind: FailureKind, words: &str, instance: Instance) -> Scene {
    let scene = Scene::new(well, bad);
    let exporters = scene.directory.current().exporters();
    let export = || exporters.iter().map(|exporter| exporter.export(&frame())).collect::<Vec<_>>();
    let answers = export();
    let [Ok(a), Err(ExportError::Retryable { after: None, reason }), Ok(c)] = &answers[..] else {
        panic!("{answers:?}")
    };
    assert!(reason.contains(words), "{reason}");
    assert_eq!((a, c), (&Accepted::default(), &Accepted::default()));
    scene.check(kind, instance);
    // It is not given up: the next frame is offered to it, too.
    assert!(matches!(export()[..], [Ok(_), Err(_), Ok(_)]));
    assert_eq!(scene.runtime.counts().get("b", kind), 2);
    scene
}

#[test]
fn an_exporter_that_never_answers() {
    let settings = "`export` ran longer than";
    exporter(exporting("call $spin"), FailureKind::Deadline, settings, Instance::Lost);
}

#[test]
fn an_exporter_that_traps() {
    exporter(exporting("unreachable"), FailureKind::Trap, "`export` trapped", Instance::Lost);
}

#[test]
fn an_exporter_that_recurses_without_end() {
    let recurse = exporting("(drop (call $recurse (i32.const 0)))");
    exporter(recurse, FailureKind::Trap, "`export` trapped: call stack exhausted", Instance::Lost);
}

#[test]
fn an_exporter_that_takes_memory_without_end() {
    let all =
        "(loop $more (br_if $more (i32.ne (memory.grow $memory (i32.const 16)) (i32.const -1)))) unreachable";
    exporter(exporting(all), FailureKind::Memory, "of memory and may have 64 MiB", Instance::Lost);
}

#[test]
fn an_exporter_that_calls_the_host_without_end() {
    let fields = r#"(import "wasmeter:plugin/host@0.1.0" "log" (func $log (param i32 i32 i32)))"#.to_owned();
    let flood = "(loop $again (call $log (i32.const 2) (i32.const 1024) (i32.const 1)) (br $again))";
    let bad = Guest { fields, ..exporting(flood) };
    let scene = exporter(bad, FailureKind::Deadline, "`export` ran longer than", Instance::Lost);
    let generation = scene.directory.current();
    let dropped: Vec<_> =
        generation.plugins().iter().map(|plugin| plugin.info().stats.log_lines_dropped).collect();
    assert!(dropped[0] == 0 && dropped[1] > 0 && dropped[2] == 0, "{dropped:?}");
}

#[test]
fn an_exporter_whose_allocator_never_returns() {
    let bad = allocating("call $spin");
    exporter(bad, FailureKind::Deadline, "`export` ran longer than", Instance::Lost);
}

#[test]
fn an_exporter_whose_allocator_traps() {
    exporter(allocating("unreachable"), FailureKind::Trap, "`export` trapped", Instance::Lost);
}

#[test]
fn an_exporter_whose_allocator_gives_room_beyond_the_memory() {
    let bad = allocating("(return (i32.const -1024))");
    exporter(bad, FailureKind::InvalidAnswer, "realloc return: beyond end of memory", Instance::Lost);
}

#[test]
fn an_exporter_whose_allocator_gives_room_askew() {
    let askew = "(if (i32.gt_u (local.get $align) (i32.const 1)) (then (return (i32.const 8193))))";
    let bad = allocating(askew);
    exporter(bad, FailureKind::InvalidAnswer, "realloc return: result not aligned", Instance::Lost);
}

/// An answer at 2048 that takes the frame, with a message of this address and length.
fn message(at: u32, len: u32) -> String {
    format!(
        "(i32.store (i32.const 2064) (i32.const {at})) (i32.store (i32.const 2068) (i32.const {len})) \
         (return (i32.const 2048))"
    )
}

#[test]
fn an_exporter_that_returns_a_gigabyte_it_does_not_have() {
    exporter(exporting(&message(8, 1 << 30)), FailureKind::InvalidAnswer, "`export` failed", Instance::Lost);
}

#[test]
fn an_exporter_that_returns_all_it_may_not() {
    // Text it has, more of it than one call may make the host copy.
    let grown = "(drop (memory.grow $memory (i32.const 900)))";
    let export = message(8, 56 << 20);
    let settings = "hostcall_bytes_max = 1048576";
    let scene = Scene::with_settings(well, exporting(&format!("{grown}{export}")), settings);
    let reason = match scene.directory.current().exporters()[1].export(&frame()) {
        Err(ExportError::Retryable { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    assert!(reason.contains("too much data is being copied"), "{reason}");
    scene.check(FailureKind::InvalidAnswer, Instance::Lost);
}

#[test]
fn an_exporter_whose_message_is_no_text() {
    let no_text = format!("(i32.store8 (i32.const 3000) (i32.const 255)) {}", message(3000, 1));
    let bad = exporting(&no_text);
    exporter(bad, FailureKind::InvalidAnswer, "invalid utf-8", Instance::Lost);
}

#[test]
fn an_exporter_that_answers_neither_well_nor_badly() {
    let bad = exporting("(i32.store8 (i32.const 2048) (i32.const 250)) (return (i32.const 2048))");
    exporter(bad, FailureKind::InvalidAnswer, "`export` failed", Instance::Lost);
}

#[test]
fn an_exporter_that_answers_from_nowhere() {
    exporter(
        exporting("(return (i32.const -4))"),
        FailureKind::InvalidAnswer,
        "`export` failed",
        Instance::Lost,
    );
}

#[test]
fn an_exporter_that_refuses_more_than_there_was() {
    let more = "(i64.store (i32.const 2056) (i64.const -1)) (return (i32.const 2048))";
    exporter(
        exporting(more),
        FailureKind::InvalidAnswer,
        "18446744073709551615 rejected points of a frame that has 2",
        Instance::Kept,
    );
}

#[test]
fn an_exporter_that_does_not_come_to_its_end() {
    for (end, name) in [
        ([OK, OK, "call $spin unreachable", OK], "flush"),
        ([OK, OK, OK, "call $spin unreachable"], "shutdown"),
    ] {
        let scene =
            Scene::with_settings(well, Guest { exporter: end, ..well("b") }, "flush_deadline_ms = 150");
        let exporters = scene.directory.current().exporters();
        assert_eq!(exporters[0].close(), Ok(()));
        let failures = exporters[1].close().unwrap_err();
        assert_eq!((failures.len(), failures[0].kind), (1, FailureKind::Deadline));
        assert!(failures[0].reason.contains(&format!("`{name}` ran longer than 150ms")), "{}", failures[0]);
        assert_eq!(exporters[2].close(), Ok(()));
    }
}

#[test]
fn an_exporter_under_anothers_name() {
    let scene = Scene::new(well, Guest { name: "a", ..exporting("unreachable") });
    let exporters = scene.directory.current().exporters();
    let labels: Vec<_> = exporters.iter().map(|exporter| exporter.label().to_owned()).collect();
    // Its file tells it apart, wherever it is named to people.
    assert_eq!(labels, ["a 1.0.0", "a 1.0.0 (b.wasm)", "c 1.0.0"]);
    let answers: Vec<_> = exporters.iter().map(|exporter| exporter.export(&frame()).is_ok()).collect();
    assert_eq!(answers, [true, false, true]);
    let faults: Vec<_> = exporters.iter().map(|exporter| exporter.info().stats.faults).collect();
    assert_eq!(faults, [0, 1, 0]);
    assert_eq!(exporters[0].info().state.name(), "active");
}
