//! `prom-scrape`, of pages that others made: that of Prometheus itself, and one of its official library in OpenMetrics.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use wasmeter_prometheus::{Exemplar, FamilyKind, Sample, parse_openmetrics, parse_page};

use crate::support::{Host, PluginFolder, Receiver, Site, exchange, required};

/// A directory with `prom-scrape`, which scrapes this page.
fn scraping(origin: &str) -> PluginFolder {
    let folder = PluginFolder::with(&["prom-scrape"]);
    let settings = format!(
        "observe_deadline_ms = 60000\nobserve_wait_ms = 60000\n[grants]\nhttp = [\"{origin}\"]\n[config]\nurl = \"{origin}/metrics\"\n\
         timeout_ms = 30000\njob = \"theirs\"\ninstance = \"1\"\n"
    );
    folder.put("00-prom-scrape.toml", settings.as_bytes());
    folder
}

/// The one sample that has this name and at least these labels.
#[track_caller]
fn counterpart<'a>(page: &'a [Sample], sample: &Sample) -> &'a Sample {
    let mut found = page.iter().filter(|other| {
        let has = |(label, value): &(String, String)| other.label(label) == Some(value);
        // A quantile or a bound tells a series from its siblings.
        let is_part = |label| other.label(label) == sample.label(label);
        other.name == sample.name && sample.labels.iter().all(has) && is_part("le") && is_part("quantile")
    });
    match (found.next(), found.next()) {
        (Some(found), None) => found,
        (None, _) => panic!("no `{}` {:?}", sample.name, sample.labels),
        (Some(_), Some(_)) => panic!("several `{}` {:?}", sample.name, sample.labels),
    }
}

/// Equal, a NaN with a NaN, too.
fn is_same(one: f64, other: f64) -> bool {
    one.total_cmp(&other).is_eq() || one == other
}

/// A site that fetches each page from Prometheus, and what it has passed on: no two pages of a running program are alike.
fn passing_on(prometheus: Receiver) -> (Site, Arc<Mutex<Vec<String>>>) {
    let passed = Arc::<Mutex<Vec<String>>>::default();
    let keeps = passed.clone();
    let site = Site::answering(move |asked| {
        let response = prometheus.get(asked.line.trim_start_matches("GET "));
        let (head, body) = response.split_once("\r\n\r\n").expect("a response has a body");
        let kind = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-type:"));
        keeps.lock().expect("nobody panicked").push(body.to_owned());
        (format!("200 OK\r\n{}\r\n", kind.expect("a page says what it is")), body.to_owned())
    });
    (site, passed)
}

#[test]
fn every_series_of_prometheus_own_page_is_there_with_its_value() {
    let Some(prometheus) = Receiver::prometheus() else { return };
    let (site, passed) = passing_on(prometheus);
    let folder = scraping(&site.origin());
    let host = Host::start(Some(folder.path()), &[]);
    let ours: Vec<Sample> = host.page().all().cloned().collect();
    let page = passed.lock().expect("nobody panicked").last().expect("a page was asked for").clone();
    let theirs = parse_page(&page).unwrap_or_else(|error| panic!("{error} in:\n{page}"));
    assert!(theirs.len() > 200, "an idle Prometheus has a few hundred series: {page}");
    for theirs in &theirs {
        let ours = counterpart(&ours, theirs);
        assert_eq!((ours.label("job"), ours.label("instance")), (Some("theirs"), Some("1")));
        assert!(is_same(ours.value, theirs.value), "{ours:?} is not {theirs:?}");
    }
    let (_, _, log) = host.stop();
    assert!(!log.contains("are left out") && !log.contains("cannot scrape"), "{log}");
}

/// A program with a page of Prometheus' Python library; killed with the value.
struct Library {
    child: Child,
    origin: String,
}

impl Library {
    fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/page.py");
        let mut child = Command::new(required("WASMETER_PYTHON"))
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the page starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("the output is piped");
        BufReader::new(output).read_line(&mut line).expect("it says where it is");
        Self { child, origin: line.trim().to_owned() }
    }

    /// The page in OpenMetrics.
    fn page(&self) -> String {
        let address = self.origin.trim_start_matches("http://");
        let request = "GET /metrics HTTP/1.0\r\nhost: page\r\naccept: application/openmetrics-text; version=1.0.0\r\n\r\n";
        let response = exchange(address, request);
        let (head, body) = response.split_once("\r\n\r\n").expect("a response has a body");
        assert!(head.contains("application/openmetrics-text"), "{head}");
        body.to_owned()
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _killed = self.child.kill();
        let _waited = self.child.wait();
    }
}

#[test]
fn openmetrics_of_the_official_library_comes_out_as_it_went_in() {
    let library = Library::start();
    // Our reader has no state sets, as our pages have none.
    let theirs = library.page().replace("stateset", "unknown");
    let theirs = parse_openmetrics(&theirs).unwrap_or_else(|error| panic!("{error} in:\n{theirs}"));
    let folder = scraping(&library.origin);
    let host = Host::start(Some(folder.path()), &[]);
    let response = host.scrape(&["application/openmetrics-text; version=1.0.0"]);
    let (_, ours) = response.split_once("\r\n\r\n").expect("a response has a body");
    let ours = parse_openmetrics(ours).unwrap_or_else(|error| panic!("{error} in:\n{ours}"));
    let mut exemplars = 0;
    for theirs in &theirs {
        let ours = counterpart(&ours, theirs);
        if theirs.name.ends_with("_created") {
            // The library writes it as a double, of which the last digits are noise.
            assert!((ours.value - theirs.value).abs() < 1e-6, "{ours:?} is not {theirs:?}");
        } else {
            assert_eq!(ours.value, theirs.value, "{ours:?}");
        }
        if theirs.name == "shop_state" {
            assert_eq!(ours.kind, FamilyKind::Gauge, "a state set is a sum that may fall");
        } else {
            assert_eq!(ours.kind, theirs.kind, "{ours:?}");
        }
        exemplars += usize::from(theirs.exemplar.is_some());
        assert_eq!(ours.exemplar.as_ref().map(exemplified), theirs.exemplar.as_ref().map(exemplified));
    }
    // Two counters, three states, four buckets, an information, a gauge; counts, sums and starts.
    assert_eq!((theirs.len(), exemplars), (2 + 3 + 4 + 1 + 1 + 2 + 2 + 4, 3));
}

/// The labels in their order by name, the value, and the time in microseconds.
fn exemplified(exemplar: &Exemplar) -> (Vec<(String, String)>, f64, u64) {
    let mut labels = exemplar.labels.clone();
    labels.sort();
    let secs: f64 = exemplar.time.as_deref().and_then(|secs| secs.parse().ok()).expect("a time");
    (labels, exemplar.value, (secs * 1e6).round() as u64)
}
