//! The benchmark, as far as its times do not matter: every case runs, and both sides count the same.

use std::path::PathBuf;

use wasmeter_compare::record::{self, Options, Told};

/// Where the components are, if they are built: the folder of the plugins' and the examples' folders.
fn components() -> Option<PathBuf> {
    std::env::var_os("WASMETER_EXAMPLES").and_then(|folder| Some(PathBuf::from(folder).parent()?.to_owned()))
}

#[test]
fn both_sides_count_the_same_in_every_case() {
    let options = Options { quick: true, filter: None, components: components() };
    let mut told = Vec::new();
    let outcome = record::run(&options, |now| match now {
        Told::Line(line) => told.push(line.case.clone()),
        Told::Pass(..) => panic!("there is one pass"),
    })
    .unwrap();
    assert_eq!(outcome.differences, Vec::<String>::new());
    let cases: Vec<String> = outcome.lines.iter().map(|line| line.case.clone()).collect();
    assert_eq!(told, cases);
    for part in ["overflow", "bound", "2 threads", "View keeps 2", "collect 2000 series", "memory of"] {
        assert!(cases.iter().any(|case| case.contains(part)), "no case `{part}` in {cases:?}");
    }
    let line = outcome.lines.iter().find(|line| !(line.ours > 0.0 && line.theirs > 0.0));
    assert!(line.is_none(), "{line:?}");
}

#[test]
fn a_filter_leaves_cases_out() {
    let options = Options { quick: true, filter: Some("idle counter".to_owned()), components: None };
    let outcome = record::run(&options, |_| {}).unwrap();
    assert_eq!(outcome.lines.len(), 1);
}
