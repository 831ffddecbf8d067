//! The requests, and what comes of them.

use std::cell::RefCell;
use std::rc::Rc;

use wasmeter_guest::frame::{
    Frame, FrameBuilder, Metric, MetricKind, Number, Point, PointData, Resource, Temporality,
};
use wasmeter_guest::http::{Request, Response};
use wasmeter_guest::testing::{ExporterHarness, serve_http, sum_of};
use wasmeter_guest::{Accepted, Attributes, ExportError, Scope, TemporalityPreference};

use crate::RemoteWrite;

const CONFIG: &str =
    r#"{"url": "http://127.0.0.1:9090/api/v1/write", "headers": {"x-scope-orgid": "shop"}, "series_max": 2}"#;

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

/// A gauge with this many points.
fn gauge(points: i64) -> Frame {
    let mut frame = FrameBuilder::new();
    frame.resource(&Resource::default());
    frame.scope(&Scope::default(), 0);
    frame.metric(&Metric {
        name: "depth".to_owned(),
        description: "How deep".to_owned(),
        unit: String::new(),
        kind: MetricKind::Gauge,
        temporality: Temporality::Unspecified,
        monotonic: false,
        metadata: Attributes::new(),
    });
    for place in 0..points {
        frame.point(&Point {
            attributes: [("place", place)].into(),
            start: 0,
            time: 2_000_000,
            flags: 0,
            data: PointData::Number(Some(Number::Int(place))),
            exemplars: Vec::new(),
        });
    }
    frame.finish()
}

#[test]
fn requests_are_compressed_and_say_what_they_are() {
    let sent = answering(204);
    let mut exporter = ExporterHarness::<RemoteWrite>::new(CONFIG);
    assert_eq!(exporter.preference().temporality, TemporalityPreference::Cumulative);
    assert_eq!(exporter.export(gauge(3)), Ok(Accepted::all()));
    let sent = sent.borrow();
    assert_eq!(sent.len(), 2, "two series, then one");
    let header = |name: &str| {
        let found = sent[0].headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(header("content-encoding"), Some("snappy"));
    assert_eq!(header("content-type"), Some("application/x-protobuf"));
    assert_eq!(header("x-prometheus-remote-write-version"), Some("0.1.0"));
    assert_eq!(header("x-scope-orgid"), Some("shop"));
    let text = |request: &Request| {
        let body = snap::raw::Decoder::new().decompress_vec(&request.body).unwrap();
        String::from_utf8_lossy(&body).into_owned()
    };
    assert_eq!(text(&sent[0]).matches("place").count(), 2);
    assert_eq!(
        (text(&sent[0]).matches("How deep").count(), text(&sent[1]).matches("How deep").count()),
        (1, 0)
    );
}

#[test]
fn what_is_left_out_is_told_and_what_is_refused_is_an_error() {
    answering(204);
    let mut exporter = ExporterHarness::<RemoteWrite>::new(CONFIG);
    let delta = sum_of("visits", [([("page", "/")], 7)]);
    assert_eq!(exporter.export(delta), Ok(Accepted::without(1, "points left out: 1 not cumulative")));
    answering(400);
    assert!(
        matches!(exporter.export(gauge(1)), Err(ExportError::Permanent { reason }) if reason.ends_with("because"))
    );
    answering(503);
    assert!(matches!(exporter.export(gauge(1)), Err(ExportError::Retryable { .. })));
}

#[test]
fn the_url_is_whole() {
    for wrong in ["{}", r#"{"url": "127.0.0.1:9090"}"#, r#"{"url": "http://a/", "series_max": 0}"#] {
        assert!(ExporterHarness::<RemoteWrite>::configure(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
    wasmeter_guest::testing::keep_schema(&schemars::schema_for!(crate::RemoteWrite), file);
}
