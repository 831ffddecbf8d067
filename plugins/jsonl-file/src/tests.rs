//! The file: its lines, its rotation, its failures.

use std::fs;
use std::path::Path;

use wasmeter_guest::testing::{ExporterHarness, grant_directory, sum_of};
use wasmeter_guest::{Accepted, ExportError, TemporalityPreference};

use crate::JsonlFile;

/// An exporter into a directory of its own.
fn exporter(directory: &Path, further: &str) -> ExporterHarness<JsonlFile> {
    grant_directory("/out", directory);
    ExporterHarness::new(&format!(r#"{{"path": "/out/m.jsonl"{further}}}"#))
}

fn write(exporter: &mut ExporterHarness<JsonlFile>, value: i64) {
    assert_eq!(exporter.export(sum_of("visits", [([("page", "/")], value)])), Ok(Accepted::all()));
}

/// The values of the lines of a file.
fn values(directory: &Path, name: &str) -> Vec<i64> {
    let text = fs::read_to_string(directory.join(name)).unwrap();
    assert!(text.ends_with('\n'), "{text}");
    let value = |line: &str| {
        let data: serde_json::Value = serde_json::from_str(line).unwrap();
        let point = &data["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]["sum"]["dataPoints"][0];
        point["asInt"].as_str().unwrap().parse().unwrap()
    };
    text.lines().map(value).collect()
}

#[test]
fn each_export_is_a_line_behind_those_before() {
    let directory = tempfile::tempdir().unwrap();
    let mut first = exporter(directory.path(), "");
    write(&mut first, 1);
    write(&mut first, 2);
    first.shutdown().unwrap();
    let mut second = exporter(directory.path(), "");
    write(&mut second, 3);
    assert_eq!(values(directory.path(), "m.jsonl"), [1, 2, 3]);
}

#[test]
fn a_full_file_is_numbered_and_the_oldest_goes() {
    let directory = tempfile::tempdir().unwrap();
    let mut exporter = exporter(directory.path(), r#", "file_bytes_max": 1, "full_files_max": 2"#);
    for value in 1..=5 {
        write(&mut exporter, value);
    }
    let names = || {
        let mut names: Vec<_> =
            fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(), ["m.1.jsonl", "m.2.jsonl", "m.jsonl"]);
    for (name, expected) in [("m.jsonl", 5), ("m.1.jsonl", 4), ("m.2.jsonl", 3)] {
        assert_eq!(values(directory.path(), name), [expected], "{name}");
    }
}

#[test]
fn without_full_files_there_is_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut exporter = exporter(directory.path(), r#", "file_bytes_max": 1, "full_files_max": 0"#);
    write(&mut exporter, 1);
    write(&mut exporter, 2);
    assert_eq!(values(directory.path(), "m.jsonl"), [2]);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_file_that_cannot_be_written_is_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut exporter = exporter(&directory.path().join("later"), "");
    let Err(ExportError::Retryable { after: None, reason }) =
        exporter.export(sum_of("visits", [([("page", "/")], 1)]))
    else {
        panic!("it was written")
    };
    assert!(reason.starts_with("`/out/m.jsonl` cannot be written: "), "{reason}");
    fs::create_dir(directory.path().join("later")).unwrap();
    write(&mut exporter, 1);
    // What was begun in vain is on a line of its own.
    let text = fs::read_to_string(directory.path().join("later/m.jsonl")).unwrap();
    assert!(text.starts_with("\n{") && text.lines().count() == 2, "{text}");
}

#[test]
fn nothing_written_is_nothing_to_flush() {
    let directory = tempfile::tempdir().unwrap();
    exporter(directory.path(), "").shutdown().unwrap();
}

#[test]
fn the_configuration_says_where_and_how() {
    let directory = tempfile::tempdir().unwrap();
    let delta = exporter(directory.path(), r#", "temporality": "low_memory""#);
    assert_eq!(delta.preference().temporality, TemporalityPreference::LowMemory);
    for (wrong, words) in [
        ("{}", "missing field `path`"),
        (r#"{"path": "m.jsonl"}"#, "expected that of a file below a granted directory"),
        (r#"{"path": "/out/"}"#, "expected that of a file below a granted directory"),
        (r#"{"path": "/out/a", "temporality": "Delta"}"#, "unknown variant"),
        (r#"{"path": "/out/a", "file_size": 5}"#, "unknown field `file_size`"),
    ] {
        let problems = ExporterHarness::<JsonlFile>::configure(wrong).unwrap_err();
        assert!(problems[0].message.contains(words), "{wrong}: {problems:?}");
    }
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
    wasmeter_guest::testing::keep_schema(&schemars::schema_for!(crate::JsonlFile), file);
}
