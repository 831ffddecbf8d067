//! Processors: what becomes of frames, and what of processors that cannot process them.

use std::sync::Arc;
use std::time::Duration;

use wasmeter_model::frame::{
    Frame, FrameBuilder, MetricRow, NO_RECORDED_VALUE, NumberRow, PointHeader, PointKind,
};
use wasmeter_model::{Number, Temporality, Timestamp, ValueRef};
use wasmeter_runtime::{
    Directory, FailureKind, OnFailure, Processed, ProcessorFault, RestartPolicy, RuntimeConfig, World,
};

use crate::guest::Guest;
use crate::support::{Folder, quick, refused, runtime, runtime_with};

/// Returns the frame it is given, field by field, as a frame of its own.
pub(crate) const ECHO: &str = "(i32.store8 (i32.const 2048) (i32.const 0)) (i32.store8 (i32.const 2052) (i32.const 1)) \
                    (memory.copy (i32.const 2056) (local.get $frame) (i32.const 680)) i32.const 2048";
/// Drops every frame.
const DROP: &str =
    "(i32.store8 (i32.const 2048) (i32.const 0)) (i32.store8 (i32.const 2052) (i32.const 2)) i32.const 2048";
/// Gives up on every frame but that of the probe, which is the one with five metrics. The reason is the plugin's name.
const GIVE_UP: &str = "(if (i32.eq (i32.load offset=164 (local.get $frame)) (i32.const 5)) (then (return (i32.const 8)))) \
     (i32.store8 (i32.const 2048) (i32.const 1)) (i32.store (i32.const 2052) (i32.const 1024)) \
     (i32.store (i32.const 2056) (i32.const 5)) i32.const 2048";
/// Traps on every frame but that of the probe.
const TRAP: &str = "(if (i32.eq (i32.load offset=164 (local.get $frame)) (i32.const 5)) (then (return (i32.const 8)))) \
                    unreachable";
/// Returns the frame with a column cut short, but for that of the probe.
const LIE: &str = "(if (i32.eq (i32.load offset=164 (local.get $frame)) (i32.const 5)) (then (return (i32.const 8)))) \
     (i32.store8 (i32.const 2048) (i32.const 0)) (i32.store8 (i32.const 2052) (i32.const 1)) \
     (memory.copy (i32.const 2056) (local.get $frame) (i32.const 680)) (i32.store (i32.const 2220) (i32.const 0)) \
     i32.const 2048";

fn processor(name: &'static str, process: &'static str) -> Guest {
    Guest { process, world: "processor", ..Guest::named(name, "1.0.0") }
}

/// A counter with two series.
pub(crate) fn frame() -> Frame {
    let mut frame = FrameBuilder::new();
    let none = frame.set([]);
    frame.resource(none, "", 0);
    frame.scope("tests", "", "", none, 0);
    let row = MetricRow {
        name: "requests",
        description: "",
        unit: "1",
        kind: PointKind::Sum,
        temporality: Some(Temporality::Cumulative),
        monotonic: true,
    };
    frame.metric(row, none);
    for method in ["GET", "PUT"] {
        let attributes = frame.set([("method", ValueRef::String(method))]);
        let header = PointHeader { attributes, start: Timestamp(1), time: Timestamp(2), flags: 0 };
        frame.number(NumberRow { header, value: Some(Number::Int(7)) });
    }
    frame.finish()
}

/// What the processors of a folder make of the frame, and what they say.
fn run(directory: &Directory) -> (Processed, Vec<ProcessorFault>) {
    let mut faults = Vec::new();
    let processed = directory.current().processors().process(frame(), |fault| faults.push(fault));
    (processed, faults)
}

/// A folder with these processors and settings, looked at once.
fn folder(plugins: &[(&'static str, &'static str, &str)]) -> (Folder, Directory) {
    let folder = Folder::new();
    for (name, process, settings) in plugins {
        folder.put_guest(&format!("{name}.wasm"), &processor(name, process));
        folder.put(&format!("{name}.toml"), settings);
    }
    let directory = Directory::new(folder.path(), runtime());
    assert_eq!(directory.rescan().failures, []);
    (folder, directory)
}

#[test]
fn a_frame_that_is_returned_as_it_was_given_is_the_same() {
    let (_folder, directory) = folder(&[("a", ECHO, ""), ("b", "i32.const 8", ""), ("c", ECHO, "")]);
    // More than once: what a call may hand over is bounded for each call, not for all of them.
    for _ in 0..3 {
        assert_eq!(run(&directory), (Processed::Frame(frame()), vec![]));
    }
}

#[test]
fn a_series_that_has_ended_passes_with_its_last_value_and_its_end() {
    let (_folder, directory) = folder(&[("a", ECHO, "")]);
    let mut ended = frame();
    ended.numbers.columns.attributes[1] = ended.numbers.columns.attributes[0];
    ended.numbers.columns.flags[1] = NO_RECORDED_VALUE;
    ended.numbers.tags[1] = 0;
    ended.numbers.bits[1] = 0;
    let mut faults = Vec::new();
    let processed = directory.current().processors().process(ended.clone(), |fault| faults.push(fault));
    assert_eq!((processed, faults), (Processed::Frame(ended), vec![]));
}

#[test]
fn what_one_drops_the_next_does_not_see() {
    let (_folder, directory) = folder(&[("a", DROP, ""), ("b", GIVE_UP, "")]);
    assert_eq!(run(&directory), (Processed::Dropped, vec![]));
}

#[test]
fn a_frame_without_metrics_is_not_asked_about() {
    let (_folder, directory) = folder(&[("a", DROP, "")]);
    let processed = directory.current().processors().process(Frame::default(), |_| {});
    assert_eq!(processed, Processed::Frame(Frame::default()));
}

#[test]
fn the_operator_chooses_what_becomes_of_a_frame_that_cannot_be_processed() {
    for (settings, on_failure, expected) in [
        ("on_failure = \"bypass\"", OnFailure::Bypass, Processed::Frame(frame())),
        ("on_failure = \"drop\"", OnFailure::Drop, Processed::Dropped),
        ("on_failure = \"fail\"", OnFailure::Fail, Processed::Failed(frame())),
        ("", OnFailure::Fail, Processed::Failed(frame())),
    ] {
        let (_folder, directory) = folder(&[("a", ECHO, ""), ("given", GIVE_UP, settings)]);
        let (processed, faults) = run(&directory);
        assert_eq!(processed, expected, "{settings}");
        assert_eq!(faults.len(), 1);
        assert_eq!((faults[0].processor.as_str(), faults[0].on_failure), ("given 1.0.0", on_failure));
        assert!(faults[0].reason.starts_with("`process` gave up: given;"), "{}", faults[0].reason);
    }
}

#[test]
fn on_failure_is_one_of_three_words() {
    let folder = Folder::new();
    let file = folder.put_guest("a.wasm", &processor("a", ECHO));
    for wrong in ["on_failure = \"ignore\"", "on_failure = true"] {
        folder.put("a.toml", wrong);
        let failure = runtime().load(&file).unwrap_err();
        assert_eq!(failure.kind, FailureKind::BadSettings);
        assert!(failure.reason.contains("expected `\"bypass\"`, `\"drop\"` or `\"fail\"`"), "{failure}");
    }
    // A View has nothing to bypass.
    let file = folder.put_guest("b.wasm", &Guest::named("b", "1.0.0"));
    folder.put("b.toml", "on_failure = \"drop\"");
    let failure = runtime().load(&file).unwrap_err();
    assert_eq!(failure.kind, FailureKind::BadSettings);
    assert!(failure.reason.contains("for processors, and this is a view"), "{failure}");
}

#[test]
fn a_fault_keeps_the_instance_and_is_counted() {
    let folder = Folder::new();
    let runtime = runtime();
    folder.put_guest("given.wasm", &processor("given", GIVE_UP));
    let directory = Directory::new(folder.path(), runtime.clone());
    directory.rescan();
    for _ in 0..5 {
        run(&directory);
    }
    assert_eq!(runtime.counts().get("given", FailureKind::Fault), 5);
    assert_eq!(directory.current().plugins()[0].info().state.name(), "active");
}

#[test]
fn a_trap_and_a_frame_that_breaks_the_rules_are_failures_of_their_kinds() {
    for (process, kind, words) in [
        (TRAP, FailureKind::Trap, "`process` trapped"),
        (LIE, FailureKind::InvalidAnswer, "table `metrics`: columns of 0 and 1 rows"),
    ] {
        let folder = Folder::new();
        let runtime = runtime();
        folder.put_guest("bad.wasm", &processor("bad", process));
        let directory = Directory::new(folder.path(), runtime.clone());
        directory.rescan();
        let (processed, faults) = run(&directory);
        assert_eq!(processed, Processed::Failed(frame()));
        assert!(faults[0].reason.contains(words), "{}", faults[0].reason);
        assert_eq!(runtime.counts().get("bad", kind), 1);
    }
}

#[test]
fn one_that_traps_again_and_again_is_not_asked_any_more() {
    let hour = Duration::from_secs(3600);
    let restart = RestartPolicy { backoff: hour, backoff_max: hour, ..RestartPolicy::default() };
    let folder = Folder::new();
    folder.put_guest("bad.wasm", &processor("bad", TRAP));
    let directory = Directory::new(folder.path(), runtime_with(RuntimeConfig { restart, ..quick() }));
    directory.rescan();
    for _ in 0..3 {
        assert!(run(&directory).1[0].reason.contains("`process` trapped"));
    }
    assert_eq!(directory.current().plugins()[0].info().state.name(), "backoff");
    assert!(run(&directory).1[0].reason.contains("waiting to be started again after 3 failures"));
}

#[test]
fn one_that_cannot_process_an_ordinary_frame_is_not_put_to_work() {
    let unable = |process| refused(&runtime(), processor("bad", process).component()).kind;
    assert_eq!(unable("unreachable"), FailureKind::Trap);
    assert_eq!(unable("call $spin unreachable"), FailureKind::Deadline);
    // The frame's text from beyond the end of memory.
    assert_eq!(
        unable(
            "(i32.store8 (i32.const 2048) (i32.const 0)) (i32.store8 (i32.const 2052) (i32.const 1)) \
             (i32.store (i32.const 2056) (i32.const -8)) (i32.store (i32.const 2060) (i32.const 64)) i32.const 2048"
        ),
        FailureKind::InvalidAnswer
    );
}

#[test]
fn worlds_are_told_apart_by_their_exports() {
    let folder = Folder::new();
    folder.put_guest("a.wasm", &Guest::named("a", "1.0.0"));
    folder.put_guest("b.wasm", &processor("b", ECHO));
    let directory = Directory::new(folder.path(), runtime());
    directory.rescan();
    let generation = directory.current();
    let worlds: Vec<_> = generation.plugins().iter().map(|plugin| plugin.info().world).collect();
    assert_eq!(worlds, [World::View, World::Processor]);
    assert_eq!(generation.views().len(), 1);
    // A processor is no View to the engine, and asking it like one is an error and no more.
    let as_view = Arc::clone(&generation.plugins()[1]) as Arc<dyn wasmeter_engine::View>;
    assert!(
        as_view
            .streams(&crate::support::counter())
            .unwrap_err()
            .reason
            .contains("of the world `processor`, not of `view`")
    );
}

#[test]
fn any_memory_as_an_answer_is_used_or_refused() {
    let (folder, runtime) = (Folder::new(), runtime());
    let load = |answer: &[u8]| runtime.load(&folder.put("any.wasm", Guest::processing(answer))).map(drop);
    // Nothing at all is the outcome `unchanged`, and an empty frame is a frame.
    assert_eq!(load(&[]), Ok(()));
    assert_eq!(load(&[0, 0, 0, 0, 1]), Ok(()));
    // Each list of the frame in turn: one item from address 1, where there are zeros.
    let mut refused = 0;
    for list in 0..85 {
        let mut answer = vec![0; 688];
        answer[4] = 1;
        answer[8 + list * 8] = 1;
        answer[12 + list * 8] = 8;
        refused += u32::from(load(&answer).is_err());
    }
    // Eight zero bytes are text, but without an end; no column can stand alone.
    assert_eq!(refused, 85);
}
