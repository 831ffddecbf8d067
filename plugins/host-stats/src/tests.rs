//! What is said of a machine of our making, and of the real one.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use wasmeter_guest::testing::{ObserverHarness, grant_directory};

use super::HostStats;

/// A thousand seconds after the machine was started.
const NOW: u64 = 1_800_000_000_000_000_000;

fn put(proc: &Path, file: &str, content: &str) {
    let path = proc.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn put_cpu(proc: &Path, iowait: u64) {
    let stat = format!(
        "cpu  300 20 100 5000 {iowait} 3 4 5 7 0\ncpu0 100 10 50 2500 20 1 2 3 0 0\ncpu1 200 10 50 2500 20 2 2 2 7 0\n\
         intr 5 0 0\nbtime 1799999000\nprocesses 42\n"
    );
    put(proc, "stat", &stat);
}

fn machine() -> TempDir {
    let proc = tempfile::tempdir().unwrap();
    put_cpu(proc.path(), 40);
    put(
        proc.path(),
        "meminfo",
        "MemTotal:       1000 kB\nMemFree:         300 kB\nMemAvailable:    600 kB\nBuffers:          50 kB\n\
         Cached:          200 kB\nSwapCached:        9 kB\nSwapTotal:       100 kB\nSwapFree:         60 kB\n\
         SReclaimable:     50 kB\n",
    );
    put(proc.path(), "vmstat", "nr_free_pages 1\npswpin 3\npswpout 4\npgfault 110\npgmajfault 10\n");
    put(
        proc.path(),
        "diskstats",
        "   7       0 loop0 1 1 1 1 1 1 1 1 1 1 1\n 254       0 vda 10 2 80 500 20 4 160 1500 0 1250 2000 0 0 0 0 1 1\n",
    );
    put(
        proc.path(),
        "net/dev",
        "Inter-|   Receive                                                |  Transmit\n \
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n  \
         eth0: 1000 10 1 2 0 0 0 0 2000 20 3 4 0 0 0 0\n",
    );
    grant_directory("/proc", proc.path());
    proc
}

fn rows(config: &str) -> Vec<String> {
    let _machine = machine();
    ObserverHarness::<HostStats>::new(config).rows(NOW)
}

fn of(group: &str) -> Vec<String> {
    rows(&format!(r#"{{"groups": ["{group}"]}}"#))
}

#[test]
fn processors_are_said_together_or_apart() {
    assert_eq!(
        of("cpu"),
        [
            "system.cpu.time [s] cumulative {cpu.mode=user} 3.0",
            "system.cpu.time [s] cumulative {cpu.mode=nice} 0.2",
            "system.cpu.time [s] cumulative {cpu.mode=system} 1.0",
            "system.cpu.time [s] cumulative {cpu.mode=idle} 50.0",
            "system.cpu.time [s] cumulative {cpu.mode=iowait} 0.4",
            "system.cpu.time [s] cumulative {cpu.mode=interrupt} 0.07",
            "system.cpu.time [s] cumulative {cpu.mode=steal} 0.05",
            "system.cpu.logical.count [{cpu}] cumulative {} 2",
        ]
    );
    let apart = rows(r#"{"groups": ["cpu"], "per_cpu": true}"#);
    assert_eq!(apart.len(), 15);
    assert_eq!(apart[7], "system.cpu.time [s] cumulative {cpu.logical_number=1,cpu.mode=user} 2.0");
}

#[test]
fn a_corrected_total_does_not_fall_and_one_that_begins_anew_does() {
    let machine = machine();
    let harness = ObserverHarness::<HostStats>::new(r#"{"groups": ["cpu"]}"#);
    let mut said = Vec::new();
    for iowait in [400, 390, 410, 100] {
        put_cpu(machine.path(), iowait);
        let rows = harness.rows(NOW);
        said.extend(rows.iter().find_map(|row| Some(row.split_once("iowait} ")?.1.to_owned())));
    }
    assert_eq!(said, ["4.0", "4.0", "4.1", "1.0"]);
}

#[test]
fn the_states_of_the_memory_add_up_to_all_there_is() {
    assert_eq!(
        of("memory"),
        [
            "system.memory.usage [By] cumulative {system.memory.state=used} 409600",
            "system.memory.usage [By] cumulative {system.memory.state=free} 307200",
            "system.memory.usage [By] cumulative {system.memory.state=buffers} 51200",
            "system.memory.usage [By] cumulative {system.memory.state=cached} 256000",
            "system.memory.limit [By] cumulative {} 1024000",
            "system.memory.linux.available [By] cumulative {} 614400",
        ]
    );
}

#[test]
fn paging_disks_and_networks() {
    assert_eq!(
        of("paging"),
        [
            "system.paging.usage [By] cumulative {system.paging.state=used} 40960",
            "system.paging.usage [By] cumulative {system.paging.state=free} 61440",
            "system.paging.faults [{fault}] cumulative {system.paging.fault.type=minor} 100",
            "system.paging.faults [{fault}] cumulative {system.paging.fault.type=major} 10",
            "system.paging.operations [{operation}] cumulative {system.paging.direction=in} 3",
            "system.paging.operations [{operation}] cumulative {system.paging.direction=out} 4",
        ]
    );
    let (read, write) =
        ("{disk.io.direction=read,system.device=vda}", "{disk.io.direction=write,system.device=vda}");
    assert_eq!(
        of("disk"),
        [
            format!("system.disk.io [By] cumulative {read} 40960"),
            format!("system.disk.io [By] cumulative {write} 81920"),
            format!("system.disk.operations [{{operation}}] cumulative {read} 10"),
            format!("system.disk.operations [{{operation}}] cumulative {write} 20"),
            format!("system.disk.merged [{{operation}}] cumulative {read} 2"),
            format!("system.disk.merged [{{operation}}] cumulative {write} 4"),
            format!("system.disk.operation_time [s] cumulative {read} 0.5"),
            format!("system.disk.operation_time [s] cumulative {write} 1.5"),
            "system.disk.io_time [s] cumulative {system.device=vda} 1.25".to_owned(),
        ]
    );
    assert_eq!(
        of("network"),
        [
            "system.network.io [By] cumulative {network.interface.name=eth0,network.io.direction=receive} 1000",
            "system.network.io [By] cumulative {network.interface.name=eth0,network.io.direction=transmit} 2000",
            "system.network.packet.count [{packet}] cumulative {network.io.direction=receive,system.device=eth0} 10",
            "system.network.packet.count [{packet}] cumulative {network.io.direction=transmit,system.device=eth0} 20",
            "system.network.errors [{error}] cumulative {network.interface.name=eth0,network.io.direction=receive} 1",
            "system.network.errors [{error}] cumulative {network.interface.name=eth0,network.io.direction=transmit} 3",
            "system.network.packet.dropped [{packet}] cumulative {network.interface.name=eth0,network.io.direction=receive} 2",
            "system.network.packet.dropped [{packet}] cumulative {network.interface.name=eth0,network.io.direction=transmit} 4",
        ]
    );
}

#[test]
fn the_system_and_what_is_left_out() {
    assert_eq!(
        of("system"),
        ["system.uptime [s] {} 1000.0", "system.process.created [{process}] cumulative {} 42"]
    );
    assert_eq!(rows(r#"{"groups": ["network"], "interfaces_excluded": ["eth*"]}"#), [""; 0]);
    assert_eq!(rows(r#"{"groups": ["disk"], "disks": ["nvme*"]}"#), [""; 0]);
}

#[test]
fn what_is_missing_is_named() {
    let machine = machine();
    fs::remove_file(machine.path().join("diskstats")).unwrap();
    let fault = ObserverHarness::<HostStats>::new("{}").observe(NOW).unwrap_err();
    assert!(
        fault.reason.contains("cannot read `/proc/diskstats`") && fault.reason.contains("`groups`"),
        "{fault:?}"
    );
    let problems = ObserverHarness::<HostStats>::configure(r#"{"groups": ["cpu", "gpu"]}"#).unwrap_err();
    assert_eq!(problems[0].path, "/groups/1");
}

#[test]
#[cfg(target_os = "linux")]
fn the_real_proc_is_read_too() {
    let rows = ObserverHarness::<HostStats>::new(r#"{"disks_excluded": []}"#).rows(NOW * 2);
    for metric in ["system.cpu.time", "system.memory.usage", "system.paging.faults", "system.network.io"] {
        assert!(rows.iter().any(|row| row.starts_with(metric)), "no {metric} in {rows:?}");
    }
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
    wasmeter_guest::testing::keep_schema(&schemars::schema_for!(super::config::Config), file);
}
