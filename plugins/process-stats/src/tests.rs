//! What is said of processes, of a `/proc` of our making and of the real one.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use wasmeter_guest::testing::{ObserverHarness, grant_directory};

use super::ProcessStats;

/// 2027-01-15T08:00:00Z, a thousand seconds after the machine was started.
const NOW: u64 = 1_800_000_000_000_000_000;

fn put(proc: &Path, file: &str, content: &str) {
    let path = proc.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn process(proc: &Path, pid: u32, command: &str, arguments: &str) {
    // Field 10 is the minor faults, 12 the major ones, 14 and 15 user and system time, 20 threads, 22 the start.
    let stat = format!(
        "{pid} ({command}) S 1 1 1 0 -1 4194304 104 7 3 9 250 125 0 0 20 0 4 0 90000 2998272 429 0\n"
    );
    put(proc, &format!("{pid}/stat"), &stat);
    let status = "Name:\tx\nVmSize:\t    2928 kB\nVmRSS:\t    1716 kB\nvoluntary_ctxt_switches:\t12\n\
                  nonvoluntary_ctxt_switches:\t5\n";
    put(proc, &format!("{pid}/status"), status);
    put(proc, &format!("{pid}/cmdline"), arguments);
}

/// A machine with a server, two workers and a thread of the kernel.
fn machine() -> TempDir {
    let proc = tempfile::tempdir().unwrap();
    put(proc.path(), "stat", "cpu  1 2 3\nbtime 1799999000\nprocesses 5\n");
    process(proc.path(), 7, "server", "/usr/bin/server\0--port\080\0");
    put(proc.path(), "7/io", "rchar: 9\nread_bytes: 4096\nwrite_bytes: 8192\n");
    put(proc.path(), "7/fd/0", "");
    put(proc.path(), "7/fd/1", "");
    process(proc.path(), 10, "worker (a)", "worker\0");
    process(proc.path(), 11, "worker)b(", "worker\0");
    process(proc.path(), 12, "kworker/0:1", "");
    put(proc.path(), "12/status", "Name:\tkworker\n");
    put(proc.path(), "13/stat", "13 (torn");
    put(proc.path(), "self/stat", "");
    proc
}

fn rows(config: &str) -> Vec<String> {
    let proc = machine();
    grant_directory("/proc", proc.path());
    ObserverHarness::<ProcessStats>::new(config).rows(NOW)
}

#[test]
fn all_there_is_to_say_of_a_process() {
    let who = "process.executable.name=server,process.pid=7";
    assert_eq!(
        rows(r#"{"commands": ["server"]}"#),
        [
            format!("process.cpu.time [s] cumulative {{cpu.mode=user,{who}}} 2.5"),
            format!("process.cpu.time [s] cumulative {{cpu.mode=system,{who}}} 1.25"),
            format!("process.memory.usage [By] cumulative {{{who}}} 1757184"),
            format!("process.memory.virtual [By] cumulative {{{who}}} 2998272"),
            format!("process.disk.io [By] cumulative {{disk.io.direction=read,{who}}} 4096"),
            format!("process.disk.io [By] cumulative {{disk.io.direction=write,{who}}} 8192"),
            format!("process.thread.count [{{thread}}] cumulative {{{who}}} 4"),
            format!("process.unix.file_descriptor.count [{{file_descriptor}}] cumulative {{{who}}} 2"),
            format!(
                "process.context_switches [{{context_switch}}] cumulative {{process.context_switch.type=voluntary,{who}}} 12"
            ),
            format!(
                "process.context_switches [{{context_switch}}] cumulative {{process.context_switch.type=involuntary,{who}}} 5"
            ),
            format!(
                "process.paging.faults [{{fault}}] cumulative {{{who},system.paging.fault.type=minor}} 104"
            ),
            format!(
                "process.paging.faults [{{fault}}] cumulative {{{who},system.paging.fault.type=major}} 3"
            ),
            format!("process.uptime [s] {{{who}}} 100.0"),
        ]
    );
}

/// The processes of which the time since their start is said.
fn chosen(config: &str) -> Vec<String> {
    let rows = rows(config);
    let uptimes = rows.iter().filter(|row| row.starts_with("process.uptime"));
    uptimes.filter_map(|row| Some(row.split_once("name=")?.1.split_once(',')?.0.to_owned())).collect()
}

#[test]
fn processes_are_chosen_by_name_command_line_or_number() {
    assert_eq!(chosen(r#"{"commands": ["worker*"]}"#), ["worker (a)", "worker)b("]);
    assert_eq!(chosen(r#"{"command_lines": ["*server --port 80"]}"#), ["server"]);
    assert_eq!(chosen(r#"{"pids": [11, 99], "commands": ["server"]}"#), ["server", "worker)b("]);
    assert_eq!(chosen(r#"{"commands": ["*"], "processes_max": 2}"#), ["server", "worker (a)"]);
    assert!(
        wasmeter_guest::testing::take_logs().iter().any(|(_, line)| line.contains("raise `processes_max`"))
    );
}

#[test]
fn a_thread_of_the_kernel_has_no_memory_and_what_is_secret_is_left_out() {
    let rows = rows(r#"{"pids": [12]}"#);
    let names: Vec<_> = rows.iter().filter_map(|row| row.split(' ').next()).collect();
    assert_eq!(
        names,
        [
            "process.cpu.time",
            "process.cpu.time",
            "process.thread.count",
            "process.paging.faults",
            "process.paging.faults",
            "process.uptime"
        ]
    );
}

#[test]
fn a_process_can_be_a_resource() {
    let proc = machine();
    grant_directory("/proc", proc.path());
    let config = r#"{"pids": [7], "as_resource": true, "command_line": true}"#;
    let frame = ObserverHarness::<ProcessStats>::new(config).observe(NOW).unwrap();
    let resource = frame.metrics().next().unwrap().scope().resource().attributes().to_attributes();
    assert_eq!(resource.text("process.command_line"), Some("/usr/bin/server --port 80"));
    assert_eq!((resource.text("process.executable.name"), resource.len()), (Some("server"), 3));
    let rows = wasmeter_guest::testing::rows(&frame);
    assert!(rows.contains(&"process.thread.count [{thread}] cumulative {} 4".to_owned()), "{rows:?}");
}

#[test]
fn totals_count_from_the_start_of_the_process() {
    let proc = machine();
    grant_directory("/proc", proc.path());
    let frame = ObserverHarness::<ProcessStats>::new(r#"{"pids": [7]}"#).observe(NOW).unwrap();
    let start = frame.metrics().next().unwrap().points().next().unwrap().start();
    assert_eq!(start, NOW - 100 * 1_000_000_000);
}

#[test]
fn without_the_grant_it_says_what_to_grant() {
    let empty = tempfile::tempdir().unwrap();
    grant_directory("/proc", empty.path());
    let fault = ObserverHarness::<ProcessStats>::new(r#"{"pids": [7]}"#).observe(NOW).unwrap_err();
    assert!(fault.reason.contains("cannot read `/proc/stat`") && fault.reason.contains("grant"), "{fault:?}");
}

#[test]
fn a_configuration_that_chooses_nothing_is_refused() {
    for (config, wrong) in [
        ("{}", "`commands = [\"*\"]` for all"),
        (r#"{"pids": [1], "proc": "proc"}"#, "expected an absolute path"),
        (r#"{"pids": [-1]}"#, "expected u32"),
        (r#"{"pid": [1]}"#, "unknown field `pid`"),
    ] {
        let problems = ObserverHarness::<ProcessStats>::configure(config).unwrap_err();
        assert!(problems.iter().any(|problem| problem.message.contains(wrong)), "{config}: {problems:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn of_the_real_proc_it_says_something_of_this_very_process() {
    let pid = std::process::id();
    let config = format!(r#"{{"pids": [{pid}]}}"#);
    let now = fs::read_to_string("/proc/uptime").unwrap();
    assert!(!now.is_empty());
    let rows = ObserverHarness::<ProcessStats>::new(&config).rows(NOW * 2);
    for metric in
        ["process.cpu.time", "process.memory.usage", "process.disk.io", "process.unix.file_descriptor.count"]
    {
        assert!(rows.iter().any(|row| row.starts_with(metric)), "no {metric} in {rows:?}");
    }
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
    wasmeter_guest::testing::keep_schema(&schemars::schema_for!(super::config::Config), file);
}
