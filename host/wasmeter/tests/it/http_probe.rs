//! `http-probe`, against sites that answer, refuse, redirect, and are none of its business.

use tokio::net::TcpSocket;

use crate::support::{Host, Page, PluginFolder, Site};

/// `http_probe_up` of a URL, if it is there.
fn up(page: &Page, url: &str) -> Option<f64> {
    page.of("http_probe_up_ratio").find(|sample| sample.label("url_full") == Some(url)).map(|up| up.value)
}

/// How many probes of a URL there were with this outcome.
fn probes(page: &Page, url: &str, outcome: (&str, &str)) -> f64 {
    page.sum("http_probe_duration_seconds_count", &[("url_full", url), outcome])
}

#[test]
fn what_answers_what_refuses_and_what_is_not_granted() {
    let elsewhere = Site::answering(|_| ("200 OK\r\n".to_owned(), "never to be asked".to_owned()));
    let target = format!("{}/secret", elsewhere.origin());
    let location = format!("302 Found\r\nlocation: {target}\r\n");
    let site = Site::answering(move |asked| match asked.line.as_str() {
        "GET /health" => ("200 OK\r\n".to_owned(), "fine".to_owned()),
        "GET /moved" => (location.clone(), String::new()),
        _ => ("404 Not Found\r\n".to_owned(), String::new()),
    });
    // A port nobody listens at, and which nobody else is given meanwhile.
    let silent = TcpSocket::new_v4().unwrap();
    silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let refusing = format!("http://{}", silent.local_addr().unwrap());
    let origin = site.origin();
    let [health, gone, moved, refused] = [
        format!("{origin}/health"),
        format!("{origin}/gone"),
        format!("{origin}/moved"),
        format!("{refusing}/health"),
    ];
    let targets: String = [&health, &gone, &moved, &refused, &target]
        .map(|url| format!("[[config.targets]]\nurl = \"{url}\"\n"))
        .concat();
    let folder = PluginFolder::with(&["http-probe"]);
    folder.put(
        "00-http-probe.toml",
        format!(
            "observe_deadline_ms = 60000\nobserve_wait_ms = 60000\n[grants]\nhttp = [\"{origin}\", \"{refusing}\"]\nclocks = true\n\
             [config]\ntimeout_ms = 10000\n{targets}"
        )
        .as_bytes(),
    );
    let host = Host::start(Some(folder.path()), &[]);
    for scrapes in 1..=2 {
        let page = host.page();
        let expected = [(&health, 1.0), (&gone, 0.0), (&moved, 0.0), (&refused, 0.0), (&target, 0.0)];
        for (url, expected) in expected {
            assert_eq!(up(&page, url), Some(expected), "{url}");
        }
        for (url, outcome) in [
            (&health, ("http_response_status_code", "200")),
            (&gone, ("http_response_status_code", "404")),
            // An answer like any other; nobody goes where it leads.
            (&moved, ("http_response_status_code", "302")),
            (&refused, ("error_type", "not_connected")),
            (&target, ("error_type", "not_granted")),
        ] {
            assert_eq!(probes(&page, url, outcome), f64::from(scrapes), "{url} {outcome:?}");
        }
        // Each took some time, and not the time of the one before it.
        let secs = page.sum("http_probe_duration_seconds_sum", &[("url_full", &health)]);
        assert!(secs > 0.0 && secs < 60.0, "{secs} s");
    }
    assert_eq!(elsewhere.asked(), []);
}
