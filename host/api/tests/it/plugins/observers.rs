//! Observers of the plugin directory: what they say is in every collection.

use std::fs;

use opentelemetry::KeyValue;
use tempfile::TempDir;
use wasmeter_api::model::ValueRef;
use wasmeter_api::model::frame::Frame;
use wasmeter_api::{DiagnosticKind, PeriodicReader};

use super::support::*;
use crate::support::*;

/// A directory with `process-stats`, which observes this machine.
fn folder(proc: &TempDir) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    put(&folder, "process.toml", sees(proc.path(), "commands = [\"*\"]").as_bytes());
    put(&folder, "process.wasm", &component("process-stats"));
    folder
}

/// The rows of what is of interest here.
fn of(name: &str, frame: &Frame) -> Vec<String> {
    let wanted = |row: &String| row.starts_with(name) && !row.contains("cpu.mode=system");
    rows(frame).into_iter().filter(wanted).map(|row| shortened(&row)).collect()
}

/// Without the attributes.
fn shortened(row: &str) -> String {
    let (name, rest) = row.split_once('{').unwrap();
    format!("{name}{}", rest.rsplit_once('}').unwrap().1)
}

#[test]
fn what_they_say_is_in_the_collections_of_every_reader_and_belongs_to_the_provider() {
    let proc = machine(250);
    let folder = folder(&proc);
    let (exporter, exported) = Channel::new(DELTA);
    let setup = setup_with(CUMULATIVE, |builder| {
        let periodic = PeriodicReader::new(exporter, AGES, AGES);
        let shop = KeyValue::new("service.name", "shop");
        let builder = builder.with_resource_attributes([shop]).with_reader(periodic);
        builder.with_plugin_directory(folder.path())
    });
    setup.time.set(10);
    let frame = setup.reader.collect().unwrap();
    assert_eq!(of("process.cpu.time", &frame), ["process.cpu.time sum+ cum 2.5 @2..10"]);
    let metric = frame.metrics().find(|metric| metric.name() == "process.thread.count").unwrap();
    let resource: Vec<_> = frame.pairs(metric.scope().resource().attributes()).collect();
    assert!(resource.contains(&("service.name", ValueRef::String("shop"))), "{resource:?}");
    // The other reader has its own interval of the same total.
    put_process(&proc, 400);
    setup.time.set(20);
    setup.provider.force_flush(AGES).unwrap();
    let exported = exported.recv_timeout(AGES).unwrap();
    let cpu: Vec<_> = exported.iter().filter(|row| row.contains("cpu.mode=user")).collect();
    assert!(cpu[0].ends_with("sum+ delta 4.0 @2..20"), "{cpu:?}");
    setup.time.set(30);
    let frame = setup.reader.collect().unwrap();
    assert_eq!(of("process.cpu.time", &frame), ["process.cpu.time sum+ cum 4.0 @2..30"]);
    assert_eq!(setup.told.take(), []);
}

#[test]
fn their_totals_go_on_over_builds_and_end_with_them_while_every_measurement_counts() {
    let proc = machine(250);
    let folder = folder(&proc);
    let setup = setup_of(&folder);
    let orders = orders(&setup.provider);
    let collect_at = |secs| {
        setup.time.set(secs);
        setup.reader.collect().unwrap()
    };
    orders.add(1, &[]);
    assert_eq!(of("process.cpu.time", &collect_at(10)), ["process.cpu.time sum+ cum 2.5 @2..10"]);
    put(&folder, "process.wasm", &rebuilt("process-stats"));
    await_swaps(&setup.provider, 1);
    orders.add(1, &[]);
    put_process(&proc, 300);
    let frame = collect_at(20);
    assert_eq!(of("process.cpu.time", &frame), ["process.cpu.time sum+ cum 3.0 @2..20"]);
    assert_eq!(of("orders", &frame), ["orders sum+ cum 2 @1..20"]);
    fs::remove_file(folder.path().join("process.wasm")).unwrap();
    await_swaps(&setup.provider, 2);
    orders.add(1, &[]);
    let frame = collect_at(30);
    // What ends is said a last time, and that it has ended.
    assert_eq!(
        of("process.cpu.time", &frame),
        ["process.cpu.time sum+ cum 3.0 @2..30", "process.cpu.time sum+ cum end @2..30"]
    );
    assert_eq!(of("orders", &frame), ["orders sum+ cum 3 @1..30"]);
    assert_eq!(of("process", &collect_at(40)), [""; 0]);
    assert_eq!(setup.provider.counts().plugin_failures, 0);
}

#[test]
fn what_is_not_observed_any_more_ends() {
    let proc = machine(250);
    let folder = folder(&proc);
    let setup = setup_of(&folder);
    let collect_at = |secs| {
        setup.time.set(secs);
        of("process.cpu.time", &setup.reader.collect().unwrap())
    };
    assert_eq!(collect_at(10), ["process.cpu.time sum+ cum 2.5 @2..10"]);
    fs::remove_dir_all(proc.path().join("7")).unwrap();
    assert_eq!(
        collect_at(20),
        ["process.cpu.time sum+ cum 2.5 @2..20", "process.cpu.time sum+ cum end @2..20"]
    );
    assert_eq!(collect_at(30), [""; 0]);
}

#[test]
fn one_that_fails_is_told_once_and_what_others_say_goes_on() {
    let (failing, well) = (machine(250), machine(0));
    let folder = folder(&failing);
    put(&folder, "host.toml", sees(well.path(), "groups = [\"cpu\"]").as_bytes());
    put(&folder, "host.wasm", &component("host-stats"));
    let setup = setup_of(&folder);
    let orders = orders(&setup.provider);
    let expect = |secs, process: &str, user_secs: &str| {
        setup.time.set(secs);
        orders.add(1, &[]);
        let frame = setup.reader.collect().unwrap();
        let cpu = of("process.cpu.time", &frame);
        assert!(cpu[0].contains(process), "{cpu:?}");
        let host = rows(&frame);
        let host: Vec<_> =
            host.iter().filter(|row| row.contains("cpu.mode=user") && row.starts_with("system")).collect();
        assert!(host[0].contains(user_secs), "{host:?}");
        let orders = of("orders", &frame);
        assert!(orders[0].contains(&format!("cum {}", secs / 10)), "{orders:?}");
    };
    expect(10, "cum 2.5", "cum 3.0");
    fs::remove_file(failing.path().join("stat")).unwrap();
    put_process(&failing, 400);
    put(&well, "stat", b"cpu  500 20 100 5000 40 3 4 5 0 0\ncpu0 500 20 100 5000 40 3 4 5 0 0\nbtime 1\n");
    // What it said before stands.
    expect(20, "cum 2.5", "cum 5.0");
    expect(30, "cum 2.5", "cum 5.0");
    let told = setup.told.take();
    let [(DiagnosticKind::Plugin, text)] = &told[..] else { panic!("{told:?}") };
    assert!(
        text.contains("process.wasm: observer `process-stats ") && text.contains("`/proc/stat`"),
        "{text}"
    );
    assert_eq!(setup.provider.counts().plugin_failures, 2);
    put_machine(&failing);
    expect(40, "cum 4.0", "cum 5.0");
    // Another spell is told again.
    fs::remove_file(failing.path().join("stat")).unwrap();
    expect(50, "cum 4.0", "cum 5.0");
    assert_eq!(setup.told.kinds(), [DiagnosticKind::Plugin]);
}

#[test]
fn one_that_hangs_keeps_a_collection_no_longer_than_its_deadline() {
    let (hanging, well) = (machine(250), machine(0));
    let folder = folder(&hanging);
    let settings = format!("observe_deadline_ms = 300\n{}", sees(hanging.path(), "pids = [7]"));
    put(&folder, "process.toml", settings.as_bytes());
    put(&folder, "host.toml", sees(well.path(), "groups = [\"cpu\"]").as_bytes());
    put(&folder, "host.wasm", &component("host-stats"));
    let setup = setup_of(&folder);
    setup.time.set(10);
    let frame = setup.reader.collect().unwrap();
    assert_eq!(of("process.cpu.time", &frame), ["process.cpu.time sum+ cum 2.5 @2..10"]);
    // A pipe that nobody writes to.
    let stat = hanging.path().join("7/stat");
    fs::remove_file(&stat).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&stat).status().unwrap().success());
    orders(&setup.provider).add(1, &[]);
    setup.time.set(20);
    let frame = setup.reader.collect().unwrap();
    assert_eq!(of("process.cpu.time", &frame), ["process.cpu.time sum+ cum 2.5 @2..20"]);
    assert_eq!(of("orders", &frame), ["orders sum+ cum 1 @10..20"]);
    assert!(of("system.cpu.time", &frame).len() > 1, "{:?}", rows(&frame));
    eventually("the failure", || setup.provider.counts().plugin_failures >= 1);
}
