//! The OpenMetrics parser of Prometheus' Python client on our pages: written by others, and as strict as they come.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use wasmeter_model::frame::Frame;
use wasmeter_prometheus::{Format, Options, render};

use crate::any_frame::{frame, options};
use crate::snapshots::shops;

/// What the parser says of each page; `None` if `cargo xtask test` has not set up the client.
fn verdicts(pages: &[String]) -> Option<Vec<Option<String>>> {
    let python = std::env::var_os("WASMETER_PYTHON")?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/openmetrics.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the Python of the test clients starts");
    let input = serde_json::to_vec(pages).unwrap();
    child.stdin.take().unwrap().write_all(&input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[expect(clippy::print_stderr, reason = "a check that did not run has to say so")]
fn accepts(pages: &[String]) {
    match verdicts(pages) {
        Some(verdicts) => {
            assert_eq!(verdicts.len(), pages.len());
            for (verdict, page) in verdicts.iter().zip(pages) {
                assert_eq!(*verdict, None, "of the page\n{page}");
            }
        }
        None => eprintln!("SKIPPED: no WASMETER_PYTHON; `cargo xtask test` sets it"),
    }
}

fn openmetrics(frame: &Frame, options: &Options) -> String {
    render(frame, Format::OpenMetrics, options).text
}

#[test]
fn q8_q9_the_python_client_takes_a_page_with_every_kind_of_point() {
    accepts(&[
        openmetrics(&shops(), &Options::default()),
        openmetrics(&Frame::default(), &Options::default()),
    ]);
}

#[test]
fn q8_q9_the_python_client_takes_any_page() {
    let mut runner = TestRunner::new(crate::build::seeded(1));
    let case = (frame(), options());
    let pages: Vec<String> = (0..256)
        .map(|_| {
            let (frame, options) = case.new_tree(&mut runner).unwrap().current();
            openmetrics(&frame, &options)
        })
        .collect();
    accepts(&pages);
}

/// The judge is awake.
#[test]
fn the_python_client_refuses_what_is_no_page() {
    let bad = ["a 1\n", "# TYPE a counter\na 1\na_total NaN\n# EOF\n"].map(str::to_owned);
    if let Some(verdicts) = verdicts(&bad) {
        assert!(verdicts.iter().all(Option::is_some), "{verdicts:?}");
    }
}
