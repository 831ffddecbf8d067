//! The configuration as its users meet it: text and variables in, values or problems out.

mod environment;
mod example;
mod hostile;
mod keys;
mod official;
mod problems;
mod substitution;

use std::fmt::Write as _;

use wasmeter_config::{Config, Problem, load_file};

/// An environment of just these variables.
fn env<const N: usize>(variables: [(&'static str, &'static str); N]) -> impl Fn(&str) -> Option<String> {
    move |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
}

/// Loads text that is to have no problem.
#[track_caller]
fn load(text: &str) -> Config {
    load_file("wasmeter.yaml", text, &env([])).unwrap_or_else(|problems| panic!("{}", lines(&problems)))
}

/// The problems of text that is to have some, one per line.
#[track_caller]
fn problems(text: &str) -> String {
    lines(&load_file("wasmeter.yaml", text, &env([])).expect_err("the text should have problems"))
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |mut lines, problem| {
        writeln!(lines, "{problem}").unwrap();
        lines
    })
}
