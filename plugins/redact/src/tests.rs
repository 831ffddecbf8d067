//! What is hidden, what stays, and that nothing else changes.

use wasmeter_guest::frame::{Frame, Number, PointData};
use wasmeter_guest::testing::{ProcessorHarness, sum_of};
use wasmeter_guest::{Attributes, Outcome, Value};

use super::Redact;

const SECRET: &str = r#""secret": "0123456789abcdef""#;

fn redact(config: &str) -> ProcessorHarness<Redact> {
    ProcessorHarness::new(config)
}

fn points(frame: &Frame) -> Vec<(Attributes, PointData<'_>)> {
    let points = frame.metrics().flat_map(|metric| metric.points());
    points.map(|point| (point.attributes().to_attributes(), point.data())).collect()
}

/// Two users, one of them with a mail address in another attribute.
fn visits() -> Frame {
    let bob =
        [("user.id", Value::from("bob")), ("note", Value::from("ask bob@example.com")), ("n", Value::Int(1))];
    sum_of("visits", [Attributes::from([("user.id", "ada")]), Attributes::from(bob)].map(|set| (set, 1)))
}

#[test]
fn what_no_rule_fits_goes_on_untouched() {
    let redact = redact(r#"{"rules": [{"keys": ["other"], "action": "mask"}]}"#);
    assert_eq!(redact.process(visits()), Ok(Outcome::Unchanged));
}

#[test]
fn hashes_are_equal_for_equal_values_and_secrets_only() {
    let hash = |secret: &str, value: &str| {
        let config =
            format!(r#"{{"rules": [{{"keys": ["user.*"], "action": "hash"}}], "secret": "{secret}"}}"#);
        let frame = redact(&config).processed(sum_of("visits", [([("user.id", value)], 1)]));
        points(&frame)[0].0.text("user.id").unwrap().to_owned()
    };
    let ada = hash("0123456789abcdef", "ada");
    assert_eq!((ada.len(), ada.contains("ada")), (16, false));
    assert_eq!(ada, hash("0123456789abcdef", "ada"));
    assert_ne!(ada, hash("0123456789abcdef", "bob"));
    assert_ne!(ada, hash("fedcba9876543210", "ada"));
}

#[test]
fn values_are_found_by_their_pattern_whatever_the_key() {
    let frame =
        redact(r#"{"rules": [{"values": ["*@*.*"], "action": "mask"}], "mask": "mail"}"#).processed(visits());
    let points = points(&frame);
    assert_eq!(points[0].0, [("user.id", "ada")].into());
    assert_eq!((points[1].0.text("note"), points[1].0.text("user.id")), (Some("mail"), Some("bob")));
}

#[test]
fn the_first_rule_that_fits_is_taken() {
    let config = r#"{"rules": [
        {"keys": ["user.id"], "values": ["ada"], "action": "keep"}, {"keys": ["user.*", "n"], "action": "mask"}]}"#;
    let frame = redact(config).processed(visits());
    let points = points(&frame);
    assert_eq!(points[0].0.text("user.id"), Some("ada"));
    assert_eq!((points[1].0.text("user.id"), points[1].0.text("n")), (Some("***"), Some("***")));
}

#[test]
fn series_that_become_one_are_added_up() {
    for action in ["mask", "drop"] {
        let config = format!(r#"{{"rules": [{{"keys": ["user.id"], "action": "{action}"}}]}}"#);
        let given = sum_of("visits", [([("user.id", "ada")], 2), ([("user.id", "bob")], 3)]);
        let frame = redact(&config).processed(given);
        let points = points(&frame);
        assert_eq!(points.len(), 1, "{action}");
        assert_eq!(points[0].1, PointData::Number(Some(Number::Int(5))), "{action}");
    }
}

#[test]
fn the_overflow_series_stays_what_it_is() {
    let overflow = [("otel.metric.overflow", Value::Bool(true))];
    let given = sum_of("visits", [(overflow, 1)]);
    assert_eq!(redact(r#"{"rules": [{"action": "drop"}]}"#).process(given), Ok(Outcome::Unchanged));
}

#[test]
fn a_configuration_that_would_not_hide_anything_is_refused() {
    for (config, expected) in [
        (r#"{"rules": [{"action": "hash"}]}"#.to_owned(), "no `secret`"),
        (r#"{"rules": [], "secret": "short"}"#.to_owned(), "at least 16"),
        (r#"{"rules": [{"action": "encrypt"}]}"#.to_owned(), "encrypt"),
        (format!(r#"{{"rules": [{{"key": "a", "action": "mask"}}], {SECRET}}}"#), "key"),
        ("{}".to_owned(), "rules"),
    ] {
        let problems = ProcessorHarness::<Redact>::configure(&config).unwrap_err();
        assert!(problems.iter().any(|problem| problem.message.contains(expected)), "{config}: {problems:?}");
    }
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
    wasmeter_guest::testing::keep_schema(&schemars::schema_for!(super::Config), file);
}
