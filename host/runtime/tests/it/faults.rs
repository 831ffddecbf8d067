//! A plugin that misbehaves in service, between two that do not: one test for each fault says what kind of failure it is, what
//! becomes of the plugin, and that nobody else and no data notices. Views and processors are here, the others by world below.

mod at_load;
mod exporters;
mod observers;

use std::sync::Arc;

use wasmeter_engine::View;
use wasmeter_model::frame::Frame;
use wasmeter_model::{Attributes, Instrument, InstrumentKind};
use wasmeter_runtime::{Directory, FailureKind, Processed, Runtime};

use crate::guest::{Guest, column};
use crate::processors::{ECHO, frame};
use crate::support::{Folder, instrument, runtime};

/// What becomes of a plugin's instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instance {
    /// It answers the next question.
    Kept,
    /// It is gone; the next question is answered by another one.
    Lost,
}

/// Three plugins in service, of which `b` misbehaves when it sees a marker.
struct Scene {
    runtime: Arc<Runtime>,
    directory: Directory,
    _folder: Folder,
}

impl Scene {
    fn new(good: impl Fn(&'static str) -> Guest, bad: Guest) -> Self {
        let settings = match bad.world {
            "processor" => "on_failure = \"bypass\"",
            "exporter" => "export_deadline_ms = 300",
            _ => "",
        };
        Self::with_settings(good, bad, settings)
    }

    /// The same, `b` with these settings.
    fn with_settings(good: impl Fn(&'static str) -> Guest, bad: Guest, settings: &str) -> Self {
        let folder = Folder::new();
        folder.put_guest("a.wasm", &good("a"));
        folder.put_guest("b.wasm", &bad);
        folder.put_guest("c.wasm", &good("c"));
        folder.put("b.toml", settings);
        let runtime = runtime();
        let directory = Directory::new(folder.path(), runtime.clone());
        assert_eq!(directory.rescan().failures, [], "the fault is seen before service");
        Self { runtime, directory, _folder: folder }
    }

    /// The state of `b` says what became of its instance, its failure is counted, and no one else has any.
    #[track_caller]
    fn check(&self, kind: FailureKind, instance: Instance) {
        assert_eq!(self.runtime.counts().get("b", kind), 1);
        assert_eq!(self.runtime.counts().snapshot().len(), 1, "one plugin, one kind");
        let generation = self.directory.current();
        let infos: Vec<_> = generation.plugins().iter().map(|plugin| plugin.info()).collect();
        let [a, b, c] = &infos[..] else { panic!("{} plugins serve", infos.len()) };
        assert_eq!((a.stats.faults, c.stats.faults), (0, 0));
        assert_eq!((a.state.name(), c.state.name()), ("active", "active"));
        assert_eq!((b.stats.faults, b.generation), (1, 1));
        assert_eq!(b.state.name(), if instance == Instance::Kept { "active" } else { "backoff" });
        assert_eq!(b.memory_bytes > 0, instance == Instance::Kept, "memory of an instance that is gone");
    }
}

/// A text for a guest that does something when a condition holds, and else what comes after it.
fn when(condition: &str, fault: &str, otherwise: &str) -> &'static str {
    format!("(if {condition} (then {fault})) {otherwise}").leak()
}

// === Views

/// An ordinary attribute set.
fn set() -> Attributes {
    Attributes::from_iter([("a", 1i64)])
}

/// The set with the marker: three attributes, one of them of 777 bytes.
fn marked() -> Attributes {
    Attributes::from_iter([("a", "x".repeat(777)), ("b", "y".to_owned()), ("c", "z".to_owned())])
}

const IS_MARKED: &str = "(i32.eq (local.get $len) (i32.const 3))";

/// A View that does this when it is asked about the marked set.
fn mapping(fault: &str) -> Guest {
    Guest { map: when(IS_MARKED, fault, Guest::default().map), ..Guest::named("b", "1.0.0") }
}

/// A View whose allocator does this when it is to make room for the text of 777 bytes.
fn allocating(fault: &str) -> Guest {
    Guest {
        realloc: when("(i32.eq (local.get $size) (i32.const 777))", fault, ""),
        ..Guest::named("b", "1.0.0")
    }
}

/// An instrument whose name has six bytes, which no instrument of the probe has.
fn marker() -> Instrument {
    instrument("marker", InstrumentKind::Counter)
}

/// Asks all three about the marked set, or the marked instrument.
#[track_caller]
fn view(bad: Guest, kind: FailureKind, words: &str, instance: Instance) {
    view_asked(bad, |view| view.map_attributes(0, &marked()).map(drop), kind, words, instance);
}

#[track_caller]
fn view_asked(
    bad: Guest,
    ask: impl Fn(&dyn View) -> Result<(), wasmeter_engine::ViewFault>,
    kind: FailureKind,
    words: &str,
    instance: Instance,
) {
    let scene = Scene::new(|name| Guest::named(name, "1.0.0"), bad);
    let generation = scene.directory.current();
    let answers: Vec<_> = generation.views().iter().map(|view| ask(view.as_ref())).collect();
    let [Ok(()), Err(fault), Ok(())] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!(&*fault.view, "b 1.0.0");
    assert!(fault.reason.contains(words), "{fault}");
    scene.check(kind, instance);
    // Whoever failed answers an ordinary question again, and all say what they always said.
    for view in generation.views().iter() {
        assert_eq!(view.map_attributes(0, &set()), Ok(Some(set())));
    }
    assert_eq!(generation.plugins()[1].info().state.name(), "active");
}

#[test]
fn a_view_that_never_answers_about_a_set() {
    view(mapping("call $spin"), FailureKind::Deadline, "`map-attributes` ran longer than", Instance::Lost);
}

#[test]
fn a_view_that_never_answers_about_an_instrument() {
    let is_marker = "(i32.eq (i32.load offset=4 (local.get $instrument)) (i32.const 6))";
    view_asked(
        Guest { streams: when(is_marker, "call $spin", "i32.const 8"), ..Guest::named("b", "1.0.0") },
        |view| view.streams(&marker()).map(drop),
        FailureKind::Deadline,
        "`streams` ran longer than",
        Instance::Lost,
    );
}

#[test]
fn an_allocator_that_never_returns() {
    view(allocating("call $spin"), FailureKind::Deadline, "`map-attributes` ran longer than", Instance::Lost);
}

#[test]
fn an_allocator_that_traps() {
    view(allocating("unreachable"), FailureKind::Trap, "`map-attributes` trapped", Instance::Lost);
}

#[test]
fn an_allocator_that_gives_room_beyond_the_memory() {
    view(
        allocating("(return (i32.const -1024))"),
        FailureKind::InvalidAnswer,
        "realloc return: beyond end of memory",
        Instance::Lost,
    );
}

#[test]
fn an_allocator_that_gives_room_askew() {
    // The list of three attributes, of 24 bytes each.
    let askew = when("(i32.eq (local.get $size) (i32.const 72))", "(return (i32.const 8193))", "");
    view(
        Guest { realloc: askew, ..Guest::named("b", "1.0.0") },
        FailureKind::InvalidAnswer,
        "realloc return: result not aligned",
        Instance::Lost,
    );
}

#[test]
fn a_view_that_traps() {
    view(
        mapping("unreachable"),
        FailureKind::Trap,
        "`map-attributes` trapped: wasm `unreachable`",
        Instance::Lost,
    );
}

#[test]
fn a_view_that_recurses_without_end() {
    view(
        mapping("(drop (call $recurse (i32.const 0)))"),
        FailureKind::Trap,
        "`map-attributes` trapped: call stack exhausted",
        Instance::Lost,
    );
}

#[test]
fn a_view_that_takes_memory_without_end() {
    let all =
        "(loop $more (br_if $more (i32.ne (memory.grow $memory (i32.const 16)) (i32.const -1)))) unreachable";
    view(
        mapping(all),
        FailureKind::Memory,
        "`map-attributes` wanted 65600 KiB of memory and may have 64 MiB",
        Instance::Lost,
    );
}

#[test]
fn a_view_that_returns_a_gigabyte_it_does_not_have() {
    let gigabyte = "(i32.store8 (i32.const 160) (i32.const 1)) (i32.store (i32.const 164) (i32.const 8)) \
                    (i32.store (i32.const 168) (i32.const 0x40000000)) (return (i32.const 160))";
    view(mapping(gigabyte), FailureKind::InvalidAnswer, "`map-attributes` failed", Instance::Lost);
}

#[test]
fn a_view_that_returns_a_million_attributes() {
    // 24 bytes each in the plugin and more in the host, which makes no room for them.
    let million = "(drop (memory.grow $memory (i32.const 400))) \
                   (i32.store8 (i32.const 160) (i32.const 1)) (i32.store (i32.const 164) (i32.const 65536)) \
                   (i32.store (i32.const 168) (i32.const 1000000)) (return (i32.const 160))";
    view(mapping(million), FailureKind::InvalidAnswer, "too much data is being copied", Instance::Lost);
}

/// One attribute at 200, whose key is the byte at 3000.
const ONE: &str = "(i32.store8 (i32.const 160) (i32.const 1)) (i32.store (i32.const 164) (i32.const 200)) \
                   (i32.store (i32.const 168) (i32.const 1)) (i32.store (i32.const 200) (i32.const 3000)) \
                   (i32.store (i32.const 204) (i32.const 1))";

#[test]
fn a_view_that_returns_bytes_for_text() {
    let no_text = format!("{ONE} (i32.store8 (i32.const 3000) (i32.const 255)) (return (i32.const 160))");
    view(mapping(&no_text), FailureKind::InvalidAnswer, "invalid utf-8", Instance::Lost);
}

#[test]
fn a_view_that_returns_a_value_of_no_kind() {
    let no_kind = format!(
        "{ONE} (i32.store8 (i32.const 3000) (i32.const 97)) (i32.store8 (i32.const 208) (i32.const 250)) \
         (return (i32.const 160))"
    );
    view(mapping(&no_kind), FailureKind::InvalidAnswer, "`map-attributes` failed", Instance::Lost);
}

#[test]
fn a_view_that_answers_from_nowhere() {
    let nowhere = "(return (i32.const -4))";
    view(mapping(nowhere), FailureKind::InvalidAnswer, "`map-attributes` failed", Instance::Lost);
}

#[test]
fn a_view_whose_answer_breaks_a_rule() {
    let no_key = format!("{ONE} (i32.store (i32.const 204) (i32.const 0)) (return (i32.const 160))");
    view(mapping(&no_key), FailureKind::InvalidAnswer, "an attribute with an empty key", Instance::Kept);
}

#[test]
fn a_view_that_calls_the_host_without_end() {
    let fields = r#"(import "wasmeter:plugin/host@0.1.0" "log" (func $log (param i32 i32 i32)))"#.to_owned();
    let flood = "(loop $again (call $log (i32.const 2) (i32.const 1024) (i32.const 1)) (br $again))";
    let bad = Guest { fields, ..mapping(flood) };
    let scene = Scene::new(|name| Guest::named(name, "1.0.0"), bad);
    let generation = scene.directory.current();
    let fault = generation.views()[1].map_attributes(0, &marked()).unwrap_err();
    assert!(fault.reason.starts_with("`map-attributes` ran longer than 300ms"), "{fault}");
    scene.check(FailureKind::Deadline, Instance::Lost);
    // Its lines are its own: others may log as if it had not.
    let dropped = |at: usize| generation.plugins()[at].info().stats.log_lines_dropped;
    assert!(dropped(1) > 0);
    assert_eq!((dropped(0), dropped(2)), (0, 0));
}

#[test]
fn a_plugin_under_anothers_name() {
    let claims = Guest { name: "a", version: "1.0.0", ..mapping("unreachable") };
    let scene = Scene::new(|name| Guest::named(name, "1.0.0"), claims);
    let generation = scene.directory.current();
    // Its file tells it apart, wherever a plugin is named to people.
    let names: Vec<_> = generation.views().iter().map(|view| view.name().to_owned()).collect();
    assert_eq!(names, ["a 1.0.0", "a 1.0.0 (b.wasm)", "c 1.0.0"]);
    let fault = generation.views()[1].map_attributes(0, &marked()).unwrap_err();
    assert_eq!(&*fault.view, "a 1.0.0 (b.wasm)");
    // The one it names itself after is none the worse for it.
    let info = generation.plugins()[0].info();
    assert_eq!((info.state.name(), info.stats.faults), ("active", 0));
    assert_eq!(generation.views()[0].map_attributes(0, &marked()), Ok(Some(marked())));
    assert_eq!(generation.plugins()[0].last_failure(), None);
    // And nothing of what is counted is its.
    let counted_as = |at: usize| generation.plugins()[at].info().counted_as;
    assert_eq!([&*counted_as(0), &*counted_as(1)], ["a", "b"]);
    let totals = scene.runtime.totals();
    assert_eq!(totals.iter().map(|totals| &*totals.plugin).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(scene.runtime.counts().get("b", FailureKind::Trap), 1);
}

// === Processors

/// Puts a frame through three processors of which `b` does this to it; it comes out as it went in.
#[track_caller]
fn processor(fault: &str, kind: FailureKind, words: &str, instance: Instance) {
    let good = |name| Guest { process: ECHO, world: "processor", ..Guest::named(name, "1.0.0") };
    // The frame of the probe has more metrics than one.
    let metrics = column("metrics", "name") + 4;
    let is_frame = format!("(i32.eq (i32.load offset={metrics} (local.get $frame)) (i32.const 1))");
    let bad = Guest { process: when(&is_frame, fault, ECHO), ..good("b") };
    let scene = Scene::new(good, bad);
    let process = |frame: Frame| {
        let mut faults = Vec::new();
        let processed = scene.directory.current().processors().process(frame, |fault| faults.push(fault));
        (processed, faults)
    };
    let (processed, faults) = process(frame());
    assert_eq!(processed, Processed::Frame(frame()), "`b` is passed by, `a` and `c` process");
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].processor, "b 1.0.0");
    assert!(faults[0].reason.contains(words), "{}", faults[0].reason);
    scene.check(kind, instance);
    // It is not given up: the next frame is offered to it, too.
    assert_eq!(process(frame()).1.len(), 1);
    assert_eq!(scene.runtime.counts().get("b", kind), 2);
}

/// The same with a lie: the frame is changed where it lies in the plugin's memory, and returned.
#[track_caller]
fn lie(change: &str, words: &str) {
    processor(change, FailureKind::InvalidAnswer, words, Instance::Kept);
}

#[test]
fn a_processor_that_never_answers() {
    processor("call $spin", FailureKind::Deadline, "`process` ran longer than", Instance::Lost);
}

#[test]
fn a_processor_that_traps() {
    processor("unreachable", FailureKind::Trap, "`process` trapped", Instance::Lost);
}

#[test]
fn a_processor_that_recurses_without_end() {
    let recurse = "(drop (call $recurse (i32.const 0)))";
    processor(recurse, FailureKind::Trap, "`process` trapped: call stack exhausted", Instance::Lost);
}

#[test]
fn a_processor_that_takes_memory_without_end() {
    let all =
        "(loop $more (br_if $more (i32.ne (memory.grow $memory (i32.const 16)) (i32.const -1)))) unreachable";
    processor(all, FailureKind::Memory, "of memory and may have 64 MiB", Instance::Lost);
}

/// Says a length of the column of a frame that is another than it has.
fn resized(table: &str, name: &str, len: u32) -> String {
    format!("(i32.store offset={} (local.get $frame) (i32.const {len}))", column(table, name) + 4)
}

/// Makes the first item of a column of numbers this one.
fn first(table: &str, name: &str, value: u32) -> String {
    let at = column(table, name);
    format!("(i32.store (i32.load offset={at} (local.get $frame)) (i32.const {value}))")
}

#[test]
fn a_processor_that_returns_a_gigabyte_it_does_not_have() {
    let text = resized("strings", "text", 1 << 30);
    processor(&text, FailureKind::InvalidAnswer, "`process` failed", Instance::Lost);
}

#[test]
fn a_frame_whose_text_is_none() {
    let at = column("strings", "text");
    let text = format!("(i32.store8 (i32.load offset={at} (local.get $frame)) (i32.const 255))");
    lie(&text, "table `strings`: the text is not UTF-8");
}

#[test]
fn a_frame_with_a_text_that_ends_beyond_all_text() {
    lie(&first("strings", "ends", 0x7fff_ffff), "table `strings`");
}

#[test]
fn a_frame_with_a_key_beyond_all_texts() {
    lie(&first("sets", "keys", 1_000_000), "table `sets`: `keys` of row 0 is 1000000");
}

#[test]
fn a_frame_with_a_metric_of_no_scope() {
    lie(&first("metrics", "scope", 7), "table `metrics`: `scope` of row 0 is 7");
}

#[test]
fn a_frame_with_more_points_than_there_are() {
    lie(&first("metrics", "points", 4_000_000_000), "points");
}

#[test]
fn a_frame_with_a_column_cut_short() {
    lie(&resized("metrics", "description", 0), "table `metrics`: columns of 1 and 0 rows");
}
