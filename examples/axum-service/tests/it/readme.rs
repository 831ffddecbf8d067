//! The walk of the README, step by step: its `console` blocks are run, and what they show is what comes out.

use std::fs;
use std::path::Path;

use crate::support::{Service, component, put_plugin, remove_plugin};

const README: &str = include_str!("../../README.md");

/// The commands of the `console` blocks and the lines they answer with.
fn steps() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut steps: Vec<(&str, Vec<&str>)> = Vec::new();
    for block in README.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        for line in block.lines() {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push((command, Vec::new())),
                (None, Some((_, answer))) => answer.push(line),
                (None, None) => panic!("an answer before any command: {line}"),
            }
        }
    }
    steps
}

/// The README's way of saying where the service is.
const ADDRESS: &str = "http://127.0.0.1:8080";
/// The folder of the README.
const FOLDER: &str = "plugins.d";

#[test]
fn every_step_of_the_readme_does_what_it_says() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let folder = home.path().join(FOLDER);
    let mut service = None;
    let mut done = 0;
    for (command, expected) in steps() {
        let running = || service.as_ref().unwrap_or_else(|| panic!("`{command}` before the service runs"));
        let words: Vec<&str> = command.split(' ').collect();
        let answer = match &words[..] {
            // `cargo xtask test` has done that.
            ["cargo", "xtask", "build-plugins"] => String::new(),
            ["mkdir", FOLDER] => {
                fs::create_dir(&folder).expect("it is new");
                String::new()
            }
            ["cargo", "run", "-p", "axum-service", "--", "--plugins", FOLDER] => {
                let started = Service::start(&folder, &[]);
                let greeting = started.greeting.replace(&started.address(), "127.0.0.1:8080");
                service = Some(started);
                greeting
            }
            ["curl", "-s", url] => running().get(url.strip_prefix(ADDRESS).expect("the service's address")),
            ["curl", "-s", url, "|", "grep", part] => {
                let page = running().get(url.strip_prefix(ADDRESS).expect("the service's address"));
                let lines = page.lines().filter(|line| line.contains(part) && !line.starts_with('#'));
                lines.map(|line| format!("{line}\n")).collect()
            }
            ["cp", file, target] if file.ends_with(".toml") && target.trim_end_matches('/') == FOLDER => {
                let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
                fs::copy(&file, folder.join(file.file_name().expect("a file"))).expect("it is there");
                String::new()
            }
            ["cp", file, target] if target.trim_end_matches('/') == FOLDER => {
                let name =
                    file.strip_prefix("target/plugins/components/").expect("where components are built");
                let name = name.strip_suffix(".wasm").expect("a component");
                assert!(component(name).is_file(), "{file}");
                put_plugin(running(), &folder, name);
                String::new()
            }
            ["rm", file] => {
                let name = file.strip_prefix("plugins.d/").and_then(|file| file.strip_suffix(".wasm"));
                remove_plugin(running(), &folder, name.expect("a plugin"));
                String::new()
            }
            _ => panic!("the test does not know how to do `{command}`"),
        };
        assert_eq!(answer.lines().collect::<Vec<_>>(), expected, "{command}");
        done += 1;
    }
    assert!(done > 10, "the README has lost its steps");
    service.expect("it was started").stop();
}
