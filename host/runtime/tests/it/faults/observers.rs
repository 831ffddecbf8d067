//! Observers that misbehave when they observe, between two that do not.

use wasmeter_model::frame::Frame;
use wasmeter_model::{Attributes, Resource, Timestamp};
use wasmeter_runtime::{FailureKind, ObservedSeries, Taken};

use super::{Instance, Scene};
use crate::guest::{Guest, column};
use crate::observation::{counter, observation};
use crate::support::said;

/// Where the frame is that an observer returns: behind the tag of the result at 2048.
const FRAME: &str = "(i32.const 2052)";

/// An observer of one counter, named like itself.
fn well(name: &'static str) -> Guest {
    let fields = observation(name, &[counter(name, &[("x", 3)])]);
    Guest { fields, world: "observer", ..Guest::named(name, "1.0.0") }
}

/// One that behaves when it is loaded, and does this at each observation from then on.
fn turning(name: &'static str, fault: &str) -> Guest {
    let Guest { fields, .. } = well("b");
    let observe =
        format!("(if (global.get $loaded) (then {fault})) (global.set $loaded (i32.const 1)) i32.const 2048");
    let fields = format!("{fields} (global $loaded (mut i32) (i32.const 0))");
    Guest { fields, observe, world: "observer", ..Guest::named(name, "1.0.0") }
}

/// What each of the three says, by the name of its file, and why it does not.
fn observe(scene: &Scene, series: &ObservedSeries, secs: u64) -> Vec<(String, Result<Taken, String>)> {
    let now = Timestamp::from_secs(1_800_000_000 + secs);
    let answers = said(&scene.directory.current().observers(), now).into_iter().map(|(plugin, answer)| {
        let file = plugin.file().file_stem().unwrap().to_string_lossy().into_owned();
        (file, answer.map(|frame| series.take(&plugin, frame, now)).map_err(|fault| fault.reason))
    });
    let mut said: Vec<_> = answers.collect();
    assert_eq!(said.len(), 3);
    said.sort_by(|one, other| one.0.cmp(&other.0));
    said
}

fn series() -> ObservedSeries {
    let attributes = Attributes::from_iter([("service.name", "host")]);
    ObservedSeries::new(Resource { attributes, ..Resource::default() })
}

/// All of the one series, of which none has ended.
#[track_caller]
fn is_all(taken: &Result<Taken, String>) {
    let Ok(Taken { frame, ended, duplicates }) = taken else { panic!("{taken:?}") };
    assert_eq!((frame.point_count(), ended, *duplicates), (1, &Frame::default(), 0));
}

/// `b` does this when it observes: what the others say is there as ever, and nothing has ended.
#[track_caller]
fn observer(fault: &str, kind: FailureKind, words: &str, instance: Instance) {
    observer_as(turning("b", fault), kind, words, instance);
}

#[track_caller]
fn observer_as(bad: Guest, kind: FailureKind, words: &str, instance: Instance) -> Scene {
    let scene = Scene::new(well, bad);
    let series = series();
    let said = observe(&scene, &series, 0);
    let [(_, a), (_, Err(reason)), (_, c)] = &said[..] else { panic!("{said:?}") };
    assert!(reason.contains(words), "{reason}");
    is_all(a);
    is_all(c);
    scene.check(kind, instance);
    // The next time all are asked again; what is new behaves.
    for (at, (_, taken)) in observe(&scene, &series, 1).iter().enumerate() {
        match taken {
            Err(reason) => {
                assert!(at == 1 && instance == Instance::Kept && reason.contains(words), "{reason}")
            }
            taken => is_all(taken),
        }
    }
    scene
}

/// The same with a lie about the frame, which leaves the instance as it is.
#[track_caller]
fn lie(change: &str, words: &str) {
    observer(change, FailureKind::InvalidAnswer, words, Instance::Kept);
}

#[test]
fn an_observer_that_never_answers() {
    observer("call $spin", FailureKind::Deadline, "`observe` ran longer than 300ms", Instance::Lost);
}

#[test]
fn an_observer_that_traps() {
    observer("unreachable", FailureKind::Trap, "`observe` trapped: wasm `unreachable`", Instance::Lost);
}

#[test]
fn an_observer_that_recurses_without_end() {
    let recurse = "(drop (call $recurse (i32.const 0)))";
    observer(recurse, FailureKind::Trap, "`observe` trapped: call stack exhausted", Instance::Lost);
}

#[test]
fn an_observer_that_takes_memory_without_end() {
    let all =
        "(loop $more (br_if $more (i32.ne (memory.grow $memory (i32.const 16)) (i32.const -1)))) unreachable";
    observer(all, FailureKind::Memory, "of memory and may have 64 MiB", Instance::Lost);
}

#[test]
fn an_observer_that_calls_the_host_without_end() {
    let Guest { fields, observe, .. } =
        turning("b", "(loop $again (call $log (i32.const 2) (i32.const 1024) (i32.const 1)) (br $again))");
    let import = r#"(import "wasmeter:plugin/host@0.1.0" "log" (func $log (param i32 i32 i32)))"#;
    let bad = Guest { fields: format!("{import} {fields}"), observe, ..turning("b", "") };
    let scene = observer_as(bad, FailureKind::Deadline, "`observe` ran longer than 300ms", Instance::Lost);
    // Its lines are its own: others may log as if it had not.
    let generation = scene.directory.current();
    let dropped: Vec<_> =
        generation.plugins().iter().map(|plugin| plugin.info().stats.log_lines_dropped).collect();
    assert!(dropped[0] == 0 && dropped[1] > 0 && dropped[2] == 0, "{dropped:?}");
}

/// Says a length of the column of the frame that is another than it has.
fn resized(table: &str, name: &str, len: u32) -> String {
    format!("(i32.store offset={} {FRAME} (i32.const {len}))", column(table, name) + 4)
}

/// Makes the first item of a column of numbers this one.
fn first(table: &str, name: &str, value: u32) -> String {
    format!("(i32.store (i32.load offset={} {FRAME}) (i32.const {value}))", column(table, name))
}

#[test]
fn an_observer_that_returns_a_gigabyte_it_does_not_have() {
    let text = resized("strings", "text", 1 << 30);
    observer(&text, FailureKind::InvalidAnswer, "`observe` failed", Instance::Lost);
}

#[test]
fn an_observer_that_returns_more_points_than_it_may() {
    // They are there: the columns of points are as long as all of memory, which is not enough of a lie to trap.
    let grown = "(drop (memory.grow $memory (i32.const 64)))";
    let points: String = ["attributes", "start", "time", "flags", "exemplars", "tags", "bits"]
        .map(|name| resized("numbers", name, 200_000))
        .concat();
    lie(&format!("{grown}{points}"), "it has 200000 points, and `observation_points_max` is 100000");
}

#[test]
fn an_observer_that_answers_from_nowhere() {
    observer("(return (i32.const -4))", FailureKind::InvalidAnswer, "`observe` failed", Instance::Lost);
}

#[test]
fn an_observation_whose_text_is_none() {
    let at = column("strings", "text");
    let no_text = format!("(i32.store8 (i32.load offset={at} {FRAME}) (i32.const 255))");
    lie(&no_text, "table `strings`: the text is not UTF-8");
}

#[test]
fn an_observation_with_a_name_beyond_all_texts() {
    lie(&first("metrics", "name", 1_000_000), "table `metrics`: `name` of row 0 is 1000000");
}

#[test]
fn an_observation_with_more_points_than_there_are() {
    lie(&first("metrics", "points", 4_000_000_000), "points");
}

#[test]
fn an_observation_with_a_column_cut_short() {
    lie(&resized("metrics", "description", 0), "table `metrics`: columns of 1 and 0 rows");
}

#[test]
fn an_observer_under_anothers_name() {
    let scene = Scene::new(well, Guest { name: "a", ..turning("a", "unreachable") });
    let series = series();
    let said = observe(&scene, &series, 0);
    let [(_, a), (_, Err(_)), (_, c)] = &said[..] else { panic!("{said:?}") };
    // What it does not say any more is not what the one whose name it took says: its file tells it apart.
    is_all(a);
    is_all(c);
    let generation = scene.directory.current();
    let faults: Vec<_> = generation
        .plugins()
        .iter()
        .map(|plugin| (plugin.info().name.to_string(), plugin.info().stats.faults))
        .collect();
    assert_eq!(faults, [("a".to_owned(), 0), ("a".to_owned(), 1), ("c".to_owned(), 0)]);
    assert_eq!(generation.plugins()[0].info().state.name(), "active");
    observe(&scene, &series, 1).iter().for_each(|(_, taken)| is_all(taken));
}
