//! Observers: what they say, what has ended, and what of those that cannot observe.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use wasmeter_model::frame::Frame;
use wasmeter_model::{Attributes, Number, Resource, Timestamp};
use wasmeter_runtime::{Directory, Failure, FailureKind, ObservedSeries, Observers, Runtime, Taken, World};

use crate::guest::Guest;
use crate::observation::{Metric, counter, gauge, observation};
use crate::support::{Folder, refused, runtime, said};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
/// Says that it cannot, with its name as the reason.
const GIVE_UP: &str = "(i32.store8 (i32.const 2048) (i32.const 1)) (i32.store (i32.const 2052) (i32.const 1024)) \
                       (i32.store (i32.const 2056) (i32.const 5)) i32.const 2048";

fn observer(name: &'static str, fields: String) -> Guest {
    Guest { fields, world: "observer", ..Guest::named(name, "1.0.0") }
}

/// One that behaves when it is loaded, and does this from then on.
fn turning(name: &'static str, then: &str) -> Guest {
    let observe =
        format!("(if (global.get $loaded) (then {then})) (global.set $loaded (i32.const 1)) i32.const 2048");
    Guest { observe, ..observer(name, "(global $loaded (mut i32) (i32.const 0))".to_owned()) }
}

fn host() -> Resource {
    Resource { attributes: Attributes::from_iter([("service.name", "host")]), ..Resource::default() }
}

fn series() -> ObservedSeries {
    ObservedSeries::new(host())
}

/// What the observers of a folder say at a time, one after the other, by their names.
fn observe(
    observers: &Observers,
    series: &ObservedSeries,
    now: Timestamp,
) -> Vec<(String, Result<Taken, String>)> {
    let answers = said(observers, now).into_iter().map(|(plugin, answer)| {
        let taken = answer.map(|frame| series.take(&plugin, frame, now)).map_err(|fault| fault.reason);
        (plugin.info().name.to_string(), taken)
    });
    answers.collect()
}

/// What the one observer there is says.
fn observe_one(directory: &Directory, series: &ObservedSeries, now: Timestamp) -> Taken {
    let mut said = observe(&directory.current().observers(), series, now);
    assert_eq!(said.len(), 1);
    said.remove(0).1.unwrap()
}

/// A line for each point: resource, scope, metric, attributes, times and value.
fn rows(frame: &Frame) -> Vec<String> {
    let pairs =
        |set| frame.pairs(set).map(|(key, value)| format!("{key}={value:?}")).collect::<Vec<_>>().join(",");
    let mut rows = Vec::new();
    for metric in frame.metrics() {
        let scope = metric.scope();
        for row in metric.numbers() {
            let value = match row.value {
                Some(Number::Int(int)) => int.to_string(),
                Some(Number::Double(double)) => format!("{double:?}"),
                None => "ended".to_owned(),
            };
            rows.push(format!(
                "{{{}}} {} {}{{{}}} {}..{} {value}",
                pairs(scope.resource().attributes()),
                scope.name(),
                metric.name(),
                pairs(row.point.attributes()),
                row.point.start().0 / 1_000_000_000,
                row.point.time().0 / 1_000_000_000,
            ));
        }
    }
    rows
}

/// A folder with these plugins, looked at once.
fn folder(runtime: &Arc<Runtime>, guests: &[Guest], settings: &str) -> (Folder, Directory) {
    let folder = Folder::new();
    for guest in guests {
        folder.put_guest(&format!("{}.wasm", guest.name), guest);
        folder.put(&format!("{}.toml", guest.name), settings);
    }
    let directory = Directory::new(folder.path(), runtime.clone());
    assert_eq!(directory.rescan().failures, []);
    (folder, directory)
}

fn later(secs: u64) -> Timestamp {
    Timestamp(NOW.0 + secs * 1_000_000_000)
}

#[test]
fn what_is_left_open_is_filled_in() {
    let fields = observation("", &[counter("c", &[("a", 3)]), gauge("g", &[("", -1)])]);
    let (_folder, directory) = folder(&runtime(), &[observer("probe", fields)], "");
    let generation = directory.current();
    assert_eq!(generation.plugins()[0].info().world, World::Observer);
    assert!(generation.views().is_empty() && generation.processors().is_empty());
    let Taken { frame, ended, duplicates } = observe_one(&directory, &series(), NOW);
    let host = r#"{service.name=String("host")} probe"#;
    assert_eq!(
        rows(&frame),
        [format!(r#"{host} c{{k=String("a")}} 0..1800000000 3"#), format!("{host} g{{}} 0..1800000000 -1")]
    );
    assert_eq!((ended, duplicates), (Frame::default(), 0));
}

#[test]
fn the_interval_of_a_delta_begins_with_the_observation_before() {
    let delta = Metric { temporality: 1, ..counter("c", &[("", 3)]) };
    let (_folder, directory) = folder(&runtime(), &[observer("probe", observation("", &[delta]))], "");
    let series = series();
    let times = |taken: &Taken| rows(&taken.frame)[0].split(' ').nth(3).unwrap().to_owned();
    assert_eq!(times(&observe_one(&directory, &series, NOW)), "0..1800000000");
    assert_eq!(times(&observe_one(&directory, &series, later(5))), "1800000000..1800000005");
}

#[test]
fn what_is_not_observed_any_more_has_ended_whatever_the_build() {
    let first = observation("s", &[counter("c", &[("a", 3), ("b", 4)]), gauge("g", &[("", 1)])]);
    let (folder, directory) = folder(&runtime(), &[observer("probe", first)], "");
    let series = series();
    assert_eq!(observe_one(&directory, &series, NOW).ended, Frame::default());
    assert_eq!(observe_one(&directory, &series, later(1)).ended, Frame::default());
    folder.put_guest("probe.wasm", &observer("probe", observation("s", &[counter("C", &[("b", 1)])])));
    assert_eq!(directory.rescan().failures, []);
    let taken = observe_one(&directory, &series, later(2));
    let host = r#"{service.name=String("host")} s"#;
    // To the engine `C` is `c`.
    assert_eq!(rows(&taken.frame), [format!(r#"{host} C{{k=String("b")}} 0..1800000002 1"#)]);
    let mut ended = rows(&taken.ended);
    ended.sort();
    assert_eq!(
        ended,
        [
            format!(r#"{host} c{{k=String("a")}} 0..1800000002 ended"#),
            format!("{host} g{{}} 0..1800000002 ended")
        ]
    );
    assert!(taken.ended.numbers.columns.flags.iter().all(|flags| *flags == 1));
    // Once is enough.
    assert_eq!(observe_one(&directory, &series, later(3)).ended, Frame::default());
    // Nobody observes any more.
    folder.remove("probe.wasm");
    directory.rescan();
    let gone = series.keep_only(&directory.current().observers(), later(4));
    assert_eq!(rows(&gone), [format!(r#"{host} c{{k=String("b")}} 0..1800000004 ended"#)]);
    assert_eq!(series.keep_only(&directory.current().observers(), later(5)), Frame::default());
}

#[test]
fn of_two_that_observe_the_same_series_the_second_is_not_believed() {
    let fields = || observation("s", &[counter("c", &[("a", 3), ("b", 4)])]);
    let other = observation("s", &[counter("c", &[("b", 100), ("d", 5)])]);
    let (_folder, directory) = folder(&runtime(), &[observer("first", fields())], "");
    let (_folder, others) = self::folder(&runtime(), &[observer("second", other)], "");
    let series = series();
    observe_one(&directory, &series, NOW);
    for secs in 0..2 {
        let taken = observe_one(&others, &series, later(secs));
        assert_eq!(taken.duplicates, 1);
        assert!(rows(&taken.frame).len() == 1 && rows(&taken.frame)[0].ends_with(" 5"), "{taken:?}");
        assert_eq!(taken.ended, Frame::default());
    }
    assert_eq!(observe_one(&directory, &series, later(1)).duplicates, 0);
}

#[test]
fn one_that_spins_keeps_nobody_waiting_for_what_the_others_say() {
    let guests =
        [turning("a-spins", "(call $spin)"), observer("b-works", observation("", &[gauge("g", &[("", 1)])]))];
    let runtime = runtime();
    let (_folder, directory) = folder(&runtime, &guests, "");
    let said = observe(&directory.current().observers(), &series(), NOW);
    assert_eq!(said.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["b-works", "a-spins"]);
    assert_eq!(rows(&said[0].1.as_ref().unwrap().frame).len(), 1);
    assert!(said[1].1.as_ref().unwrap_err().contains("`observe_deadline_ms`"), "{said:?}");
    assert_eq!(runtime.counts().get("a-spins", FailureKind::Deadline), 1);
}

#[test]
fn a_collection_goes_on_without_one_that_is_slow_which_is_there_for_the_next() {
    let guests =
        [turning("a-spins", "(call $spin)"), observer("b-works", observation("", &[gauge("g", &[("", 1)])]))];
    let runtime = runtime();
    let (folder, directory) = folder(&runtime, &guests, "observe_deadline_ms = 3000\nobserve_wait_ms = 20");
    // Not as long as this machine may take, but as long as the test may.
    folder.put("b-works.toml", "observe_wait_ms = 60000");
    directory.rescan();
    let observers = directory.current().observers();
    let (sender, ended) = mpsc::channel();
    let collect = |secs| {
        let sender = sender.clone();
        observers.observe(later(secs), move |plugin, answer| {
            sender.send((plugin.info().name.to_string(), answer.is_ok())).unwrap();
        });
        ended.try_iter().collect::<Vec<_>>()
    };
    let works = [("b-works".to_owned(), true)];
    assert_eq!(collect(0), works);
    // It still observes, and is not asked again meanwhile.
    assert_eq!(collect(1), works);
    let late = runtime.totals().into_iter().map(|totals| totals.observations_late).collect::<Vec<_>>();
    assert_eq!(late, [2, 0]);
    assert_eq!(ended.recv_timeout(Duration::from_secs(60)), Ok(("a-spins".to_owned(), false)));
    assert_eq!(runtime.counts().get("a-spins", FailureKind::Deadline), 1);
}

#[test]
fn one_that_cannot_observe_now_is_put_to_work_and_keeps_its_instance() {
    let runtime = runtime();
    let guest = Guest { observe: GIVE_UP.to_owned(), ..observer("given", String::new()) };
    let (_folder, directory) = folder(&runtime, &[guest], "");
    let (observers, series) = (directory.current().observers(), series());
    for secs in 0..5 {
        let said = observe(&observers, &series, later(secs));
        let reason = said[0].1.as_ref().unwrap_err();
        assert!(reason.starts_with("`observe` gave up: given;"), "{reason}");
    }
    assert_eq!(runtime.counts().get("given", FailureKind::Fault), 5);
    assert_eq!(directory.current().plugins()[0].info().state.name(), "active");
}

#[test]
fn a_failed_observation_ends_nothing() {
    let runtime = runtime();
    let fields = observation("s", &[gauge("g", &[("", 1)])]) + "(global $times (mut i32) (i32.const 0))";
    let observe_body = "(global.set $times (i32.add (global.get $times) (i32.const 1))) \
                        (if (i32.eq (global.get $times) (i32.const 3)) (then unreachable)) i32.const 2048";
    let guest = Guest { observe: observe_body.to_owned(), ..observer("fails", fields) };
    let (_folder, directory) = folder(&runtime, &[guest], "");
    let (observers, series) = (directory.current().observers(), series());
    assert!(observe(&observers, &series, NOW)[0].1.is_ok());
    let trapped = observe(&observers, &series, later(1));
    assert!(trapped[0].1.as_ref().unwrap_err().contains("`observe` trapped"), "{trapped:?}");
    assert_eq!(runtime.counts().get("fails", FailureKind::Trap), 1);
    // A fresh instance says the same again.
    assert_eq!(observe(&observers, &series, later(2))[0].1.as_ref().unwrap().ended, Frame::default());
}

#[test]
fn collections_share_an_observation_within_the_interval() {
    let fields = || observation("", &[gauge("g", &[("", 1)])]);
    for (settings, expected) in [("observe_interval_ms = 2000", [1, 0, 1]), ("", [1, 1, 1])] {
        let (_folder, directory) = folder(&runtime(), &[observer("probe", fields())], settings);
        let series = series();
        let said =
            [0, 1, 3].map(|secs| observe(&directory.current().observers(), &series, later(secs)).len());
        assert_eq!(said, expected, "{settings}");
    }
}

#[test]
fn one_that_breaks_the_rules_is_not_put_to_work() {
    let unable = |observe: &str| {
        let guest = Guest { observe: observe.to_owned(), ..observer("bad", String::new()) };
        refused(&runtime(), guest.component()).kind
    };
    assert_eq!(unable("unreachable"), FailureKind::Trap);
    assert_eq!(unable("call $spin unreachable"), FailureKind::Deadline);
    // Text of 64 bytes from beyond the end of memory.
    let lie = "(i32.store (i32.const 2052) (i32.const -8)) (i32.store (i32.const 2056) (i32.const 64)) i32.const 2048";
    assert_eq!(unable(lie), FailureKind::InvalidAnswer);
}

#[test]
fn an_observation_has_a_bounded_number_of_points() {
    let folder = Folder::new();
    let fields = observation("", &[gauge("g", &[("a", 1), ("b", 2), ("c", 3)])]);
    let file = folder.put_guest("many.wasm", &observer("many", fields));
    folder.put("many.toml", "observation_points_max = 2");
    let failure = runtime().load(&file).unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidAnswer);
    assert!(failure.reason.contains("3 points, and `observation_points_max` is 2"), "{failure}");
    folder.put("many.toml", "observation_points_max = 3");
    runtime().load(&file).unwrap();
}

#[test]
fn a_metric_of_an_observation_has_a_name_of_bounded_length() {
    let load = |bytes: usize| {
        let name = "x".repeat(bytes).leak();
        refused_or_loaded(&observer("named", observation("", &[gauge(name, &[("", 1)])])))
    };
    assert_eq!(load(255), None);
    let failure = load(256).unwrap();
    assert_eq!(failure.kind, FailureKind::InvalidAnswer);
    assert!(failure.reason.contains("has 256 bytes, at most 255 are allowed"), "{failure}");
}

fn refused_or_loaded(guest: &Guest) -> Option<Failure> {
    let folder = Folder::new();
    runtime().load(&folder.put_guest("named.wasm", guest)).err()
}

#[test]
fn any_memory_as_an_observation_is_used_or_refused() {
    let (folder, runtime) = (Folder::new(), runtime());
    let load = |answer: &[u8]| runtime.load(&folder.put("any.wasm", Guest::observing(answer))).map(drop);
    assert_eq!(load(&[]), Ok(()));
    // A fault without a reason is one all the same.
    assert_eq!(load(&[1]), Ok(()));
    let mut refused = 0;
    for list in 0..85 {
        let mut answer = vec![0; 688];
        answer[4 + list * 8] = 1;
        answer[8 + list * 8] = 8;
        refused += u32::from(load(&answer).is_err());
    }
    assert_eq!(refused, 85);
}

#[test]
fn a_change_in_the_directory_does_not_wait_for_one_that_observes() {
    let runtime = runtime();
    let (folder, directory) = folder(
        &runtime,
        &[turning("spins", "(call $spin)")],
        "observe_deadline_ms = 10000\nobserve_wait_ms = 0",
    );
    let observers = directory.current().observers();
    let busy = observers.plugins()[0].clone();
    let asked = busy.info().stats.questions;
    observers.observe(NOW, |_, _| {});
    while busy.info().stats.questions == asked {
        std::thread::yield_now();
    }
    folder.put_guest("other.wasm", &observer("other", observation("", &[gauge("g", &[("", 1)])])));
    let scan = directory.rescan();
    assert!(scan.failures.is_empty() && scan.generation.is_some_and(|next| next.plugins().len() == 2));
    assert_eq!(busy.info().generation, 2);
    assert_eq!(runtime.counts().get("spins", FailureKind::Deadline), 0, "it observes still");
}
