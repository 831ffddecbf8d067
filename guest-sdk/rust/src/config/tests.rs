//! What is reported of a configuration, and where.

use serde::Deserialize;

use super::{Problem, parse_config};

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Keep,
    Limit { series_max: u32 },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    mode: Mode,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    share: f64,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Nothing;

fn problems<T: serde::de::DeserializeOwned + std::fmt::Debug>(text: &str) -> Vec<(String, String)> {
    let listed = |Problem { path, message }| (path, message);
    parse_config::<T>(text).unwrap_err().into_iter().map(listed).collect()
}

fn paths<T: serde::de::DeserializeOwned + std::fmt::Debug>(text: &str) -> Vec<String> {
    problems::<T>(text).into_iter().map(|(path, _)| path).collect()
}

#[test]
fn a_good_configuration_is_read() {
    let config: Config = parse_config(r#"{"mode": {"limit": {"series_max": 3}}, "keys": ["a"]}"#).unwrap();
    assert_eq!(config.mode, Mode::Limit { series_max: 3 });
    assert_eq!(config.keys, ["a"]);
}

#[test]
fn every_key_that_is_wrong_is_reported_with_its_place() {
    let text = r#"{"mode": {"limit": {"series_max": -1}}, "keys": ["a", 2], "share": "x", "sahre": 1}"#;
    assert_eq!(paths::<Config>(text), ["/keys/1", "/mode/limit/series_max", "/sahre", "/share"]);
}

#[test]
fn a_variant_without_contents_is_not_part_of_the_place() {
    let (path, message) = problems::<Config>(r#"{"mode": "kepe"}"#).remove(0);
    assert_eq!(path, "/mode");
    assert_eq!(message, "unknown variant `kepe`, expected `keep` or `limit`");
    assert_eq!(paths::<Config>(r#"{"mode": "limit"}"#), ["/mode"]);
}

#[test]
fn a_missing_key_is_a_problem_of_the_whole() {
    assert_eq!(problems::<Config>("{}"), [(String::new(), "missing field `mode`".to_owned())]);
}

#[test]
fn a_wrong_key_is_not_reported_as_missing_too() {
    assert_eq!(paths::<Config>(r#"{"mode": 3}"#), ["/mode"]);
}

#[test]
fn keys_are_escaped_as_json_pointers_ask() {
    assert_eq!(paths::<Config>(r#"{"mode": "keep", "a/b~c": 1}"#), ["/a~1b~0c"]);
}

#[test]
fn what_is_no_object_is_refused() {
    assert_eq!(problems::<Config>("[1]")[0].1, "found an array, expected an object");
    assert!(problems::<Config>("{")[0].1.starts_with("not a JSON object: EOF"));
    // Deep nesting is an error of the reader, not a stack overflow.
    assert!(problems::<Config>(&"[".repeat(100_000))[0].1.starts_with("not a JSON object"));
}

#[test]
fn a_struct_without_fields_takes_no_configuration() {
    assert_eq!(parse_config::<Nothing>("{}"), Ok(Nothing));
    let expected = "this plugin takes no configuration; remove the key".to_owned();
    assert_eq!(problems::<Nothing>(r#"{"a": 1}"#), [("/a".to_owned(), expected)]);
}
