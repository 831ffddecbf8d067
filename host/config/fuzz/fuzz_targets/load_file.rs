//! Any text as a configuration file: values or problems, never a panic, and problems of bounded length.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let env = |name: &str| (name.len() == 1).then(|| format!("[{name}, ${{{name}}}]"));
    match wasmeter_config::load_file("fuzz.yaml", text, &env) {
        Ok(config) => drop(format!("{config:?}")),
        Err(problems) => {
            assert!(!problems.is_empty());
            assert!(problems.iter().all(|problem| problem.to_string().len() < 100_000));
        }
    }
});
