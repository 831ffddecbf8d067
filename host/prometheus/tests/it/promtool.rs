//! Prometheus' own parser on our pages.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use wasmeter_model::frame::Frame;
use wasmeter_prometheus::{Format, Options, render};

use crate::any_frame::frame;
use crate::snapshots::shops;

/// What `promtool check metrics` says of a page; `None` if it is not installed.
fn check(frame: &Frame) -> Option<(Option<i32>, String)> {
    let command = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match command {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        other => other.unwrap(),
    };
    child
        .stdin
        .take()
        .unwrap()
        .write_all(render(frame, Format::Text, &Options::default()).text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    Some((output.status.code(), said.into_owned()))
}

#[test]
fn promtool_takes_a_page_with_every_kind_of_point() {
    accepts(&shops());
}

proptest! {
    #![proptest_config(crate::build::seeded(32))]

    #[test]
    fn promtool_takes_any_page(frame in frame()) {
        accepts(&frame);
    }
}

#[expect(clippy::print_stderr, reason = "a check that did not run has to say so")]
fn accepts(frame: &Frame) {
    match check(frame) {
        // 3 is about style only, such as metrics without a description.
        Some((code, said)) => assert!(matches!(code, Some(0 | 3)), "promtool ended with {code:?}: {said}"),
        None => eprintln!("SKIPPED: promtool is not installed (Debian package `prometheus`)"),
    }
}
