//! Observers, from what there is to observe to the page: of a machine made of files, which the tests change.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::{Host, Page, PluginFolder, eventually};

/// A `/proc` with one process that has used so many hundredths of a second since it was started, so many after the machine.
fn put_process(proc: &Path, user_ticks: u32, start_ticks: u32) {
    let process = proc.join("7");
    fs::create_dir_all(&process).expect("the directory is writable");
    let stat =
        format!("7 (worker) S 1 1 1 0 -1 0 4 0 3 0 {user_ticks} 50 0 0 20 0 4 0 {start_ticks} 0 0 0\n");
    fs::write(process.join("stat"), stat).expect("the directory is writable");
    fs::write(process.join("status"), "VmRSS:\t 4 kB\n").expect("the directory is writable");
}

fn machine() -> TempDir {
    let proc = tempfile::tempdir().expect("a temporary directory");
    put_machine(proc.path());
    put_process(proc.path(), 250, 100);
    proc
}

fn put_machine(proc: &Path) {
    put_machine_with(proc, 300);
}

/// The processor has spent so many hundredths of a second for users.
fn put_machine_with(proc: &Path, user_ticks: u32) {
    let cpu = format!("{user_ticks} 20 100 5000 40 3 4 5 0 0");
    let stat = format!("cpu  {cpu}\ncpu0 {cpu}\nbtime 1700000000\nprocesses 9\n");
    fs::write(proc.join("stat"), stat).expect("the directory is writable");
}

fn settings(proc: &Path, config: &str) -> String {
    format!(
        "observe_wait_ms = 60000\n[grants]\ndirectories = [{{ host = \"{}\", guest = \"/proc\", access = \"read\" }}]\n[config]\n{config}\n",
        proc.display()
    )
}

/// A directory with `process-stats`, which observes this machine.
fn folder(proc: &Path) -> PluginFolder {
    let folder = PluginFolder::with(&["process-stats"]);
    folder.put("00-process-stats.toml", settings(proc, "commands = [\"*\"]").as_bytes());
    folder
}

fn user_secs(page: &Page) -> f64 {
    page.sum("process_cpu_time_seconds_total", &[("cpu_mode", "user"), ("process_executable_name", "worker")])
}

fn swaps(page: &Page) -> f64 {
    page.sum("wasmeter_plugin_swaps_total", &[("outcome", "done")])
}

#[test]
fn totals_go_on_over_builds_and_restarts_and_end_with_what_they_are_of() {
    let proc = machine();
    let mut folder = folder(proc.path());
    let host = Host::start(Some(folder.path()), &[]);
    assert!(host.announced().iter().any(|line| line.contains("process-stats")), "{:?}", host.announced());
    assert_eq!(user_secs(&host.page()), 2.5);
    put_process(proc.path(), 400, 100);
    assert_eq!(user_secs(&host.page()), 4.0);
    // Another build of the same code says the same of the same process, which does not count again.
    folder.rebuild("00-process-stats.wasm", "process-stats");
    eventually("the other build", || (swaps(&host.page()) >= 1.0).then_some(()));
    assert_eq!(user_secs(&host.page()), 4.0);
    // Another process of the same number and name: what it used is new.
    put_process(proc.path(), 100, 9000);
    assert_eq!(user_secs(&host.page()), 5.0);
    fs::remove_dir_all(proc.path().join("7")).expect("it is there");
    // What ends is said a last time.
    assert_eq!(user_secs(&host.page()), 5.0);
    let page = host.page();
    assert_eq!(page.of("process_cpu_time_seconds_total").count(), 0);
    assert_eq!(page.of("process_memory_usage_bytes").count(), 0);
    // And with the plugin, all that it said.
    put_process(proc.path(), 100, 9500);
    assert_eq!(host.page().of("process_thread_count").count(), 1);
    fs::remove_file(folder.path().join("00-process-stats.wasm")).expect("it is there");
    eventually("no plugin", || (host.page().of("process_thread_count").count() == 0).then_some(()));
}

#[test]
fn while_nothing_can_be_observed_what_was_observed_stands() {
    let proc = machine();
    let folder = folder(proc.path());
    let host = Host::start(Some(folder.path()), &[]);
    assert_eq!(user_secs(&host.page()), 2.5);
    fs::remove_file(proc.path().join("stat")).expect("it is there");
    put_process(proc.path(), 400, 100);
    for _ in 0..3 {
        assert_eq!(user_secs(&host.page()), 2.5);
    }
    let faults = [("plugin", "00-process-stats"), ("reason", "fault")];
    assert!(host.page().sum("wasmeter_plugin_failures_total", &faults) >= 3.0);
    put_machine(proc.path());
    assert_eq!(user_secs(&host.page()), 4.0);
    let (_, _, log) = host.stop();
    assert_eq!(log.matches("cannot read `/proc/stat`").count(), 1, "told once: {log}");
    assert!(log.contains("it observes again"), "{log}");
}

#[test]
fn one_that_hangs_does_not_keep_back_what_another_observes() {
    let (hanging, well) = (machine(), machine());
    let folder = PluginFolder::with(&["process-stats", "host-stats"]);
    let patient = settings(hanging.path(), "pids = [7]");
    folder.put("00-process-stats.toml", format!("observe_deadline_ms = 60000\n{patient}").as_bytes());
    folder.put("10-host-stats.toml", settings(well.path(), "groups = [\"system\", \"cpu\"]").as_bytes());
    let host = Host::start(Some(folder.path()), &[]);
    assert_eq!(user_secs(&host.page()), 2.5);
    let impatient = patient.replace("observe_wait_ms = 60000", "observe_wait_ms = 100");
    folder.put("00-process-stats.toml", format!("observe_deadline_ms = 60000\n{impatient}").as_bytes());
    eventually("the other settings", || (swaps(&host.page()) >= 1.0).then_some(()));
    put_process(hanging.path(), 400, 100);
    // Late or not, what it says is on this page or the next one.
    eventually("the observation", || (user_secs(&host.page()) == 4.0).then_some(()));
    // A pipe that nobody writes to.
    let stat = hanging.path().join("7/stat");
    fs::remove_file(&stat).expect("it is there");
    assert!(Command::new("mkfifo").arg(&stat).status().expect("mkfifo runs").success());
    let late =
        |page: &Page| page.sum("wasmeter_plugin_observations_late_total", &[("plugin", "00-process-stats")]);
    let before = late(&host.page());
    put_machine_with(well.path(), 700);
    let page = host.page();
    assert_eq!(page.sum("system_cpu_time_seconds_total", &[("cpu_mode", "user")]), 7.0);
    assert_eq!(user_secs(&page), 4.0);
    let page = host.page();
    assert!(late(&page) > before, "{before}");
    // It has not even failed by then.
    assert_eq!(page.sum("wasmeter_plugin_failures_total", &[("plugin", "00-process-stats")]), 0.0);
}

/// A directory with `prom-scrape`, which scrapes the page of this host.
fn scraping(host: &Host) -> PluginFolder {
    let line =
        host.announced().iter().find_map(|line| line.strip_prefix("Prometheus")).expect("it has a page");
    let url = line.trim();
    let origin = url.strip_suffix("/metrics").expect("the page is at `/metrics`");
    let folder = PluginFolder::with(&["prom-scrape"]);
    let settings = format!(
        "observe_deadline_ms = 10000\nobserve_wait_ms = 10000\n[grants]\nhttp = [\"{origin}\"]\n[config]\nurl = \"{url}\"\ntimeout_ms = 8000\n"
    );
    folder.put("00-prom-scrape.toml", settings.as_bytes());
    folder
}

fn send_visits(host: &Host, visits: u32, time: u32) {
    host.post_json(&format!(
        r#"{{"resourceMetrics":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"shop"}}}}]}},
        "scopeMetrics":[{{"metrics":[{{"name":"shop.visits","sum":{{"aggregationTemporality":1,"isMonotonic":true,
        "dataPoints":[{{"asInt":"{visits}","startTimeUnixNano":"{}","timeUnixNano":"{time}",
        "attributes":[{{"key":"country","value":{{"stringValue":"at"}}}}]}}]}}}}]}}]}}]}}"#,
        time - 1
    ));
}

#[test]
fn the_page_of_another_host_goes_on_over_builds_and_while_it_is_away() {
    let first = Host::start(None, &[]);
    send_visits(&first, 3, 2);
    let mut folder = scraping(&first);
    let second = Host::start(Some(folder.path()), &[]);
    let visits = |page: &Page| page.sum("shop_visits_total", &[("country", "at")]);
    assert_eq!(visits(&second.page()), 3.0);
    send_visits(&first, 4, 4);
    assert_eq!(visits(&second.page()), 7.0);
    folder.rebuild("00-prom-scrape.wasm", "prom-scrape");
    eventually("the other build", || (swaps(&second.page()) >= 1.0).then_some(()));
    assert_eq!(visits(&second.page()), 7.0);
    drop(first);
    assert_eq!(visits(&second.page()), 7.0);
    let (_, _, log) = second.stop();
    assert!(log.contains("cannot scrape"), "{log}");
}
