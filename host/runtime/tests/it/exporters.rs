//! Exporters: what they want to be given, what becomes of frames, and how they end.

use std::sync::Arc;
use std::time::Duration;

use wasmeter_model::frame::{Frame, FrameBuilder, MetricRow, NumberRow, PointHeader, PointKind};
use wasmeter_model::{
    Aggregation, InstrumentKind, Number, Temporality, TemporalityPreference, Timestamp, ValueRef,
};
use wasmeter_runtime::{
    Accepted, Directory, ExportError, Exporter, FailureKind, LogSink, Runtime, RuntimeConfig, World,
};

use crate::guest::Guest;
use crate::support::{Folder, Lines, quick, refused, runtime, runtime_with};

const OK: &str = "i32.const 8";
/// Gives up; the reason is the plugin's name of five letters. For `flush` and `shutdown`.
const GIVE_UP: &str = "(i32.store8 (i32.const 2048) (i32.const 1)) (i32.store (i32.const 2052) (i32.const 1024)) \
                       (i32.store (i32.const 2056) (i32.const 5)) i32.const 2048";

fn exporter(exporter: [&'static str; 4]) -> Guest {
    Guest { exporter, world: "exporter", ..Guest::named("given", "1.0.0") }
}

/// An exporter whose calls log a letter each: `e`, `f`, `s`.
fn telling(exporter: [&'static str; 4]) -> Guest {
    let log = r#"(import "wasmeter:plugin/host@0.1.0" "log" (func $log (param i32 i32 i32)))
                 (func $tell (param $letter i32)
                   (i32.store8 (i32.const 3000) (local.get $letter))
                   (call $log (i32.const 2) (i32.const 3000) (i32.const 1)))"#;
    Guest { fields: log.to_owned(), ..self::exporter(exporter) }
}

/// A gauge with this many points.
fn frame(points: u32) -> Frame {
    let mut frame = FrameBuilder::new();
    let none = frame.set([]);
    frame.resource(none, "", 0);
    frame.scope("tests", "", "", none, 0);
    let row = MetricRow {
        name: "depth",
        description: "",
        unit: "1",
        kind: PointKind::Gauge,
        temporality: None,
        monotonic: false,
    };
    frame.metric(row, none);
    for place in 0..points {
        let attributes = frame.set([("place", ValueRef::Int(place.into()))]);
        let header = PointHeader { attributes, start: Timestamp(1), time: Timestamp(2), flags: 0 };
        frame.number(NumberRow { header, value: Some(Number::Int(7)) });
    }
    frame.finish()
}

/// The one exporter of a folder.
fn load_with(runtime: &Arc<Runtime>, guest: &Guest, settings: &str) -> (Folder, Exporter) {
    let folder = Folder::new();
    folder.put_guest("given.wasm", guest);
    folder.put("given.toml", settings);
    let directory = Directory::new(folder.path(), runtime.clone());
    assert_eq!(directory.rescan().failures, []);
    let mut exporters = directory.current().exporters();
    assert_eq!(exporters.len(), 1);
    (folder, exporters.remove(0))
}

fn load(guest: &Guest) -> Exporter {
    load_with(&runtime(), guest, "").1
}

/// Writes bytes at 2048 and returns their address.
macro_rules! bytes {
    ($bytes:literal) => {
        concat!(
            "(memory.init $bytes (i32.const 2048) (i32.const 0) (i32.const ",
            stringify!($bytes),
            ")) i32.const 2048"
        )
    };
}

/// A guest whose `preference` is these bytes.
fn preferring(preference: &[u8]) -> Guest {
    let escaped: String = preference.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let fields = format!("(data $bytes \"{escaped}{}\")", "\\00".repeat(200 - preference.len()));
    Guest { fields, ..exporter([bytes!(200), OK, OK, OK]) }
}

#[test]
fn the_world_is_known_by_its_exports_and_nothing_is_exported_to_try() {
    let exporter = load(&exporter([OK, "unreachable", "unreachable", "unreachable"]));
    let info = exporter.info();
    assert_eq!((info.world, info.state.name(), info.stats.faults), (World::Exporter, "active", 0));
    assert_eq!(exporter.preference().temporality, TemporalityPreference::Cumulative);
}

#[test]
fn a_preference_is_taken_over_and_has_one_form() {
    for (bytes, expected) in [
        (&[1_u8][..], TemporalityPreference::Delta),
        (&[2], TemporalityPreference::LowMemory),
        // By kind: counter, up-down-counter, histogram, observable counter, observable up-down-counter; 0 is delta.
        (&[3, 0, 1, 0, 0, 1], TemporalityPreference::Delta),
        (&[3, 0, 1, 0, 1, 1], TemporalityPreference::LowMemory),
        (&[3, 1, 1, 1, 1, 1], TemporalityPreference::Cumulative),
    ] {
        assert_eq!(load(&preferring(bytes)).preference().temporality, expected, "{bytes:?}");
    }
    let odd = load(&preferring(&[3, 1, 0, 1, 1, 1])).preference().temporality;
    let delta: Vec<_> =
        InstrumentKind::ALL.into_iter().filter(|kind| odd.of(*kind) == Temporality::Delta).collect();
    assert_eq!(delta, [InstrumentKind::UpDownCounter]);
}

/// A list of kinds with exponential histograms of this size and scale: 20 bytes from byte 16 each.
fn exponential(kinds: &[u8], size: u8, scale: i8) -> Vec<u8> {
    let mut preference = vec![0; 16];
    preference[8..12].copy_from_slice(&(2048_u32 + 16).to_le_bytes());
    preference[12] = u8::try_from(kinds.len()).unwrap();
    for kind in kinds {
        // The kind; at 4 the tag of the aggregation, at 8 its largest payload, which is sixteen bytes.
        let mut item = vec![0; 24];
        (item[0], item[4], item[8], item[12], item[13]) = (*kind, 4, size, scale.cast_unsigned(), 1);
        preference.extend(item);
    }
    preference
}

#[test]
fn aggregations_are_checked_and_no_kind_has_two() {
    let preference = load(&preferring(&exponential(&[2, 0], 20, 5))).preference();
    let expected =
        Aggregation::Base2ExponentialBucketHistogram { max_size: 20, max_scale: 5, record_min_max: true };
    assert_eq!(preference.aggregations.len(), 2);
    assert_eq!(preference.aggregations[&InstrumentKind::Histogram], expected);
    for (wrong, words) in [
        (exponential(&[2, 2], 20, 5), "two aggregations of the kind `histogram`"),
        (exponential(&[2], 1, 5), "a maximal size of 1 buckets, 2 to 16384 are allowed"),
        (exponential(&[2], 20, 21), "a maximal scale of 21, -10 to 20 are allowed"),
        (exponential(&[0, 1, 2, 3, 4, 5, 6, 0], 20, 5), "8 aggregations, at most 7 are allowed"),
    ] {
        let mut wrong = wrong;
        wrong.truncate(200);
        let failure = refused(&runtime(), preferring(&wrong).component());
        assert_eq!(failure.kind, FailureKind::InvalidAnswer);
        assert!(failure.reason.contains(words), "{failure}");
    }
}

#[test]
fn a_frame_is_taken_whole_or_in_part_and_words_stay_on_one_line() {
    assert_eq!(load(&exporter([OK; 4])).export(&frame(3)), Ok(Accepted::default()));
    // Two of its points rejected, with two bytes of a message: a line feed and a letter.
    let part = "(i64.store (i32.const 2056) (i64.const 2)) (i32.store (i32.const 2064) (i32.const 2100)) \
                (i32.store (i32.const 2068) (i32.const 2)) (i32.store16 (i32.const 2100) (i32.const 0x610a)) i32.const 2048";
    let in_part = load(&exporter([OK, part, OK, OK]));
    let expected = Accepted { rejected_points: 2, message: " a".to_owned() };
    assert_eq!(in_part.export(&frame(3)), Ok(expected.clone()));
    assert_eq!(in_part.export(&frame(2)), Ok(expected));
    // More than there were.
    let Err(ExportError::Retryable { after: None, reason }) = in_part.export(&frame(1)) else {
        panic!("it was taken")
    };
    assert!(reason.contains("2 rejected points of a frame that has 1"), "{reason}");
    assert_eq!(in_part.info().stats.faults, 1);
    assert_eq!(in_part.info().state.name(), "active");
}

#[test]
fn a_frame_without_points_is_not_exported() {
    let trapping = load(&exporter([OK, "unreachable", OK, OK]));
    assert_eq!(trapping.export(&Frame::default()), Ok(Accepted::default()));
    assert_eq!(trapping.export(&frame(0)), Ok(Accepted::default()));
}

#[test]
fn what_can_be_tried_again_says_when_and_what_cannot_says_so() {
    // err(retryable { after-ms: some(1500), reason: "given" })
    let busy = "(i32.store8 (i32.const 2048) (i32.const 1)) (i32.store8 (i32.const 2064) (i32.const 1)) \
                (i64.store (i32.const 2072) (i64.const 1500)) (i32.store (i32.const 2080) (i32.const 1024)) \
                (i32.store (i32.const 2084) (i32.const 5)) i32.const 2048";
    let reason = "given".to_owned();
    let busy = load(&exporter([OK, busy, OK, OK]));
    let after = Some(Duration::from_millis(1500));
    assert_eq!(busy.export(&frame(1)), Err(ExportError::Retryable { after, reason: reason.clone() }));
    // err(permanent({ reason: "given" }))
    let refusing = "(i32.store8 (i32.const 2048) (i32.const 1)) (i32.store8 (i32.const 2056) (i32.const 1)) \
                    (i32.store (i32.const 2064) (i32.const 1024)) (i32.store (i32.const 2068) (i32.const 5)) i32.const 2048";
    let refusing = load(&exporter([OK, refusing, OK, OK]));
    assert_eq!(refusing.export(&frame(1)), Err(ExportError::Permanent { reason }));
    // Neither is the plugin's fault.
    assert_eq!((busy.info().stats.faults, refusing.info().stats.faults), (0, 0));
}

#[test]
fn a_trap_and_a_late_answer_are_retryable_and_counted_and_a_new_instance_continues() {
    for (export, kind, words) in [
        ("unreachable", FailureKind::Trap, "`export` trapped"),
        ("call $spin unreachable", FailureKind::Deadline, "`export` ran longer than 150ms"),
    ] {
        let runtime = runtime();
        let (_folder, exporter) =
            load_with(&runtime, &exporter([OK, export, OK, OK]), "export_deadline_ms = 150");
        for _ in 0..2 {
            let Err(ExportError::Retryable { reason, .. }) = exporter.export(&frame(1)) else {
                panic!("it was taken")
            };
            assert!(reason.contains(words), "{reason}");
        }
        assert_eq!(runtime.counts().get("given", kind), 2);
    }
}

/// A runtime that keeps what plugins log.
fn listening() -> (Arc<Runtime>, Arc<Lines>) {
    let lines = Arc::new(Lines::default());
    let log: Arc<dyn LogSink> = lines.clone();
    (runtime_with(RuntimeConfig { log, ..quick() }), lines)
}

const TELLS: [&str; 4] = [
    OK,
    "(call $tell (i32.const 101)) i32.const 8",
    "(call $tell (i32.const 102)) i32.const 8",
    "(call $tell (i32.const 115)) i32.const 8",
];

fn told(lines: &Lines) -> String {
    lines.all().into_iter().map(|(_, _, line)| line).collect()
}

#[test]
fn the_end_is_one_flush_and_then_one_shutdown_and_a_plugin_that_returns_starts_anew() {
    let (runtime, lines) = listening();
    let (_folder, exporter) = load_with(&runtime, &telling(TELLS), "");
    assert_eq!(exporter.export(&frame(1)), Ok(Accepted::default()));
    assert_eq!(exporter.close(), Ok(()));
    assert_eq!(exporter.close(), Ok(()));
    assert_eq!(told(&lines), "efs");
    assert_eq!(exporter.export(&frame(1)), Ok(Accepted::default()));
    assert_eq!(exporter.close(), Ok(()));
    assert_eq!(told(&lines), "efsefs");
}

#[test]
fn what_cannot_be_flushed_is_told_and_what_traps_there_is_not_entered_again() {
    let (runtime, lines) = listening();
    let [preference, export, _, shutdown] = TELLS;
    let (_folder, exporter) = load_with(&runtime, &telling([preference, export, GIVE_UP, shutdown]), "");
    let failures = exporter.close().unwrap_err();
    assert_eq!(failures.len(), 1);
    assert_eq!((failures[0].kind, told(&lines).as_str()), (FailureKind::Fault, "s"));
    assert!(failures[0].reason.contains("`flush` gave up: given"), "{}", failures[0]);
    for (flush, kind) in
        [("unreachable", FailureKind::Trap), ("call $spin unreachable", FailureKind::Deadline)]
    {
        let guest = telling([preference, export, flush, shutdown]);
        let (_folder, exporter) = load_with(&runtime, &guest, "flush_deadline_ms = 150");
        let failures = exporter.close().unwrap_err();
        assert_eq!((failures.len(), failures[0].kind), (1, kind));
        assert_eq!(told(&lines), "s", "no further shutdown");
        assert_eq!(runtime.counts().get("given", kind), 1);
    }
}

#[test]
fn the_operator_says_when_and_only_of_exporters() {
    let (_folder, exporter) =
        load_with(&runtime(), &exporter([OK; 4]), "interval_ms = 500\ntimeout_ms = 250");
    let schedule = exporter.schedule();
    assert_eq!((schedule.interval.as_millis(), schedule.timeout.as_millis()), (500, 250));
    let (_folder, exporter) = load_with(&runtime(), &self::exporter([OK; 4]), "");
    assert_eq!((exporter.schedule().interval.as_secs(), exporter.schedule().timeout.as_secs()), (60, 30));
    let folder = Folder::new();
    let file = folder.put_guest("view.wasm", &Guest::named("view", "1.0.0"));
    folder.put("view.toml", "interval_ms = 500");
    let failure = runtime().load(&file).unwrap_err();
    assert_eq!(failure.kind, FailureKind::BadSettings);
    assert!(failure.reason.contains("for exporters, and this is a view"), "{failure}");
    for wrong in ["interval_ms = 99", "timeout_ms = '1 s'", "interval_ms = 86_400_001"] {
        folder.put("view.toml", wrong);
        let failure = runtime().load(&file).unwrap_err();
        assert!(failure.reason.contains("expected a whole number from 100 to"), "{failure}");
    }
}
