//! Exporters of the plugin directory: what they are given, what becomes of what they do not take, and how they come and go.

use std::fs;

use crate::support::{Host, Page, PluginFolder, eventually};

const FILE: &str = "00-hostile-exporter.wasm";
const SETTINGS: &str = "00-hostile-exporter.toml";
const METRIC: &str = "shop.visits";

/// Settings for an export every 100 ms.
fn settings(temporality: &str, answers: &str) -> String {
    format!(
        "interval_ms = 100\ntimeout_ms = 1000\nlog_lines_per_sec = 1000\n[config]\nmetric = \"{METRIC}\"\n\
         temporality = \"{temporality}\"\nanswers = [{answers}]\n"
    )
}

fn folder(settings: &str) -> PluginFolder {
    let folder = PluginFolder::with(&["hostile-exporter"]);
    folder.put(SETTINGS, settings.as_bytes());
    folder
}

/// A delta count of visits.
fn send(host: &Host, count: u32, time: u32) {
    host.post_json(&format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"{METRIC}","sum":{{"aggregationTemporality":1,
        "isMonotonic":true,"dataPoints":[{{"asInt":"{count}","startTimeUnixNano":"{}","timeUnixNano":"{time}"}}]}}}}]}}]}}]}}"#,
        time - 1
    ));
}

/// How many points came to this outcome.
fn points(page: &Page, outcome: &str) -> f64 {
    page.sum("wasmeter_export_points_total", &[("exporter", "00-hostile-exporter"), ("outcome", outcome)])
}

/// Which generation of the directory serves.
fn generation(page: &Page) -> f64 {
    page.sum("wasmeter_plugin_generation", &[])
}

fn until(host: &Host, what: &str, is_so: impl Fn(&Page) -> bool) -> Page {
    eventually(what, || Some(host.page()).filter(&is_so))
}

/// Waits until something that was collected from now on has been exported.
fn until_exported(host: &Host) {
    let before = points(&host.page(), "exported");
    let twice = until(host, "an export", |page| points(page, "exported") > before);
    let between = points(&twice, "exported");
    until(host, "another export", |page| points(page, "exported") > between);
}

/// What exporters told the log about `shop.visits`, in order: the answer, the temporality and the total.
fn told(log: &str) -> Vec<(String, String, i64)> {
    let lines = log.lines().filter_map(|line| {
        let (before, after) = line.split_once(&format!(": {METRIC} "))?;
        let answer = before.rsplit(' ').next()?;
        let (temporality, total) = after.split_once(' ')?;
        let total = total.split(' ').next()?;
        Some((answer.to_owned(), temporality.to_owned(), total.parse().ok()?))
    });
    lines.collect()
}

/// The sum of the deltas that were taken.
fn taken(log: &str) -> i64 {
    let accepted =
        told(log).into_iter().filter(|(answer, temporality, _)| answer == "Accept" && temporality == "delta");
    accepted.map(|(_, _, total)| total).sum()
}

/// How often a line of the log ends so.
fn count_of(log: &str, words: &str) -> usize {
    log.lines().filter(|line| line.contains(words)).count()
}

#[test]
fn each_exporter_is_given_the_temporality_it_prefers() {
    let folder = PluginFolder::with(&["hostile-exporter", "hostile-exporter"]);
    folder.put(SETTINGS, settings("delta", "").as_bytes());
    folder.put("10-hostile-exporter.toml", settings("cumulative", "").as_bytes());
    let host = Host::start(Some(folder.path()), &[]);
    send(&host, 2, 2);
    until_exported(&host);
    send(&host, 3, 4);
    until_exported(&host);
    let (status, _, log) = host.stop();
    assert!(status.success(), "{log}");
    assert_eq!(taken(&log), 5, "{log}");
    let cumulative = told(&log).into_iter().filter(|(_, temporality, _)| temporality == "cumulative");
    let totals: Vec<_> = cumulative.map(|(_, _, total)| total).collect();
    assert!(totals.is_sorted() && totals.contains(&2) && totals.last() == Some(&5), "{totals:?}");
    // The last collection is exported before the flush, and nothing comes after the shutdown.
    assert_eq!((count_of(&log, "flush"), count_of(&log, "shutdown")), (2 + 2, 2), "{log}");
}

#[test]
fn what_is_to_be_tried_again_is_tried_again_and_counted_once() {
    let folder = folder(&settings("delta", r#""busy 10", "busy 20", "accept""#));
    let host = Host::start(Some(folder.path()), &[]);
    send(&host, 7, 2);
    until_exported(&host);
    // So it is with a successor.
    folder.put(SETTINGS, settings("delta", r#""busy 20", "busy 10", "accept""#).as_bytes());
    until(&host, "the other settings", |page| generation(page) == 2.0);
    send(&host, 8, 4);
    until_exported(&host);
    let page = host.page();
    assert_eq!((points(&page, "undelivered"), points(&page, "dropped")), (0.0, 0.0));
    let (_, _, log) = host.stop();
    assert_eq!(taken(&log), 15, "{log}");
}

#[test]
fn what_is_rejected_in_part_or_refused_is_counted_and_the_rest_goes_on() {
    let folder = folder(&settings("delta", r#""reject 2", "refuse", "accept""#));
    let host = Host::start(Some(folder.path()), &[]);
    until(&host, "a partial success", |page| {
        points(page, "rejected") == 2.0 && points(page, "exported") > 0.0
    });
    until(&host, "a refusal", |page| points(page, "refused") > 0.0);
    send(&host, 7, 2);
    until_exported(&host);
    let (_, _, log) = host.stop();
    assert_eq!(taken(&log), 7, "{log}");
    assert!(
        log.contains("receiver: some are not wanted") && log.contains("export failed: refused: never"),
        "{log}"
    );
}

#[test]
fn delta_points_wait_for_a_receiver_and_are_dropped_and_counted_when_their_reader_goes() {
    let busy = settings("delta", r#""busy 60000""#);
    let folder = folder(&busy);
    let host = Host::start(Some(folder.path()), &[]);
    send(&host, 7, 2);
    until(&host, "undelivered points", |page| points(page, "undelivered") > 10.0);
    // A build that takes them gets all of them: the reader is the same.
    folder.put(SETTINGS, settings("delta", "").as_bytes());
    until_exported(&host);
    folder.put(SETTINGS, busy.as_bytes());
    let before = points(&host.page(), "undelivered");
    until(&host, "undelivered points", |page| points(page, "undelivered") > before + 10.0);
    assert_eq!(points(&host.page(), "dropped"), 0.0);
    fs::remove_file(folder.path().join(FILE)).expect("it is there");
    until(&host, "dropped points", |page| points(page, "dropped") > 0.0);
    let (_, _, log) = host.stop();
    assert_eq!(taken(&log), 7, "{log}");
    assert!(log.contains("undelivered points dropped"), "{log}");
}

#[test]
fn a_build_that_is_replaced_is_flushed_and_shut_down_and_no_delta_is_lost() {
    let mut folder = folder(&settings("delta", ""));
    let host = Host::start(Some(folder.path()), &[]);
    let mut sent = 0;
    for build in 1..=5 {
        send(&host, build, 2 * build);
        sent += i64::from(build);
        let before = generation(&host.page());
        folder.rebuild(FILE, "hostile-exporter");
        until(&host, "another build", |page| generation(page) > before);
    }
    until_exported(&host);
    let (_, _, log) = host.stop();
    assert_eq!(taken(&log), sent, "{log}");
    assert_eq!(count_of(&log, "exporter flushed and shut down"), 6, "{log}");
}

#[test]
fn an_exporter_comes_and_goes_while_the_others_go_on() {
    let folder = folder(&settings("delta", ""));
    let host = Host::start(Some(folder.path()), &[]);
    send(&host, 2, 2);
    until_exported(&host);
    // Another one, of the other preference, begins with what comes after it.
    let other = PluginFolder::with(&["hostile-exporter"]);
    let component = fs::read(other.path().join(FILE)).expect("it is there");
    folder.put("10-other.toml", settings("cumulative", "").as_bytes());
    folder.put("10-other.wasm", &component);
    // The generation is there before its readers are.
    let of_other = [("exporter", "10-other"), ("outcome", "exported")];
    until(&host, "the other", |page| page.sum("wasmeter_export_points_total", &of_other) > 0.0);
    send(&host, 3, 4);
    until_exported(&host);
    fs::remove_file(folder.path().join("10-other.wasm")).expect("it is there");
    until(&host, "the end of the other", |page| generation(page) == 3.0);
    send(&host, 4, 6);
    until_exported(&host);
    let (_, _, log) = host.stop();
    assert_eq!(taken(&log), 9, "{log}");
    let cumulative = told(&log).into_iter().filter(|(_, temporality, _)| temporality == "cumulative");
    let totals: Vec<_> = cumulative.map(|(_, _, total)| total).collect();
    assert_eq!(totals.last(), Some(&3), "{log}");
    assert_eq!(count_of(&log, "exporter flushed and shut down"), 2, "{log}");
}

#[test]
fn a_build_that_prefers_something_else_gets_a_reader_of_its_own() {
    let folder = folder(&settings("delta", ""));
    let host = Host::start(Some(folder.path()), &[]);
    send(&host, 2, 2);
    until_exported(&host);
    folder.put(SETTINGS, settings("cumulative", "").as_bytes());
    until(&host, "the other settings", |page| generation(page) == 2.0);
    send(&host, 3, 4);
    until_exported(&host);
    let (_, _, log) = host.stop();
    assert_eq!(taken(&log), 2, "{log}");
    let last = told(&log).pop();
    assert_eq!(last, Some(("Accept".to_owned(), "cumulative".to_owned(), 3)), "{log}");
}

#[test]
fn an_exporter_that_traps_delays_nobody_and_its_delta_points_are_delivered_by_a_fresh_instance() {
    let folder = PluginFolder::with(&["hostile-exporter", "hostile-exporter"]);
    folder.put(SETTINGS, settings("delta", r#""trap""#).as_bytes());
    folder.put("10-hostile-exporter.toml", settings("delta", "").as_bytes());
    let host = Host::start(Some(folder.path()), &[]);
    send(&host, 7, 2);
    let of_other = [("exporter", "10-hostile-exporter"), ("outcome", "exported")];
    until(&host, "an export", |page| page.sum("wasmeter_export_points_total", &of_other) > 0.0);
    let failures = [("plugin", "00-hostile-exporter"), ("reason", "trap")];
    until(&host, "traps", |page| page.sum("wasmeter_plugin_failures_total", &failures) >= 1.0);
    folder.put(SETTINGS, settings("delta", "").as_bytes());
    until(&host, "the other settings", |page| generation(page) == 2.0);
    until_exported(&host);
    let (_, _, log) = host.stop();
    // Once to each: the one that trapped got it in the end.
    assert_eq!(taken(&log), 14, "{log}");
}

#[test]
fn the_program_s_end_waits_for_the_last_export_flush_and_shutdown() {
    // One interval is longer than the test.
    let patient =
        settings("delta", r#""busy 10", "accept""#).replace("interval_ms = 100", "interval_ms = 3600000");
    let folder = folder(&patient);
    let host = Host::start(Some(folder.path()), &[]);
    send(&host, 7, 2);
    let (status, _, log) = host.stop();
    assert!(status.success(), "{log}");
    assert_eq!(taken(&log), 7, "{log}");
    let at = |words: &str| log.find(words).unwrap_or_else(|| panic!("no `{words}` in {log}"));
    assert!(at("Accept: ") < at(" flush"), "{log}");
    assert!(at(" flush") < at(" shutdown"), "{log}");
}
