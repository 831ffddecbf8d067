//! Any values in the environment variables: `NAME=value` per line.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let env = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        lines.find(|(known, _)| name.ends_with(known)).map(|(_, value)| value.to_owned())
    };
    match wasmeter_config::from_environment(&env) {
        Ok(config) => drop(format!("{config:?}")),
        Err(problems) => assert!(!problems.is_empty()),
    }
});
