//! Plugins that fail once they meet real data: what served before serves again, and nothing is lost meanwhile.

use std::fs;

use crate::support::{Host, Page, PluginFolder, eventually, required};

const FILE: &str = "50-hostile.wasm";
const SETTINGS: &str = "50-hostile.toml";

/// A folder with the plugin that misbehaves on request; unasked it removes the attribute `user.id`.
fn folder() -> PluginFolder {
    let folder = PluginFolder::with(&[]);
    let component = fs::read(required("WASMETER_HOSTILE").join("hostile.wasm")).expect("it is built");
    folder.put(FILE, &component);
    folder
}

/// A counter with one point for each of these attribute sets, each of value 1 and of one more user.
fn send(host: &Host, user: u32, keys: &[&str]) {
    send_total(host, user, keys, 1);
}

/// The same with another total, a nanosecond later for each.
fn send_total(host: &Host, user: u32, keys: &[&str], total: u32) {
    let time = total + 1;
    let points: Vec<String> = keys
        .iter()
        .map(|key| {
            format!(
                r#"{{"asInt":"{total}","startTimeUnixNano":"1","timeUnixNano":"{time}","attributes":[
                {{"key":"user.id","value":{{"intValue":"{user}"}}}},{{"key":"{key}","value":{{"boolValue":true}}}}]}}"#
            )
        })
        .collect();
    let body = format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"shop.visits","sum":{{
        "aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{}]}}}}]}}]}}]}}"#,
        points.join(",")
    );
    host.post_json(&body);
}

fn visits(page: &Page) -> f64 {
    page.sum("shop_visits_total", &[])
}

fn refused(page: &Page) -> f64 {
    page.sum("wasmeter_plugin_swaps_total", &[("outcome", "refused")])
}

fn done(page: &Page) -> f64 {
    page.sum("wasmeter_plugin_swaps_total", &[("outcome", "done")])
}

#[test]
fn a_plugin_that_cannot_answer_about_what_there_is_does_not_get_into_service() {
    let folder = folder();
    let host = Host::start(Some(folder.path()), &[]);
    send(&host, 1, &["marker", "plain"]);
    assert_eq!(visits(&host.page()), 2.0);
    folder.put(SETTINGS, b"[config]\nmap = \"panic-on-marker\"\n");
    let page = eventually("the refusal", || Some(host.page()).filter(|page| refused(page) >= 1.0));
    assert_eq!(page.sum("wasmeter_plugin_failures_total", &[("reason", "swap_refused")]), 1.0);
    // The one before answers on: users are removed, so these are the series there were.
    send(&host, 2, &["marker", "plain"]);
    let page = host.page();
    assert_eq!((visits(&page), page.of("shop_visits_total").count()), (4.0, 2));
    let (status, _, log) = host.stop();
    assert!(status.success() && log.contains("hostile"), "{log}");
}

#[test]
fn a_plugin_that_stops_answering_within_its_probation_is_taken_back() {
    let folder = folder();
    let host = Host::start(Some(folder.path()), &[]);
    send(&host, 1, &["plain"]);
    folder.put(SETTINGS, b"[config]\nmap = \"panic-on-marker\"\n");
    eventually("the swap", || Some(host.page()).filter(|page| done(page) >= 1.0));
    // Three panics stop a plugin. The sets it does not answer about are counted as they are.
    for user in 2..6 {
        send(&host, user, &["marker"]);
    }
    assert_eq!(visits(&host.page()), 5.0);
    let page =
        eventually("the return of the one before", || Some(host.page()).filter(|page| refused(page) >= 1.0));
    assert!(page.sum("wasmeter_view_faults_total", &[]) >= 3.0);
    let page = eventually("its answers", || {
        let page = host.page();
        let is_active = page.of("wasmeter_plugin_info").all(|plugin| plugin.label("state") == Some("active"));
        // The series of the sets that went by unmapped have ended.
        (is_active && page.of("shop_visits_total").count() == 1).then_some(page)
    });
    // The series that was there all the time has all it ever had; what is new with a swap counts from then on.
    let plain = page.of("shop_visits_total").find(|series| series.label("plain").is_some());
    assert_eq!(plain.map(|series| series.value), Some(1.0));
    send(&host, 7, &["marker"]);
    let page = host.page();
    let marked = page.of("shop_visits_total").find(|series| series.label("marker").is_some());
    assert_eq!(marked.map(|series| series.value), Some(1.0));
}

#[test]
fn a_view_that_changes_its_answer_is_held_to_the_first_one() {
    let folder = folder();
    folder.put(SETTINGS, b"[config]\nmap = \"alternate\"\n");
    let host = Host::start(Some(folder.path()), &[]);
    // Each answer has an attribute `call` of its own; the series of a set is the one of its first answer.
    let series = |page: &Page| {
        let calls = page.of("shop_visits_total").map(|series| series.label("call").map(str::to_owned));
        let mut calls: Vec<_> = calls.collect();
        calls.sort();
        calls
    };
    send(&host, 1, &["plain", "marker"]);
    let first = series(&host.page());
    assert_eq!(first.len(), 2);
    assert!(first.iter().all(Option::is_some), "{first:?}");
    for total in 2..5 {
        send_total(&host, 1, &["plain", "marker"], total);
    }
    let page = host.page();
    assert_eq!((series(&page), visits(&page)), (first, 8.0));
}
