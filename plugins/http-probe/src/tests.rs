//! What is said of targets that answer, and of those that do not.

use wasmeter_guest::http::{Error, ErrorKind, Response};
use wasmeter_guest::testing::{self, ObserverHarness};

use super::HttpProbe;

const NOW: u64 = 1_800_000_000_000_000_000;
const CONFIG: &str = r#"{"targets": [
    {"url": "http://a/"},
    {"url": "http://b/", "method": "HEAD", "status": ["301", "4xx"]}
]}"#;

/// `a` answers with this status after 30 ms, and `b` not at all.
fn serve(status: u16) {
    testing::set_clock(NOW);
    let mut at = NOW;
    testing::serve_http(move |request| {
        at += 30_000_000;
        testing::set_clock(at);
        match request.url.as_str() {
            "http://a/" => Ok(Response { status, headers: Vec::new(), body: Vec::new() }),
            _ => Err(Error::new(ErrorKind::TimedOut, "late")),
        }
    });
}

const NONE: &str = "bounds=[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0]";

#[test]
fn answers_and_failures_are_counted_with_their_durations() {
    serve(200);
    let probe = ObserverHarness::<HttpProbe>::new(CONFIG);
    let (a, b) = ("http.request.method=GET", "http.request.method=HEAD");
    let counts = "counts=[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]";
    assert_eq!(
        probe.rows(NOW),
        [
            format!("http.probe.up [1] {{{a},url.full=http://a/}} 1"),
            format!("http.probe.up [1] {{{b},url.full=http://b/}} 0"),
            format!(
                "http.probe.duration [s] cumulative {{{a},http.response.status_code=200,url.full=http://a/}} \
                 count=1 sum=Some(0.03) {NONE} {counts}"
            ),
            format!(
                "http.probe.duration [s] cumulative {{error.type=timeout,{b},url.full=http://b/}} \
                 count=1 sum=Some(0.03) {NONE} {counts}"
            ),
        ]
    );
    serve(404);
    let rows = probe.rows(NOW + 1);
    assert!(rows[0].ends_with(" 0") && rows.len() == 5, "{rows:?}");
    assert!(rows[4].contains("error.type=timeout") && rows[4].contains("count=2"), "{rows:?}");
}

#[test]
fn counts_start_with_the_first_probe_that_counts_and_nobody_is_asked_before() {
    testing::serve_http(|_| panic!("nobody is to be asked"));
    let probe = ObserverHarness::<HttpProbe>::new(CONFIG);
    assert_eq!(probe.rows(0), [""; 0]);
    serve(200);
    for now in [NOW, NOW + 5] {
        let frame = probe.observe(now).unwrap();
        let durations = frame.metrics().find(|metric| metric.name() == "http.probe.duration").unwrap();
        assert!(durations.points().all(|point| point.start() == NOW));
    }
}

#[test]
fn a_status_is_a_number_or_a_class() {
    for (status, expected) in [(301, "1"), (404, "1"), (499, "1"), (200, "0"), (500, "0")] {
        testing::serve_http(move |_| Ok(Response { status, headers: Vec::new(), body: Vec::new() }));
        let rows = ObserverHarness::<HttpProbe>::new(CONFIG).rows(NOW);
        assert!(rows[1].ends_with(&format!(" {expected}")), "{status}: {rows:?}");
    }
}

#[test]
fn a_configuration_that_makes_no_sense_is_refused() {
    for (config, wrong) in [
        (r#"{"targets": []}"#, "found no `targets`"),
        (r#"{"targets": [{"url": "a.example"}]}"#, "found the URL `a.example`"),
        (r#"{"targets": [{"url": "http://a/"}, {"url": "http://a/"}]}"#, "found GET of `http://a/` twice"),
        (r#"{"targets": [{"url": "http://a/", "status": ["2x"]}]}"#, "found status `2x`"),
        (r#"{"targets": [{"url": "http://a/", "status": ["700"]}]}"#, "found status `700`"),
        (r#"{"targets": [{"url": "http://a/", "method": "POST"}]}"#, "unknown variant `POST`"),
    ] {
        let problems = ObserverHarness::<HttpProbe>::configure(config).unwrap_err();
        assert!(problems.iter().any(|problem| problem.message.contains(wrong)), "{config}: {problems:?}");
    }
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
    wasmeter_guest::testing::keep_schema(&schemars::schema_for!(super::config::Config), file);
}
