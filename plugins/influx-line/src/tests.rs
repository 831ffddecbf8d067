//! The requests, and what comes of them.

use std::cell::RefCell;
use std::rc::Rc;

use wasmeter_guest::http::{Request, Response};
use wasmeter_guest::testing::{ExporterHarness, serve_http, sum_of};
use wasmeter_guest::{Accepted, ExportError, TemporalityPreference};

use crate::{InfluxLine, requests};

/// Answers with this status, and keeps what was sent.
fn answering(status: u16) -> Rc<RefCell<Vec<Request>>> {
    let sent = Rc::<RefCell<Vec<Request>>>::default();
    let keeps = sent.clone();
    serve_http(move |request| {
        keeps.borrow_mut().push(request.clone());
        Ok(Response { status, headers: Vec::new(), body: b"because".to_vec() })
    });
    sent
}

#[test]
fn lines_are_posted_with_the_headers_of_the_configuration() {
    let sent = answering(204);
    let mut exporter = ExporterHarness::<InfluxLine>::new(
        r#"{"url": "http://127.0.0.1:8086/write?db=m", "headers": {"authorization": "Token t"}, "temporality": "delta",
            "request_bytes_max": 1}"#,
    );
    assert_eq!(exporter.preference().temporality, TemporalityPreference::Delta);
    let frame = sum_of("visits", [([("page", "/")], 7), ([("page", "/a")], 8)]);
    assert_eq!(exporter.export(frame), Ok(Accepted::all()));
    let sent = sent.borrow();
    let bodies: Vec<_> =
        sent.iter().map(|request| String::from_utf8_lossy(&request.body).into_owned()).collect();
    assert_eq!(bodies, ["visits,page=/ value=7 2\n", "visits,page=/a value=8 2\n"]);
    assert!(sent[0].headers.contains(&("authorization".to_owned(), "Token t".to_owned())));
}

#[test]
fn what_the_database_refuses_is_an_error() {
    let mut exporter = ExporterHarness::<InfluxLine>::new(r#"{"url": "http://127.0.0.1:8086/write?db=m"}"#);
    let frame = || sum_of("visits", [([("page", "/")], 7)]);
    answering(400);
    assert!(
        matches!(exporter.export(frame()), Err(ExportError::Permanent { reason }) if reason.ends_with("because"))
    );
    answering(503);
    assert!(matches!(exporter.export(frame()), Err(ExportError::Retryable { .. })));
}

#[test]
fn requests_hold_whole_lines() {
    assert_eq!(requests("", 5), Vec::<&str>::new());
    assert_eq!(requests("a\nb\nc\n", 100), ["a\nb\nc\n"]);
    assert_eq!(requests("a\nb\nc\n", 4), ["a\nb\n", "c\n"]);
    assert_eq!(requests("a\nlonger\nc\n", 4), ["a\n", "longer\n", "c\n"]);
    assert_eq!(requests("é\né\n", 4), ["é\n", "é\n"]);
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
    wasmeter_guest::testing::keep_schema(&schemars::schema_for!(crate::InfluxLine), file);
}
